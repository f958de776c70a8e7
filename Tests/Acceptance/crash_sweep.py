#!/usr/bin/env python3
"""kill -9 at every step between "seen" and "committed", 20 captures a step, then a restart: 0 lost, 0 torn, 0 doubled."""
import random
import signal
import sys

from bench import Bench, Daemon, check, main, seed, smear

STEPS = [
    "afterSeen", "beforeAttempt", "afterAttempt", "afterDecoding", "afterNormalization", "afterImageTemporary",
    "afterImageRename", "afterSidecarTemporary", "afterSidecarRename", "beforeDone", "afterDone",
]
# Met only where an older result gives way.
VERSION_STEPS = [
    "afterOlderKept", "afterOlderSidecarRemoved", "afterImageTemporary", "afterImageRename", "afterSidecarTemporary",
    "afterSidecarRename", "beforeDone",
]
CAPTURES = 20


def put(bench, rng):
    for number in range(CAPTURES):
        lab = "lab-a" if number % 2 else "lab-b"
        bench.capture(lab, f"slide {number % 3}/{number}.png", smear(rng.randrange(1 << 30)))


def sweep(step, rng, versions):
    bench = Bench()
    put(bench, rng)
    if versions:
        daemon = Daemon(bench)
        daemon.wait_for("ready")
        bench.wait_done(CAPTURES)
        daemon.stop()
        put(bench, rng)
    # The intake passes once a batch, the others once a capture.
    passes = 1 if step == "afterSeen" else rng.randrange(1, CAPTURES)
    daemon = Daemon(bench, failpoint=f"{step}:{passes}")
    status = daemon.wait_dead()
    check(status == -signal.SIGKILL, f"{step}: the daemon ended with {status}, not by SIGKILL: {daemon.lines[-3:]}")
    sound = bench.check_nothing_torn()
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.wait_done(CAPTURES)
    daemon.stop()
    bench.check_promises(versions=1 if versions else 0)
    print(f"{step}{' over an older result' if versions else ''}: killed at pass {passes} with {sound} results committed; "
          f"after the restart {CAPTURES} done, 0 lost, 0 torn, 0 doubled", flush=True)
    bench.remove()


def run():
    rng = random.Random(seed())
    only = sys.argv[1:]
    for step in STEPS:
        if not only or step in only:
            sweep(step, rng, versions=False)
    for step in VERSION_STEPS:
        if not only or step in only:
            sweep(step, rng, versions=True)


main(run)
