#!/usr/bin/env python3
"""Files of several pages with `pages = "all"`: kill -9 at every step between "seen" and "committed", also while other pages
come under the same names and while results follow a rename; then a restart: each page once, 0 lost, 0 torn, 0 doubled.
"""
import json
import os
import random
import signal
import struct
import sys

from bench import Bench, Daemon, check, main, seed

STEPS = [
    "afterSeen", "afterAttempt", "afterDecoding", "afterNormalization", "afterImageTemporary", "afterImageRename",
    "afterSidecarTemporary", "afterSidecarRename", "afterPagesEntered", "beforeDone", "afterDone",
]
VERSION_STEPS = ["afterOlderKept", "afterOlderSidecarRemoved", "afterImageRename", "afterPagesEntered", "beforeDone"]
RENAME_STEPS = [
    "afterPagesEntered", "afterRenameBegun", "afterRenameImage", "afterRenameSidecar", "afterRenameMoved",
    "afterRenameEntered",
]
FILES = 5


def tiff(seeds, width=64, height=48):
    """RGB pages, not compressed, one directory after the other, each before its pixels."""
    out, size = struct.pack("<2sHI", b"II", 42, 8), 2 + 10 * 12 + 4 + 6 + width * height * 3
    for index, number in enumerate(seeds):
        start = len(out)
        pixels = start + 2 + 10 * 12 + 4 + 6
        entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, pixels - 6), (259, 3, 1, 1), (262, 3, 1, 2),
                   (273, 4, 1, pixels), (277, 3, 1, 3), (278, 4, 1, height), (279, 4, 1, width * height * 3), (284, 3, 1, 1)]
        out += struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
        out += struct.pack("<IHHH", start + size if index + 1 < len(seeds) else 0, 8, 8, 8)
        rng = random.Random(number)
        out += bytes(150 + rng.randrange(90) for _ in range(width * height * 3))
    return out


def put(bench, rng, counts):
    for number in range(FILES):
        counts[number] = rng.randrange(1, 5)
        bench.capture("lab-a", f"slide {number % 2}/{number}.tif", tiff([rng.randrange(1 << 30) for _ in range(counts[number])]))


def new_bench():
    bench = Bench()
    with open(bench.at("profiles.d/lab-a.toml"), "a") as file:
        file.write('pages = "all"\n')
    return bench


def finish(bench, timeout=180):
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    # Further pages are known before the first is done.
    bench.wait_done(FILES, timeout)
    daemon.stop()
    return daemon


def check_results(bench, counts, places):
    """Each page of each file has one result, and no other page does."""
    bench.check_nothing_torn()
    found = set()
    for path in bench.output_files():
        check("/.nctd-" not in path, f"a temporary file was left: {path}")
        if not path.endswith(".json") or ".v" in os.path.basename(path):
            continue
        with open(path) as file:
            sidecar = json.load(file)
        source, page = sidecar["source"]["path"], sidecar["source"].get("page", 1)
        check((source, page) not in found, f"doubled: page {page} of {source}")
        check(sidecar["source"]["sha256"] == bench.digests[source], f"{path} is not of the present bytes")
        found.add((source, page))
    expected = {(places[number], page) for number, count in counts.items() for page in range(1, count + 1)}
    check(found == expected, f"lost {sorted(expected - found)[:3]}, too many {sorted(found - expected)[:3]}")
    total = bench.totals()
    check(total["done"] == len(expected) and total["pending"] == total["failed"] == 0, f"{total}, not {len(expected)} done")
    verify = bench.nctd("verify", "--captures")
    check(verify.returncode == 0, f"verify: {verify.stdout}{verify.stderr}")


def sweep(step, rng, kind):
    bench, counts = new_bench(), {}
    put(bench, rng, counts)
    places = {number: os.path.join(bench.labs["lab-a"], f"slide {number % 2}/{number}.tif") for number in counts}
    if kind != "first":
        finish(bench)
    if kind == "again":
        put(bench, rng, counts)
    if kind == "renamed":
        for number, path in places.items():
            places[number] = path.replace(".tif", " corrected.tif")
            bench.rename(path, places[number])
        bench.rename(os.path.join(bench.labs["lab-a"], "slide 1"), os.path.join(bench.labs["lab-a"], "slide one"))
        places = {number: path.replace("slide 1", "slide one") for number, path in places.items()}
    passes = 1 if step == "afterSeen" else rng.randrange(1, 3 if step == "afterPagesEntered" else FILES)
    daemon = Daemon(bench, failpoint=f"{step}:{passes}")
    try:
        status = daemon.wait_dead(20)
        check(status == -signal.SIGKILL, f"{step}: the daemon ended with {status}, not by SIGKILL: {daemon.lines[-3:]}")
        death = f"killed at pass {passes}"
    except Exception:
        # Fewer passes than that: what there was to do is done.
        daemon.kill()
        death = f"killed before pass {passes}"
    bench.check_nothing_torn()
    daemon = finish(bench)
    check_results(bench, counts, places)
    if kind == "renamed":
        made = sum(" normalized, " in line for line in daemon.lines)
        check(made == 0, f"{made} results were made anew instead of following")
    print(f"{step}, {kind}: {death}; after the restart {sum(counts.values())} pages of {FILES} files done, 0 lost, 0 torn, "
          "0 doubled", flush=True)
    bench.remove()


def run():
    rng = random.Random(seed())
    only = sys.argv[1:]
    for steps, kind in ((STEPS, "first"), (VERSION_STEPS, "again"), (RENAME_STEPS, "renamed")):
        for step in steps:
            if not only or step in only:
                sweep(step, rng, kind)


main(run)
