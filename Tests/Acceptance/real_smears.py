#!/usr/bin/env python3
"""200 captures of real smears arrive in bursts, in every way that instruments have: all done, the sources untouched.

Needs the folder shared/data beside the checkout, or named by NCTD_DATA. Uses the weights that NCTD_MODELS names.
"""
import atexit
import glob
import os
import random
import subprocess
import sys
import threading
import time

from bench import ROOT, Bench, Daemon, check, main, seed, sha256

DATA = os.environ.get("NCTD_DATA", os.path.join(ROOT, "..", "shared", "data"))


def images(lab):
    found = []
    for kind in ("*.jpg", "*.jpeg", "*.png", "*.tif", "*.bmp"):
        found += glob.glob(os.path.join(DATA, lab, "**", kind), recursive=True)
    return sorted(found)


def arrive(bench, lab, name, data, how):
    path = os.path.join(bench.labs[lab], name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if how == "slowly":
        with open(path, "wb") as file:
            for start in range(0, len(data), max(1, len(data) // 8)):
                file.write(data[start:start + max(1, len(data) // 8)])
                file.flush()
                time.sleep(0.05)
    elif how == "renamed":
        with open(path + ".part", "wb") as file:
            file.write(data)
        os.rename(path + ".part", path)
    elif how == "linked":
        # Written where no one watches, on the same file system, then linked in.
        away = bench.at(f"away-{random.randrange(1 << 60):x}")
        with open(away, "wb") as file:
            file.write(data)
        os.link(away, path)
        os.unlink(away)
    else:
        with open(path, "wb") as file:
            file.write(data)
    bench.digests[path] = sha256(data)


def run():
    rng = random.Random(seed())
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    pool = {"lab-a": images("lab-a"), "lab-b": images("lab-b")}
    if not all(pool.values()):
        sys.exit("real_smears.py: SKIPPED: no real smears (name them with NCTD_DATA)")
    models = os.environ.get("NCTD_MODELS", "")
    bench = Bench(settle=0.5, levels=os.environ.get("NCTD_LEVELS", "[1, 2]"))
    for lab, other in [("lab-a", "lab-a"), ("lab-b", "lab-a")]:
        with open(pool[other][0], "rb") as file:
            bench.write_file(f"profiles.d/{lab}-reference.png", file.read())
    if os.geteuid() == 0:
        # The daemon sees the instruments' folders through mounts that no one can write to.
        for lab, path in bench.labs.items():
            bench.watched[lab] = bench.at(f"readonly-{lab}")
            os.makedirs(bench.watched[lab])
            subprocess.run(["mount", "--bind", path, bench.watched[lab]], check=True)
            atexit.register(subprocess.run, ["umount", bench.watched[lab]], stderr=subprocess.DEVNULL)
            subprocess.run(["mount", "-o", "remount,ro,bind", bench.watched[lab]], check=True)
        bench.configure(settle=0.5)
    daemon = Daemon(bench, env={"NCTD_MODELS": models} if models else None)
    daemon.wait_for("ready")
    threads = []
    for number in range(count):
        lab = "lab-a" if number % 2 else "lab-b"
        with open(pool[lab][(number // 2) % len(pool[lab])], "rb") as file:
            data = file.read()
        how = rng.choice(["at once", "slowly", "renamed", "linked"])
        ending = os.path.splitext(pool[lab][(number // 2) % len(pool[lab])])[1]
        name = f"{rng.choice(['', 'a/', 'a/new/', f'deep/{number}/er/'])}{number}{ending}"
        thread = threading.Thread(target=arrive, args=(bench, lab, name, data, how))
        thread.start()
        threads.append(thread)
        if number % 40 == 39:
            time.sleep(1)
    for thread in threads:
        thread.join()
    begin = time.monotonic()
    # The temporary names of those that were renamed may have been seen, and are ignored.
    deadline = time.monotonic() + 1500
    while True:
        total = bench.totals()
        if total["pending"] == 0 and total["done"] + total["failed"] >= count:
            break
        check(time.monotonic() < deadline, f"not done: {total}")
        time.sleep(0.5)
    status = bench.status()
    daemon.stop()
    check(total["done"] == count and total["failed"] == 0, f"{total}, {bench.nctd('failures').stdout}")
    for root in status["roots"]:
        check(root["seen"] == root["done"] + root["failed"] + root["pending"] + root["ignored"], f"{root}")
    for path, digest in bench.digests.items():
        with open(path, "rb") as file:
            check(sha256(file.read()) == digest, f"the source {path} was changed")
    check(bench.check_nothing_torn() == count, "not every capture has a sidecar")
    verify = bench.nctd("verify")
    check(verify.returncode == 0, verify.stdout)
    duplicates = sum("duplicate" in line for line in daemon.lines if " [done] " in line)
    mounted = "read-only mounts" if bench.watched else "plain folders (no root, no read-only mount)"
    print(f"{count} real captures in bursts, seen through {mounted}: {total}, {duplicates} of them duplicates; the last was done "
          f"{time.monotonic() - begin:.0f} s after the last arrived; verdicts {status['verdicts']}")
    for path in bench.watched.values():
        subprocess.run(["umount", path], check=False)
    bench.remove()


main(run)
