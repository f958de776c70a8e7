#!/usr/bin/env python3
"""kill -9 at every step between "seen" and "committed", 20 captures a step, then a restart: 0 lost, 0 torn, 0 doubled.

And at every step of letting a result with its versions follow a rename of its capture, or of the folder that it lies in;
renamed once more while the daemon is down. And renamed after a death at the steps of a commit. And where the older result
was delivered and the new one is held back.
"""
import os
import random
import signal
import sys

from bench import Bench, Daemon, check, main, seed, sha256, smear

STEPS = [
    "afterSeen", "beforeAttempt", "afterAttempt", "afterDecoding", "afterNormalization", "afterImageTemporary",
    "afterImageRename", "afterSidecarTemporary", "afterSidecarRename", "beforeDone", "afterDone",
]
# Met only where an older result gives way.
VERSION_STEPS = [
    "afterOlderKept", "afterOlderSidecarRemoved", "afterImageTemporary", "afterImageRename", "afterSidecarTemporary",
    "afterSidecarRename", "beforeDone",
]
RENAME_STEPS = [
    "afterRenameBegun", "afterRenameRewritten", "afterRenameImage", "afterRenameSidecar", "afterRenameSourceRemoved",
    "afterRenameVersion", "afterRenameMoved", "afterRenameEntered",
]
CAPTURES = 20


def put(bench, rng, held=None):
    """`held`: whether the engine of these tests holds all of them back, or none."""
    for number in range(CAPTURES):
        lab = "lab-a" if number % 2 else "lab-b"
        data = smear(rng.randrange(1 << 30))
        while held is not None and (sha256(data) < "5") != held:
            data = smear(rng.randrange(1 << 30))
        bench.capture(lab, f"slide {number % 3}/{number}.png", data)


def sweep(step, rng, versions, renamed=False, moved=False):
    """Where `renamed`, half of the captures get other names before the restart; where `moved`, the older results were
    delivered and the new ones are held back."""
    bench = Bench()
    env = {"NCTD_TEST_ENGINE": "copy:held"} if moved else None
    put(bench, rng, held=False if moved else None)
    if versions:
        daemon = Daemon(bench, env=env)
        daemon.wait_for("ready")
        bench.wait_done(CAPTURES)
        daemon.stop()
        put(bench, rng, held=True if moved else None)
    # The intake passes once a batch, the others once a capture.
    passes = 1 if step == "afterSeen" else rng.randrange(1, CAPTURES)
    daemon = Daemon(bench, failpoint=f"{step}:{passes}", env=env)
    status = daemon.wait_dead()
    check(status == -signal.SIGKILL, f"{step}: the daemon ended with {status}, not by SIGKILL: {daemon.lines[-3:]}")
    sound = bench.check_nothing_torn()
    if renamed:
        rename(bench, rng)
    daemon = Daemon(bench, env=env)
    daemon.wait_for("ready")
    total = bench.wait_done(CAPTURES)
    daemon.stop()
    bench.check_promises(versions=1 if versions else 0, ignored=total["ignored"])
    print(f"{step}{' over an older result' if versions else ''}{', renamed then' if renamed else ''}"
          f"{' in the other tree' if moved else ''}: killed at pass {passes} with {sound} results committed; "
          f"after the restart {CAPTURES} done, 0 lost, 0 torn, 0 doubled", flush=True)
    bench.remove()


def rename(bench, rng):
    """Half of the captures get other names, some by that of their folder; one comes back to a name that is free."""
    folder = os.path.join(bench.labs["lab-a"], "slide 1")
    bench.rename(folder, os.path.join(bench.labs["lab-a"], "slide 1, corrected"))
    files = rng.sample(sorted(path for path in bench.digests if "corrected" not in path), CAPTURES // 3)
    for number, path in enumerate(files):
        bench.rename(path, os.path.join(os.path.dirname(path), f"renamed {number}.png"))


def sweep_renames(step, rng, again):
    """Each capture has a version; where `again`, what follows is renamed once more after the death."""
    bench = Bench()
    for _ in range(2):
        put(bench, rng)
        daemon = Daemon(bench)
        daemon.wait_for("ready")
        bench.wait_done(CAPTURES)
        daemon.stop()
    rename(bench, rng)
    passes = rng.randrange(1, 8)
    daemon = Daemon(bench, failpoint=f"{step}:{passes}")
    status = daemon.wait_dead()
    check(status == -signal.SIGKILL, f"{step}: the daemon ended with {status}, not by SIGKILL: {daemon.lines[-3:]}")
    sound = bench.check_nothing_torn()
    if again:
        for path in sorted(bench.digests):
            if "renamed" in path:
                bench.rename(path, path.replace("renamed", "again"))
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    total = bench.wait_done(CAPTURES)
    daemon.stop()
    bench.check_promises(versions=1, ignored=total["ignored"])
    made = sum(" normalized, " in line for line in daemon.lines)
    check(made == 0, f"{made} results were made anew instead of following")
    print(f"{step}{', renamed again' if again else ''}: killed at pass {passes} with {sound} results in place; after the restart "
          f"{CAPTURES} done, each with its version, none made anew, 0 lost, 0 torn, 0 doubled", flush=True)
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
    for step in VERSION_STEPS:
        if not only or step in only:
            sweep(step, rng, versions=True, moved=True)
    for step in VERSION_STEPS:
        if not only or step in only:
            sweep(step, rng, versions=step.startswith("afterOlder"), renamed=True)
    for step in RENAME_STEPS:
        if not only or step in only:
            sweep_renames(step, rng, again=rng.random() < 0.5)


main(run)
