#!/usr/bin/env python3
"""A lab moves to another machine: state, watched trees and output copied elsewhere (other paths, inode numbers and change
times), `nctd move-root` for each tree, and the daemon goes on: nothing is done again, what comes new is done.

Argument: captures (24).
"""
import os
import shutil
import sys
import tempfile

from bench import Bench, Daemon, check, main, smear


def run():
    captures = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    bench = Bench()
    for number in range(captures):
        bench.capture("lab-a" if number % 2 else "lab-b", f"slide {number // 6}/{number}.png", smear(number))
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    running = bench.nctd("move-root", bench.labs["lab-a"], bench.path)
    check(running.returncode == 2 and "running" in running.stderr, f"moved under a running daemon: {running.stderr}")
    bench.wait_done(captures)
    daemon.stop()

    # The other machine.
    old_path, old_labs = bench.path, dict(bench.labs)
    bench.path = os.path.join(tempfile.mkdtemp(prefix="nctd-acceptance-"), "elsewhere")
    shutil.copytree(old_path, bench.path, copy_function=shutil.copy2)
    shutil.rmtree(old_path)

    def moved(path):
        return path.replace(old_path, bench.path, 1)

    bench.config = moved(bench.config)
    bench.labs = {lab: moved(path) for lab, path in old_labs.items()}
    bench.output, bench.held, bench.quarantine = map(moved, (bench.output, bench.held, bench.quarantine))
    bench.digests = {moved(path): digest for path, digest in bench.digests.items()}
    bench.configure()
    wrong = bench.nctd("move-root", "/srv/nowhere", bench.labs["lab-a"])
    check(wrong.returncode == 2 and old_labs["lab-a"] in wrong.stderr, f"no list of what there is: {wrong.stderr}")
    for lab, path in old_labs.items():
        result = bench.nctd("move-root", path, bench.labs[lab])
        check(result.returncode == 0, f"move-root: {result.stderr}")

    def results():
        return {path: (os.stat(path).st_ino, os.stat(path).st_mtime_ns) for path in bench.output_files()}

    before = results()
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.wait_done(captures)
    fresh = bench.capture("lab-a", "new/fresh.png", smear(999))
    bench.wait_done(captures + 1)
    after = results()
    changed = [path for path in before if after.get(path) != before[path]]
    check(not changed, f"results were made again: {changed[:5]}")
    check(len(after) == len(before) + 2, f"{len(after) - len(before)} new files for {fresh}")
    roots = [root["path"] for root in bench.status()["roots"]]
    check(sorted(roots) == sorted(bench.labs.values()), f"roots: {roots}")
    watched = bench.nctd("forget", bench.labs["lab-a"])
    check(watched.returncode == 2 and "is watched" in watched.stderr, f"a watched tree forgotten: {watched.stderr}")
    daemon.stop()
    verify = bench.nctd("verify")
    check(verify.returncode == 0, f"verify: {verify.stdout}{verify.stderr}")
    print(f"{captures} captures and their results moved: 0 done again, 1 new one done", flush=True)
    shutil.rmtree(os.path.dirname(bench.path))


main(run)
