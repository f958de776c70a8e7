#!/usr/bin/env python3
"""New directories of the output outlive a power cut: each one's parent is synced after it was made, and before the capture in
it counts as done. Needs strace; says SKIPPED where there is none.
"""
import os
import re
import shutil
import subprocess
import sys

from bench import NCTD, Bench, check, main, smear


def run():
    if not shutil.which("strace"):
        print("SKIPPED: Tests/Acceptance/synced.py: there is no strace (apt-get install strace)", file=sys.stderr)
        return
    bench = Bench(workers=1)
    bench.capture("lab-b", "a/b/x.png", smear(1))
    trace = bench.at("trace")
    daemon = subprocess.Popen(
        ["strace", "-f", "-qq", "-y", "-o", trace, "-e", "trace=mkdir,mkdirat,fsync,fdatasync", NCTD, "run", "--config",
         bench.config], env=dict(os.environ, NCTD_TEST_ENGINE="copy"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE)
    done = None
    for line in daemon.stderr:
        if b" [done] " in line:
            # What was traced before it was said.
            done = os.path.getsize(trace)
            break
    check(done is not None, "the daemon ended before the capture was done")
    subprocess.run(["pkill", "-TERM", "-P", str(daemon.pid)], check=True)
    daemon.communicate(timeout=20)
    with open(trace, errors="replace") as file:
        calls = file.read(done).splitlines()
    for made in ["lab-b", "lab-b/a", "lab-b/a/b"]:
        parent, name = os.path.split(os.path.join(bench.output, made))
        # By the open output directory: mkdir("/proc/self/fd/5/lab-b", 0777) = 0.
        making = re.compile(rf'mkdir(at)?\(.*"[^"]*/{re.escape(made)}", .* = 0')
        at = next((index for index, call in enumerate(calls) if making.search(call)), None)
        check(at is not None, f"{made} was not made: {[call for call in calls if 'mkdir' in call]}")
        synced = [call for call in calls[at:] if re.search(rf"f(data)?sync\(\d+<{re.escape(parent)}>", call)]
        check(synced, f"{parent} was not synced after {name} was made in it: {calls[at:]}")
    print("3 new directories, each one's parent synced before the capture was done", flush=True)
    bench.remove()


main(run)
