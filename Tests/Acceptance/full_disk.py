#!/usr/bin/env python3
"""An output on a 5 MB tmpfs that fills up: the daemon waits and says so, nothing is torn, and it goes on by itself.

Needs root, for the mount.
"""
import contextlib
import os
import subprocess
import sys
import tempfile

from bench import Bench, Daemon, check, main, smear


@contextlib.contextmanager
def disk(mebibytes, kibibytes, **settings):
    """A bench whose output tree lies on a small disk, and a file of so many kibibytes there."""
    mount = tempfile.mkdtemp(prefix="nctd-full-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", mount], check=True)
    try:
        bench = Bench(output=os.path.join(mount, "out"), **settings)
        os.makedirs(bench.output, exist_ok=True)
        filler = os.path.join(mount, "filler")
        with open(filler, "wb") as file:
            file.write(b"x" * (kibibytes << 10))
        yield bench, filler
        bench.remove()
    finally:
        subprocess.run(["umount", mount], check=False)
        os.rmdir(mount)


def fill(free):
    with disk(5, 2600 if free else 4400, free=free) as (bench, filler):
        count = 150
        for number in range(count):
            bench.capture("lab-a" if number % 2 else "lab-b", f"{number}.png", smear(number))
        daemon = Daemon(bench)
        daemon.wait_for("paused")
        sound = bench.check_nothing_torn()
        total = bench.totals()
        check(total["pending"] > 0 and total["failed"] == 0, f"a full disk made captures fail: {total}")
        paused = [line for line in daemon.lines if "[paused]" in line][0]
        os.unlink(filler)
        daemon.wait_for("resumed")
        bench.wait_done(count)
        daemon.stop()
        bench.check_promises()
        print(f"minimum_free_mebibytes = {free}: paused with {sound} results in the tree "
              f"({paused.split('[paused] ')[-1]}), went on by itself, {count} done, 0 failed", flush=True)


def uneven():
    """On a disk that is nearly full small results fit, large ones do not: no capture fails of it, at one attempt each."""
    with disk(8, 7400, extra="[retry]\nattempts = 1\n") as (bench, filler):
        large, small, rounds = 3, 6, 3
        for number in range(large):
            bench.capture("lab-a", f"large-{number}.png", smear(number, 720, 540))
        daemon = Daemon(bench)
        for turn in range(rounds):
            # A small one that goes well ends the pause, and the next large one begins another.
            daemon.wait_for("paused", turn + 1)
            done = (turn + 1) * small // rounds
            for number in range(turn * small // rounds, done):
                bench.capture("lab-b", f"{number}.png", smear(100 + number))
            daemon.wait_for("done", done)
        daemon.wait_for("paused", rounds + 1)
        total = bench.totals()
        check(total["failed"] == 0 and daemon.count("retrying") == 0, f"a full disk was charged to captures: {total}")
        os.unlink(filler)
        bench.wait_done(large + small)
        daemon.stop()
        bench.check_promises()
        print(f"nearly full, attempts = 1: {small} small results done while {large} large ones waited, "
              f"{daemon.count('paused')} pauses, {large + small} done, 0 failed", flush=True)


def run():
    if os.geteuid() != 0:
        print("full_disk.py: SKIPPED: it needs root to mount a tmpfs", file=sys.stderr)
        sys.exit(0)
    fill(1)
    fill(0)
    uneven()


main(run)
