#!/usr/bin/env python3
"""Sends by mail what nctd tells (section [notify] of nctd.toml), with the machine's own sendmail.

    mail.py ops@lab.example                            one message of nctd's on standard input
    mail.py ops@lab.example --spool /var/lib/nctd/notify   those that spool.sh put there; each is removed once it was taken
    mail.py ops@lab.example --subject TEXT             any text on standard input

The first form is for a daemon that runs without nctd.service: that has no network, and may not use sendmail.
"""
import argparse
import email.message
import json
import os
import subprocess
import sys


def text(message):
    """The message in words."""
    lines = [need["text"] + (f" (since {need['since']})" if need.get("since") else "") for need in message["needs_person"]]
    lines += [f"in order again: {what}" for what in message["over"]]
    return "\n".join(lines) + f"\n\n{message['host']}, {message['created_at']}\n\nnctd status tells more.\n"


def send(sendmail, address, subject, body):
    mail = email.message.EmailMessage()
    mail["To"] = address
    mail["Subject"] = " ".join(subject.split())
    mail.set_content(body)
    subprocess.run([sendmail, "-t", "-i"], input=mail.as_bytes(), check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("address")
    parser.add_argument("--spool", help="a folder of messages")
    parser.add_argument("--subject", help="of a text on standard input")
    parser.add_argument("--sendmail", default="/usr/sbin/sendmail")
    options = parser.parse_args()
    if options.subject:
        return send(options.sendmail, options.address, options.subject, sys.stdin.read())
    if not options.spool:
        message = json.load(sys.stdin)
        return send(options.sendmail, options.address, message["subject"], text(message))
    for name in sorted(os.listdir(options.spool)):
        path = os.path.join(options.spool, name)
        # What begins with a dot is being written.
        if name.startswith(".") or not name.endswith(".json"):
            continue
        with open(path, encoding="utf-8") as file:
            message = json.load(file)
        send(options.sendmail, options.address, message["subject"], text(message))
        os.remove(path)


main()
