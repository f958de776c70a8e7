#!/usr/bin/env python3
"""A storm over shares: captures arrive while the output and a root go away and come back, calls fail with every error,
and the daemon is killed. `storm.py [CAPTURES [OUTAGES [KILLS]]]`; 2000, 20 and 20 by default.

At the end, with everything back: seen = done + failed + pending + ignored, failed are those that are broken alone, each
done one has one result, in the right tree, and nothing lies under a bare mount point. Needs root.
"""
import errno
import os
import random
import sys
import threading
import time

from bench import Bench, Daemon, check, main, seed, smear
from mounts import Share, Troubled, has_fuse, own_namespace

CODES = [errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOTCONN, errno.ETIMEDOUT,
         errno.ESTALE, errno.EIO, errno.EDQUOT, errno.EHOSTDOWN, errno.ENODEV, errno.ENOSPC, errno.EROFS]


def run():
    own_namespace()
    count, outages, kills = [int(value) for value in (sys.argv[1:] + ["2000", "20", "20"][len(sys.argv) - 1:])]
    rng = random.Random(seed())
    bench = Bench(watch_extra="scan_interval_seconds = 2")
    output = Share(bench, "out").come()
    root = Share(bench, "in/lab-b").come()
    shown = Troubled(bench, "in/lab-a") if has_fuse() else None
    if not shown:
        print("storm.py: SKIPPED: errors of single calls: they need python3-fuse and /dev/fuse", file=sys.stderr)
    places = {"lab-a": shown.folder if shown else bench.labs["lab-a"], "lab-b": root.backing}
    broken, done = set(), threading.Event()

    def write():
        """Instruments that write at the servers, whatever is mounted here."""
        for number in range(count):
            lab = ["lab-a", "lab-b"][number % 2]
            data = smear(number, 64, 48)
            name = f"{number}.png"
            if number % 50 in (7, 32):
                data = data[:200] + b"broken" + data[206:]
                broken.add(name)
            with open(os.path.join(places[lab], f".{name}.part"), "wb") as file:
                file.write(data)
            os.rename(os.path.join(places[lab], f".{name}.part"), os.path.join(places[lab], name))
            time.sleep(0.01)
        done.set()

    writer = threading.Thread(target=write, daemon=True)
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    writer.start()
    begin = time.monotonic()
    events = ["output", "root"] * outages + ["kill"] * kills + (["error"] * len(CODES) if shown else [])
    rng.shuffle(events)
    codes = rng.sample(CODES, len(CODES))
    for event in events:
        if event == "output":
            output.go() if output.is_there else output.come()
        elif event == "root":
            root.go() if root.is_there else root.come()
        elif event == "error":
            shown.set(errors={call: codes[-1] for call in rng.sample(["open", "read", "getattr", "readdir"], 2)})
            codes.pop()
            time.sleep(rng.uniform(0.2, 1))
            shown.set()
        else:
            daemon.kill()
            beneath = [] if output.is_there else os.listdir(output.place)
            check(beneath == [], f"under the bare mount point lies {beneath}")
            daemon = Daemon(bench)
        time.sleep(rng.uniform(0.1, 0.8))
    output.come()
    root.come()
    writer.join()
    daemon.wait_for("ready")
    total = bench.wait_done(count, timeout=1200)
    failed = {line.split(": ")[0].rsplit("/", 1)[1] for line in bench.nctd("failures").stdout.splitlines()}
    check(failed == broken, f"failed though sound: {sorted(failed - broken)[:5]}; broken and not failed: "
          f"{sorted(broken - failed)[:5]}")
    # What is ignored are the hidden names that captures had while they were written.
    check(total["done"] == count - len(broken) and total["failed"] == len(broken) and total["pending"] == 0, f"{total}")
    daemon.stop()
    sound = bench.check_nothing_torn()
    check(sound == total["done"], f"{sound} results of {total['done']} captures")
    verify = bench.nctd("verify")
    check(verify.returncode == 0, f"verify: {verify.stdout[-2000:]}{verify.stderr}")
    for share in [output, root]:
        share.go()
        check(os.listdir(share.place) == [], f"under the bare mount point lies {os.listdir(share.place)}")
        share.remove()
    if shown:
        shown.remove()
    print(f"{count} captures, {outages} outages of either share, {kills} kills, {len(CODES) if shown else 0} errors in "
          f"{time.monotonic() - begin:.0f} s: {total}, failed are the {len(broken)} broken ones", flush=True)
    bench.remove()


main(run)
