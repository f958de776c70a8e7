#!/usr/bin/env python3
"""100,000 names waiting: the time of the start-up scan, the memory against that of 1,000, and the time of `nctd status`."""
import os
import sys
import time

from bench import Bench, Daemon, check, main, png


def peak(process):
    with open(f"/proc/{process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def measure(count):
    # So long a settle time that all stay pending.
    bench = Bench(settle=3600)
    data = png(2, 2, [b"abcdef", b"ghijkl"])
    for number in range(count):
        path = os.path.join(bench.labs["lab-a"], f"slide {number // 1000}")
        if number % 1000 == 0:
            os.makedirs(path)
        with open(os.path.join(path, f"{number}.png"), "wb") as file:
            file.write(data)
    daemon = Daemon(bench)
    daemon.wait_for("ready", timeout=300)
    first = daemon.times["ready"] - daemon.started
    begin = time.monotonic()
    total = bench.totals()
    status = time.monotonic() - begin
    check(total["pending"] == count, f"{total}")
    memory = peak(daemon.process)
    daemon.stop()
    # A second start finds all of them known.
    daemon = Daemon(bench)
    daemon.wait_for("ready", timeout=300)
    again = daemon.times["ready"] - daemon.started
    memory = max(memory, peak(daemon.process))
    daemon.stop()
    size = os.path.getsize(bench.at("state/ledger.sqlite")) / (1 << 20)
    print(f"{count} pending: ready after {first:.2f} s, at the next start after {again:.2f} s, peak memory "
          f"{memory / 1024:.1f} MB, status in {status * 1000:.0f} ms, ledger {size:.1f} MB", flush=True)
    bench.remove()
    return memory


def run():
    few = measure(1000)
    many = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    difference = (many - few) / 1024
    print(f"peak memory apart by {difference:.1f} MB")
    check(difference <= 50, "more than 50 MB")


main(run)
