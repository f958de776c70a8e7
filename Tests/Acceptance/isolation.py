#!/usr/bin/env python3
"""What worker processes take beside threads: throughput, latency and memory, in turns, so that a busy machine meets both.

Rounds as the first argument says (3); captures of 640 × 480 pixels, with the VGG-19 weights if NCTD_MODELS names them.
Prints figures and their ratios, and asserts none but that both give the same images.
"""
import os
import statistics
import sys
import time

from bench import Bench, Daemon, check, main, sha256, smear

BACKLOG, PACED, SETTLE = 24, 12, 0.2
MODELS = os.environ.get("NCTD_MODELS", "")


def memory(daemon):
    """MiB: proportional, and private, of the daemon and of each worker."""
    figures = []
    for process in [daemon.process.pid, *sorted(daemon.workers())]:
        with open(f"/proc/{process}/smaps_rollup") as file:
            sizes = {line.split()[0]: int(line.split()[1]) / 1024 for line in file if line.split()[-1] == "kB"}
        figures.append((sizes["Pss:"], sizes["Private_Clean:"] + sizes["Private_Dirty:"]))
    return figures


def measure(isolation, pictures):
    bench = Bench(settle=SETTLE, isolation=isolation, levels=os.environ.get("NCTD_LEVELS", "[1, 2]"))
    env = {"NCTD_MODELS": MODELS} if MODELS else None
    # References are prepared, and kept, before anything is timed.
    bench.capture("lab-a", "warm.png", smear(9999))
    daemon = Daemon(bench, env=env)
    daemon.wait_for("done")
    daemon.stop()
    for number, picture in enumerate(pictures[:BACKLOG]):
        bench.capture("lab-a", f"{number}.png", picture)
    time.sleep(2 * SETTLE)
    daemon = Daemon(bench, env=env)
    daemon.wait_for("done", count=2)
    begin = time.monotonic()
    first = daemon.count("done")
    daemon.wait_for("done", count=BACKLOG)
    rate = (BACKLOG - first) / (time.monotonic() - begin)
    used = memory(daemon)
    delays = []
    for number, picture in enumerate(pictures[BACKLOG:], BACKLOG):
        bench.capture("lab-a", f"{number}.png", picture)
        written = time.monotonic()
        sidecar = os.path.join(bench.output, "lab-a", f"{number}.png.json")
        while not os.path.exists(sidecar):
            time.sleep(0.001)
        delays.append(time.monotonic() - written - SETTLE)
    daemon.stop()
    images = {}
    for path in bench.output_files():
        if path.endswith(".png"):
            with open(path, "rb") as file:
                images[os.path.basename(path)] = sha256(file.read())
    bench.remove()
    return rate, statistics.median(delays), used, images


def run():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    pictures = [smear(number, 640, 480) for number in range(BACKLOG + PACED)]
    rates, delays = {"processes": [], "threads": []}, {"processes": [], "threads": []}
    used, images = {}, {}
    for number in range(rounds):
        for isolation in sorted(rates, reverse=number % 2 == 1):
            rate, delay, used[isolation], images[isolation] = measure(isolation, pictures)
            rates[isolation].append(rate)
            delays[isolation].append(delay)
        check(images["processes"] == images["threads"], "the images differ")
        print(f"round {number + 1}: processes {rates['processes'][-1]:.2f} captures/s, {delays['processes'][-1] * 1000:.0f} "
              f"ms; threads {rates['threads'][-1]:.2f} captures/s, {delays['threads'][-1] * 1000:.0f} ms", flush=True)
    ratio = statistics.median(a / b for a, b in zip(rates["processes"], rates["threads"]))
    apart = statistics.median(a - b for a, b in zip(delays["processes"], delays["threads"]))
    print(f"{'VGG-19' if MODELS else 'built-in network'}: throughput of processes over threads {ratio:.3f}, latency apart "
          f"{apart * 1000:+.1f} ms (medians of {rounds} rounds)")
    for isolation, figures in used.items():
        print(f"{isolation}: daemon {figures[0][0]:.0f} MiB (private {figures[0][1]:.0f})" + "".join(
            f", worker {pss:.0f} MiB (private {private:.0f})" for pss, private in figures[1:]))


main(run)
