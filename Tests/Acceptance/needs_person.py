#!/usr/bin/env python3
"""What needs a person is in `nctd status`, and ends `nctd status --check` with 1, for as long as it lasts and no longer: a
folder that cannot be read, a configuration that a reload refused, a ledger that was deleted under the daemon. Where root
starts this, who reads everything, nobody runs it."""
import os
import signal
import tempfile
import time

from bench import Bench, Daemon, check, main, smear

NOBODY = 65534


def leave_root():
    if os.geteuid() != 0:
        return
    tempfile.tempdir = tempfile.mkdtemp(prefix="nctd-nobody-", dir="/tmp")
    os.chown(tempfile.tempdir, NOBODY, NOBODY)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def wait_status(bench, returncode, words, timeout=120):
    """Returns once `nctd status --check` ends so and says all of the words."""
    deadline = time.monotonic() + timeout
    while True:
        status = bench.nctd("status", "--check")
        if status.returncode == returncode and all(word in status.stdout + status.stderr for word in words):
            return status
        check(time.monotonic() < deadline, f"status --check: {status.returncode}, {status.stdout}{status.stderr}")
        time.sleep(0.1)


def unreadable(bench):
    closed = os.path.join(bench.labs["lab-a"], "closed")
    os.makedirs(closed)
    os.chmod(closed, 0)
    bench.capture("lab-a", "1.png", smear(1))
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.wait_done(1)
    wait_status(bench, 1, ["lab-a NOT SEEN", closed, "Permission denied"])
    hidden = bench.nctd("explain", os.path.join(closed, "2.png"))
    check(hidden.returncode == 1 and "cannot be told (Permission denied)" in hidden.stdout, hidden.stdout)
    check("no such file" not in hidden.stdout, hidden.stdout)
    # May be looked into and not listed: whoever knows the name sees it, and the daemon does not.
    os.chmod(closed, 0o311)
    bench.capture("lab-a", "closed/2.png", smear(2))
    seen = bench.nctd("explain", os.path.join(closed, "2.png"))
    check("the daemon cannot read" in seen.stdout and closed in seen.stdout, seen.stdout)
    os.chmod(closed, 0o755)
    wait_status(bench, 0, [])
    bench.wait_done(2)
    return daemon


def refused(bench, daemon):
    with open(bench.config, "rb") as file:
        good = file.read()
    for count in (1, 2):
        bench.write_file("nctd.toml", good.replace(b"workers = 2", b"worker = 2"))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("reload-refused", count=count)
        wait_status(bench, 1, ["REFUSED since", "nctd.toml", "worker", "earlier one stays"])
        bench.write_file("nctd.toml", good)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("reloaded", count=count)
        wait_status(bench, 0, [])


def deleted(bench, daemon):
    ledger = bench.at("state/ledger.sqlite")
    daemon.process.send_signal(signal.SIGSTOP)
    os.remove(ledger)
    lost = bench.nctd("status")
    check(lost.returncode == 2 and f"process {daemon.process.pid} " in lost.stderr.replace(":", " "), lost.stderr)
    check("rebuilds it from the sidecars" in lost.stderr and ledger in lost.stderr, lost.stderr)
    daemon.process.send_signal(signal.SIGCONT)
    check(daemon.wait_dead() != 0, "a daemon that lost its ledger ended as if all were well")
    said = [line for line in daemon.lines if "[ledger-lost]" in line]
    check(len(said) == 1 and ledger in said[0] and "gone" in said[0], said)
    daemon = Daemon(bench)
    daemon.wait_for("ledger-rebuilt")
    daemon.wait_for("ready")
    bench.wait_done(2)
    check(daemon.count("done") == 0, "what was done was done again")
    bench.capture("lab-b", "3.png", smear(3))
    bench.wait_done(3)
    bench.check_promises()
    daemon.stop()


def run():
    leave_root()
    bench = Bench()
    daemon = unreadable(bench)
    print("a folder that cannot be read: told, and over once it can be", flush=True)
    refused(bench, daemon)
    print("a configuration that a reload refused: told, and over with the next good reload", flush=True)
    deleted(bench, daemon)
    print("a ledger deleted under the daemon: noticed, told, and rebuilt by the next start", flush=True)
    bench.remove()


main(run)
