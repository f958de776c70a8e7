#!/usr/bin/env python3
"""Hands each result of an output tree of nctd to a command, or prints it, once: an example of how a detector reads.

    consume.py /srv/normalized --state consumed.sqlite -- detect --weights lab-a.pt
    consume.py /srv/normalized --state consumed.sqlite --verdicts good,doubtful

The image's path is put at the end of the command. Without a command each result is a line of JSON: image, sidecar, verdict.

What it rests on (docs/reading-results.md): a sidecar is written after its image, each appears whole under its name, and
`output.sha256` tells whether an image is the one that its sidecar speaks of. New results are noticed by inotify; a scan at
the start and every --interval seconds finds what no event told of, as on a network share. A result counts as read once its
command has ended with 0 and that is in the state file. If this program dies in between, that one result is handed over
again, so the command should be one that may be repeated.

Needs Python 3.9 on Linux and nothing else.
"""
import argparse
import ctypes
import hashlib
import json
import os
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import time

IMAGES = (b".png", b".jpg", b".tif")
IN_CLOSE_WRITE, IN_MOVED_TO, IN_CREATE, IN_Q_OVERFLOW, IN_ISDIR = 0x8, 0x80, 0x100, 0x4000, 0x40000000


class Tree:
    """An output tree, and the inotify watches of its directories."""

    def __init__(self, root):
        self.root = root
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self.folders = {}

    def watch(self, folder):
        # Before the folder is listed: what comes later has an event. Without watches left, scans find it.
        number = self.libc.inotify_add_watch(self.descriptor, folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE)
        if number >= 0:
            self.folders[number] = folder

    def scan(self, folder=None):
        """All sidecars below a folder; each folder on the way is watched from now on."""
        for place, folders, names in os.walk(folder or self.root):
            self.watch(place)
            folders[:] = sorted(name for name in folders if not name.startswith(b"."))
            for name in sorted(names):
                if is_sidecar(name):
                    yield os.path.join(place, name)

    def wait(self, seconds):
        """The sidecars that came meanwhile; all there are, if events were lost or the time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not select.select([self.descriptor], [], [], max(0, end - time.monotonic()))[0]:
                break
            found = list(self.events())
            if found:
                return found
        return list(self.scan())

    def events(self):
        try:
            data = os.read(self.descriptor, 1 << 16)
        except BlockingIOError:
            return
        at = 0
        while at < len(data):
            number, mask, _, length = struct.unpack_from("iIII", data, at)
            name = data[at + 16:at + 16 + length].rstrip(b"\0")
            at += 16 + length
            folder = self.folders.get(number)
            if mask & IN_Q_OVERFLOW:
                yield from self.scan()
            elif folder is None or name.startswith(b"."):
                continue
            elif mask & IN_ISDIR:
                yield from self.scan(os.path.join(folder, name))
            elif is_sidecar(name):
                yield os.path.join(folder, name)


def is_sidecar(name):
    """NAME.png.json; not NAME.png.v1.json, an older version, nor a hidden file, which is still being written."""
    return name.endswith(b".json") and name[:-5].lower().endswith(IMAGES) and not name.startswith(b".")


def result(sidecar):
    """The sidecar's content if the image beside it is the one that it speaks of; else nil: a newer one is on its way."""
    try:
        with open(sidecar, "rb") as file:
            content = json.load(file)
        digest = hashlib.sha256()
        with open(sidecar[:-5], "rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
        return content if digest.hexdigest() == content["output"]["sha256"] else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=os.fsencode)
    parser.add_argument("--state", required=True, help="SQLite file that remembers what was read")
    parser.add_argument("--verdicts", default="good", help="which results to take, joined by commas (good)")
    parser.add_argument("--interval", type=float, default=60, help="seconds between scans (60)")
    parser.add_argument("--once", action="store_true", help="take what is there, and end")
    words = sys.argv[1:]
    command = words[words.index("--") + 1:] if "--" in words else []
    options = parser.parse_args(words[:words.index("--")] if "--" in words else words)
    verdicts = set(options.verdicts.split(","))
    state = sqlite3.connect(options.state, isolation_level=None)
    state.execute("CREATE TABLE IF NOT EXISTS taken (image BLOB PRIMARY KEY, sha256 TEXT NOT NULL)")
    tree = Tree(options.tree)

    # SIGTERM waits for the result in work, so that none is handed over twice for it.
    work = {"busy": False, "stop": False}

    def stop(*_):
        work["stop"] = True
        if not work["busy"]:
            sys.exit(0)

    signal.signal(signal.SIGTERM, stop)

    def take(sidecar):
        work["busy"] = True
        try:
            hand_over(sidecar)
        finally:
            work["busy"] = False
        if work["stop"]:
            sys.exit(0)

    def hand_over(sidecar):
        content = result(sidecar)
        if content is None or content["verdict"]["value"] not in verdicts:
            return
        image, digest = sidecar[:-5], content["output"]["sha256"]
        key = os.path.relpath(image, options.tree)
        if state.execute("SELECT 1 FROM taken WHERE image = ? AND sha256 = ?", (key, digest)).fetchone():
            return
        if command:
            ended = subprocess.run([*map(os.fsencode, command), image])
            if ended.returncode != 0:
                print(f"{os.fsdecode(image)!r}: the command ended with {ended.returncode}; tried again at the next scan",
                      file=sys.stderr)
                return
        else:
            print(json.dumps({"image": os.fsdecode(image), "sidecar": os.fsdecode(sidecar),
                              "verdict": content["verdict"]["value"]}), flush=True)
        state.execute("INSERT OR REPLACE INTO taken VALUES (?, ?)", (key, digest))

    for sidecar in tree.scan():
        take(sidecar)
    while not options.once:
        for sidecar in tree.wait(options.interval):
            take(sidecar)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
