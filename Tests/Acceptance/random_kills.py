#!/usr/bin/env python3
"""kill -9 at random times under load (200 times, or as many as the first argument says): 0 lost, 0 torn, 0 doubled."""
import random
import sys
import threading
import time

from bench import Bench, Daemon, main, seed, smear


def run():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rng = random.Random(seed())
    bench = Bench()
    done = threading.Event()
    pictures = [smear(rng.randrange(1 << 30)) for _ in range(kills * 3)]

    def write():
        """An instrument that never rests."""
        for number, picture in enumerate(pictures):
            bench.capture("lab-a" if number % 2 else "lab-b", f"{number // 50}/{number}.png", picture)
            if done.is_set():
                return
            time.sleep(0.1)

    writer = threading.Thread(target=write)
    writer.start()
    begin = time.monotonic()
    inside = 0
    for number in range(kills):
        daemon = Daemon(bench)
        if rng.random() < 0.5:
            time.sleep(rng.uniform(0.02, 0.8))
        else:
            # In the middle of work, not of the start.
            daemon.wait_for("done", count=rng.randrange(1, 4))
            time.sleep(rng.uniform(0, 0.05))
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
    daemon.stop()
    bench.check_promises()
    print(f"{kills} kills, {inside} of them during attempts; {total['done']} captures done, 0 lost, 0 torn, 0 doubled")
    bench.remove()


main(run)
