#!/usr/bin/env python3
"""Holds the program's counts to a committed baseline: allocations, bytes allocated, peak of the heap, bytes of results.

    Tests/Counts/counts.py             compare with baseline.json
    Tests/Counts/counts.py --update    write it

Counts are the same on a slow and on a fast machine, which times are not; what makes the program slower mostly shows in
one of them. On one thread, with the built-in network and with hashing that is not random, they repeat to a few parts in
a thousand. A count that is more than LIMIT above the baseline fails; one as far below says so, for the baseline to be
made anew.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NCTD = HERE.parent.parent / ".build" / "release" / "nctd"
BASELINE = HERE / "baseline.json"
LIMIT = 0.05
SIZES = [(500, 500), (1280, 960)]
SETTINGS = {"level 1": ["--layer", "1"], "level 2": ["--layer", "2"], "levels 1 and 2": ["--layer", "1,2"]}


def call(*arguments, **environment) -> None:
    result = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, env=os.environ | environment)
    if result.returncode:
        sys.exit(f"counts.py: {' '.join(map(str, arguments))}: ended with {result.returncode}\n{result.stderr[-800:]}")


def measured(work: Path) -> dict:
    compiler = next((c for c in ("clang", "cc", "gcc") if shutil.which(c)), None)
    if compiler is None:
        sys.exit("counts.py: no C compiler (clang, cc, gcc) in PATH")
    library = work / "allocations.so"
    call(compiler, "-O2", "-shared", "-fPIC", "-o", library, HERE / "allocations.c", "-ldl")
    call(NCTD, "phantom", "--output", work / "reference", "--count", 1, "--seed", 500, "--width", 360, "--height", 360,
         "--stain", "lab-a")
    figures = {}
    for width, height in SIZES:
        folder = work / f"{width}"
        call(NCTD, "phantom", "--output", folder, "--count", 1, "--seed", 100, "--width", width, "--height", height,
             "--stain", "lab-b")
        for name, options in SETTINGS.items():
            arguments = [NCTD, "normalize", *sorted((folder / "images").iterdir()), "--reference",
                         *sorted((work / "reference" / "images").iterdir()), "--features", "smearnet", "--threads", 1,
                         "--cache", work / "cache", "--output", work / "results", "--overwrite", *options]
            call(*arguments)  # prepares the reference
            call(*arguments, LD_PRELOAD=str(library), COUNTS_FILE=str(work / "counts"),
                 SWIFT_DETERMINISTIC_HASHING="1", OPENBLAS_NUM_THREADS="1")
            allocations, size, peak = map(int, (work / "counts").read_text().split())
            figures[f"{width}x{height}, {name}"] = {
                "allocations": allocations, "allocated_bytes": size, "peak_bytes": peak}
    return figures


def main() -> int:
    if not NCTD.is_file():
        sys.exit(f"counts.py: no program at {NCTD}: `make build` first")
    with tempfile.TemporaryDirectory() as work:
        figures = measured(Path(work))
    if "--update" in sys.argv[1:]:
        BASELINE.write_text(json.dumps(figures, indent=2) + "\n")
        print(f"{BASELINE} written")
        return 0
    baseline = json.loads(BASELINE.read_text())
    failed = passed = 0
    for case in sorted(baseline.keys() | figures.keys()):
        for name in sorted(baseline.get(case, {}).keys() | figures.get(case, {}).keys()):
            before, now = baseline.get(case, {}).get(name), figures.get(case, {}).get(name)
            if before is None or now is None:
                print(f"FAILED: {case}: {name}: baseline {before}, now {now}; counts.py --update makes it anew")
                failed += 1
            elif now > before * (1 + LIMIT):
                print(f"FAILED: {case}: {name} {now} is {100 * (now / before - 1):.1f} % above the baseline {before}")
                failed += 1
            else:
                passed += 1
                if now < before * (1 - LIMIT):
                    print(f"{case}: {name} {now} is {100 * (1 - now / before):.1f} % below the baseline {before}: "
                          "counts.py --update keeps the gain")
    print(f"counts: {passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
