#!/usr/bin/env python3
"""How many captures a second the daemon makes of a backlog, and how long a single one takes.

    Benchmarks/daemon.py [COUNT] [--levels "[2]"] [--references N]

COUNT (200) synthetic captures of 640 x 480 lie in a watched folder when the daemon starts: one a worker, as many workers
as processors. Then, with nothing else to do, a few more come one by one, and the time from the rename that makes each
complete to its result is taken. Weights as NCTD_MODELS says, else the built-in network.
"""

import argparse
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests" / "Acceptance"))

from bench import NCTD, Bench, Daemon, check  # noqa: E402
from measure import captures  # noqa: E402

SINGLES = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int, default=200)
    parser.add_argument("--levels", default="[1]")
    parser.add_argument("--references", type=int, default=3)
    options = parser.parse_args()
    workers = os.cpu_count() or 1
    bench = Bench(settle=0.1)
    bench.configure(settle=0.1, workers=workers)

    def drawn(folder: str, *scenes) -> list[Path]:
        return captures(NCTD, Path(bench.at(folder)), *scenes)

    names = []
    for number, image in enumerate(drawn("references", 360, 360, options.references, "lab-a", 500)):
        names.append(f"reference-{number}.png")
        bench.write_file(f"profiles.d/{names[-1]}", image.read_bytes())
    references = ", ".join(f'"{name}"' for name in names)
    bench.write_file("profiles.d/lab-b.toml",
                     f'name = "lab-b"\nreferences = [{references}]\nlevels = {options.levels}\n'.encode())
    images = drawn("captures", 640, 480, options.count + SINGLES, "lab-b", 100)
    backlog, singles = images[:options.count], images[options.count:]
    for image in backlog:
        shutil.move(image, bench.labs["lab-b"])
    models = os.environ.get("NCTD_MODELS", "")
    daemon = Daemon(bench, env={"NCTD_MODELS": models} if models else None)
    daemon.wait_for("ready")
    # From the first result on, so that references and weights are ready.
    daemon.wait_for("done", timeout=120)
    first = time.monotonic()
    daemon.wait_for("done", count=options.count, timeout=3600)
    rate = (options.count - 1) / (time.monotonic() - first)
    waits = []
    for number, image in enumerate(singles, 1):
        start = time.monotonic()
        os.rename(image, os.path.join(bench.labs["lab-b"], image.name + ".late.png"))
        daemon.wait_for("done", count=options.count + number)
        waits.append(time.monotonic() - start)
    total = bench.totals()
    daemon.stop()
    check(total["done"] == options.count + SINGLES and total["failed"] == 0, f"{total}")
    print(f"{options.count} captures of 640x480, levels {options.levels}, {options.references} references, {workers} "
          f"workers: {rate:.2f} a second; a single one {statistics.median(waits):.2f} s, 0.1 s of it to settle")


main()
