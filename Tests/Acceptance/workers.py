#!/usr/bin/env python3
"""Workers that die or hang at each of their steps, and are killed or stopped from outside, cost attempts and nothing else.

The daemon never dies; 0 lost, 0 torn, 0 doubled; the other lab goes on; no worker outlives the daemon.
"""
import os
import random
import signal
import subprocess
import sys
import threading
import time

from bench import Bench, Daemon, check, main, seed, smear

STEPS = ["workerLooking", "workerReading", "workerDecoding", "workerNormalizing", "workerAnswering"]
CAPTURES = 8
QUICK = "[retry]\ninitial_delay_seconds = 0.01\nmaximum_delay_seconds = 0.02"


def put(bench, rng, count=CAPTURES):
    for number in range(count):
        bench.capture("lab-a" if number % 2 else "lab-b", f"{number}.png", smear(rng.randrange(1 << 30)))


def sweep(step, hangs, rng):
    """Each worker dies, or hangs, at its third pass. A capture that meets three of them is brought back by `nctd retry`."""
    bench = Bench(workers=1, extra=QUICK, daemon_extra="step_limit_seconds = 1")
    put(bench, rng)
    # Each answer passes the last step: six a capture, and the ninth is in the midst of one.
    passes = 9 if step == "workerAnswering" else 3
    daemon = Daemon(bench, failpoint=f"{step}:{passes}" + (":hang" if hangs else ""))
    daemon.wait_for("ready")
    total = bench.wait_done(CAPTURES)
    quarantined = total["failed"]
    while total["failed"]:
        check(daemon.count("worker-lost") < 10 * CAPTURES, f"{step}: no end: {total}")
        bench.nctd("retry")
        total = bench.wait_done(CAPTURES)
    lost = daemon.count("worker-lost")
    check(lost >= 2, f"{step}: {lost} workers were lost")
    check(total["done"] == CAPTURES, f"{step}: {total}")
    check(daemon.process.poll() is None, f"{step}: the daemon died")
    daemon.stop()
    bench.check_promises()
    print(f"{step}: {lost} workers {'hung' if hangs else 'died'}, {quarantined} captures met three; {CAPTURES} done, 0 lost, 0 torn, 0 doubled", flush=True)
    bench.remove()


def all_die(rng):
    """Where each worker dies at its first capture all are quarantined, and come back once workers live."""
    bench = Bench(extra=QUICK)
    put(bench, rng, 4)
    daemon = Daemon(bench, failpoint="workerDecoding:1")
    daemon.wait_for("ready")
    total = bench.wait_done(4)
    check(total["failed"] == 4 and daemon.process.poll() is None, f"{total}")
    check(daemon.count("worker-lost") == 12, f"{daemon.count('worker-lost')} workers were lost, not 3 a capture")
    daemon.stop()
    check("died by signal 9" in bench.nctd("failures").stdout, bench.nctd("failures").stdout)
    bench.nctd("retry")
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.wait_done(4)
    daemon.stop()
    bench.check_promises()
    print("every worker dies: 4 captures quarantined after three each, done after `nctd retry`", flush=True)
    bench.remove()


def outside(rng):
    """Killed and stopped at random under load, for ten seconds."""
    bench = Bench(extra=QUICK, daemon_extra="step_limit_seconds = 1")
    done = threading.Event()

    def write():
        pictures = random.Random(1)
        number = 0
        while not done.wait(0.1):
            bench.capture("lab-a" if number % 2 else "lab-b", f"{number}.png", smear(pictures.randrange(1 << 30)))
            number += 1

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    hits = 0
    end = time.monotonic() + 10
    while time.monotonic() < end:
        time.sleep(rng.uniform(0.05, 0.5))
        victims = daemon.workers()
        if victims:
            os.kill(rng.choice(victims), rng.choice([signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP]))
            hits += 1
        bench.check_nothing_torn()
    done.set()
    writer.join()
    total = bench.wait_done(len(bench.digests))
    quarantined = total["failed"]
    if quarantined:
        bench.nctd("retry")
        total = bench.wait_done(len(bench.digests))
    check(daemon.process.poll() is None, "the daemon died")
    left = daemon.workers()
    daemon.kill()
    deadline = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{process}") for process in left):
        check(time.monotonic() < deadline, "workers outlive the daemon")
        time.sleep(0.05)
    bench.check_promises()
    print(f"{hits} workers killed or stopped, which quarantined {quarantined}; {total['done']} captures done, 0 lost, "
          f"0 torn, 0 doubled; {len(left)} workers died with the daemon", flush=True)
    bench.remove()


def busy():
    """A worker with a thread a core, while others want all cores: its loops wait, and nothing but that happens."""
    bench = Bench(workers=1)
    load = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * os.cpu_count())]
    try:
        for number in range(6):
            bench.capture("lab-a", f"{number}.png", smear(number, 900, 700))
        daemon = Daemon(bench)
        daemon.wait_for("ready")
        total = bench.wait_done(6)
    finally:
        for process in load:
            process.kill()
            process.wait()
    daemon.stop()
    check(total["done"] == 6 and daemon.count("worker-lost") == 0, f"{total}: {daemon.lines[-5:]}")
    bench.check_promises()
    print("a worker with a thread a core on a busy machine: 6 done, none lost", flush=True)
    bench.remove()


def run():
    rng = random.Random(seed())
    for step in STEPS:
        if not sys.argv[1:] or step in sys.argv[1:]:
            sweep(step, False, rng)
            sweep(step, True, rng)
    if not sys.argv[1:]:
        all_die(rng)
        outside(rng)
        busy()


main(run)
