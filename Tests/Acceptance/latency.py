#!/usr/bin/env python3
"""From the last write of a 640 × 480 capture to its sidecar, settle time taken off, at one capture a second.

Works with the VGG-19 weights if NCTD_MODELS names them, else with the built-in network.
"""
import os
import sys
import time

from bench import Bench, Daemon, main, smear


def run():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    settle = 0.5
    models = os.environ.get("NCTD_MODELS", "")
    bench = Bench(settle=settle, levels=os.environ.get("NCTD_LEVELS", "[1, 2]"))
    pictures = [smear(number, 640, 480) for number in range(count)]
    daemon = Daemon(bench, env={"NCTD_MODELS": models} if models else None)
    daemon.wait_for("ready")
    bench.capture("lab-a", "warm.png", smear(9999, 640, 480))
    daemon.wait_for("done")
    written, arrived = {}, {}
    begin = time.monotonic()
    number = 0
    while len(arrived) < count:
        now = time.monotonic()
        if number < count and now >= begin + number:
            bench.capture("lab-a", f"{number}.png", pictures[number])
            written[number] = time.monotonic()
            number += 1
        for waiting in [key for key in written if key not in arrived]:
            if os.path.exists(os.path.join(bench.output, "lab-a", f"{waiting}.png.json")):
                arrived[waiting] = time.monotonic()
        time.sleep(0.005)
    times = sorted(arrived[key] - written[key] - settle for key in written)
    daemon.stop()
    print(f"{count} captures at one a second, {'VGG-19' if models else 'built-in network'}: median "
          f"{times[len(times) // 2]:.3f} s, 99th percentile {times[min(len(times) - 1, int(len(times) * 0.99))]:.3f} s, "
          f"fastest {times[0]:.3f} s")
    bench.remove()


main(run)
