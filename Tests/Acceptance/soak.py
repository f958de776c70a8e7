#!/usr/bin/env python3
"""Thousands of small captures: the memory of the daemon and of its workers must not grow with what was done.

`soak.py COUNT` (8000). Resident memory that belongs to nobody else is sampled all along; after the first quarter, in which
everything is loaded, a straight line through the samples must rise by less than 1 kB a capture, for the daemon and for all
of its workers together.
"""
import os
import struct
import sys
import time
import zlib

from bench import Bench, Daemon, check, main, seed, smear

LIMIT = 1.0
AT_ONCE = 400


def private(process):
    """kB of memory that belongs to a process alone; 0 for one that ended."""
    try:
        with open(f"/proc/{process}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))
    except (FileNotFoundError, ProcessLookupError, StopIteration):
        return 0


def numbered(picture, number):
    """The same picture as another file: with a comment before its end."""
    body = b"tEXt" + b"number\0%d" % number
    return picture[:-12] + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)) + picture[-12:]


def slope(points):
    """kB a capture, by least squares."""
    count = len(points)
    x, y = sum(p[0] for p in points) / count, sum(p[1] for p in points) / count
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def run():
    number = seed()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    # Few pictures, and each capture other bytes.
    pictures = [smear(number + index, 64, 48) for index in range(16)]
    bench = Bench(settle=0.05)
    daemon = Daemon(bench, level="warning")
    written, samples = 0, []
    begin = time.monotonic()
    while True:
        # The log is silent but for warnings, so the results are counted: two files a capture.
        done = sum(path.endswith(".json") for path in bench.output_files())
        while written < count and written - done < AT_ONCE:
            lab = "lab-a" if written % 2 else "lab-b"
            folder = bench.labs[lab]
            with open(os.path.join(folder, f"{written}.png"), "wb") as file:
                file.write(numbered(pictures[written % len(pictures)], written))
            written += 1
        check(daemon.process.poll() is None, f"the daemon ended: {daemon.lines[-3:]}")
        samples.append((done, private(daemon.process.pid), sum(map(private, daemon.workers()))))
        if done >= count:
            break
        check(time.monotonic() - begin < count * 2, f"only {done} of {count} done: {bench.nctd('status').stdout}")
        time.sleep(0.5)
    seconds = time.monotonic() - begin
    total = bench.totals()
    daemon.stop()
    check(total["done"] == count, f"{total}")
    for quarter in range(4):
        sample = next(sample for sample in samples if sample[0] >= count * quarter / 4)
        print(f"after {sample[0]}: daemon {sample[1]} kB, workers {sample[2]} kB", flush=True)
    late = [sample for sample in samples if sample[0] >= count / 4]
    slopes = [slope([(sample[0], sample[index]) for sample in late]) for index in (1, 2)]
    print(f"{count} captures in {seconds:.0f} s; daemon {late[0][1]} to {late[-1][1]} kB, {slopes[0]:+.2f} kB a capture; "
          f"workers {late[0][2]} to {late[-1][2]} kB, {slopes[1]:+.2f} kB a capture", flush=True)
    check(max(slopes) < LIMIT, f"memory grows with what is done: {slopes} kB a capture")
    bench.remove()


main(run)
