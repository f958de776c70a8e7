#!/usr/bin/env python3
"""kill -9 at random times under load (200 times, or as many as the first argument says): 0 lost, 0 torn, 0 doubled.

In each life of the daemon a worker may be killed or stopped before; what that quarantines, `nctd retry` brings back.
"""
import itertools
import os
import random
import signal
import sys
import threading
import time

from bench import Bench, Daemon, check, main, seed, smear


def run():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rng = random.Random(seed())
    bench = Bench(daemon_extra="step_limit_seconds = 1")
    done = threading.Event()
    pictures = random.Random(rng.random())

    def write():
        """An instrument that never rests: as long as there are kills there are captures."""
        for number in itertools.count():
            picture = smear(pictures.randrange(1 << 30))
            bench.capture("lab-a" if number % 2 else "lab-b", f"{number // 50}/{number}.png", picture)
            if done.wait(0.1):
                return

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    begin = time.monotonic()
    inside, workers = 0, 0
    for number in range(kills):
        daemon = Daemon(bench)
        if rng.random() < 0.5:
            time.sleep(rng.uniform(0.02, 0.8))
        else:
            # In the middle of work, not of the start.
            daemon.wait_for("done", count=rng.randrange(1, 4))
            time.sleep(rng.uniform(0, 0.05))
            victims = daemon.workers()
            if victims and rng.random() < 0.5:
                workers += 1
                os.kill(rng.choice(victims), rng.choice([signal.SIGKILL, signal.SIGSTOP]))
                time.sleep(rng.uniform(0, 1.5))
        daemon.kill()
        inside += daemon.count("attempts-died")
        bench.check_nothing_torn()
        if (number + 1) % 20 == 0:
            total = bench.totals()
            print(f"{number + 1} kills in {time.monotonic() - begin:.0f} s: {total}", flush=True)
    done.set()
    writer.join()
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    total = bench.wait_done(len(bench.digests))
    quarantined = total["failed"]
    if quarantined:
        reasons = bench.nctd("failures").stdout
        check(reasons.count("that worked on it") == quarantined, f"captures failed: {reasons}")
        bench.nctd("retry")
        total = bench.wait_done(len(bench.digests))
    daemon.stop()
    bench.check_promises()
    print(f"{kills} kills, {inside} of them during attempts, and {workers} workers killed or stopped, which quarantined "
          f"{quarantined}; {total['done']} captures done, 0 lost, 0 torn, 0 doubled")
    bench.remove()


main(run)
