#!/usr/bin/env python3
"""Results that were damaged, deleted or left behind are found, told with their remedy, and put in order by `nctd repair`:
while the daemon runs, while it does not, one by one, and not at all where the output is away."""
import json
import os
import time

from bench import Bench, Daemon, check, main, smear

COUNT = 12


def files(bench):
    return set(bench.output_files())


def damage(bench):
    """One of everything that can be wrong; returns what must be kept, by the path it was at."""
    out = os.path.join(bench.output, "lab-a")
    kept = {}

    def write(name, content):
        path = os.path.join(out, name)
        with open(path, "wb") as file:
            file.write(content)
        # Older than anything that may be in work.
        os.utime(path, (time.time() - 7200,) * 2)
        kept[path] = content
    write("1.png", b"torn")
    write("2.png.json", b"{")
    write("stray.png", b"an image of a capture that went away")
    write("3.png.v1", b"an old image")
    write("3.png.v1.json", b"{}")
    for name in ("4.png", "5.png.json", "6.png", "6.png.json"):
        os.remove(os.path.join(out, name))
    write(".nctd-dead.tmp", b"half")
    del kept[os.path.join(out, ".nctd-dead.tmp")]
    return kept


def problems(bench):
    return json.loads(bench.nctd("verify", "--json").stdout)["problems"]


def check_in_order(bench, kept):
    verify = bench.nctd("verify", "--captures")
    check(verify.returncode == 0, f"verify: {verify.stdout}{verify.stderr}")
    check(f"{COUNT} results are sound, {COUNT} captures are done" in verify.stdout, verify.stdout)
    contents = {}
    for path in files(bench):
        check(not path.endswith((".tmp", ".v1", ".v1.json")), f"left: {path}")
        if ".aside" in path:
            with open(path, "rb") as file:
                contents.setdefault(path.rpartition(".aside")[0], []).append(file.read())
    for path, content in kept.items():
        check(content in contents.get(path, []), f"what was at {path} is not kept")


def moved_away():
    """Given back, and away when the daemon gets to it: what was promised is done once the folder is back."""
    bench = Bench()
    folder, aside = os.path.join(bench.labs["lab-a"], "late"), bench.at("aside")
    for number in range(2):
        bench.capture("lab-a", f"late/{number}.png", smear(number))
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.wait_done(2)
    daemon.stop()
    for number in range(2):
        os.remove(os.path.join(bench.output, "lab-a", "late", f"{number}.png"))
    repair = bench.nctd("repair")
    check(repair.returncode == 0, repair.stdout + repair.stderr)
    os.rename(folder, aside)
    daemon = Daemon(bench)
    daemon.wait_for("trouble", count=2)
    check(not any("its result stays" in line for line in daemon.lines), daemon.lines)
    total = bench.wait_done(2)
    check(total["done"] == 0 and total["ignored"] == 2, total)
    explained = bench.nctd("explain", os.path.join(folder, "0.png"))
    check("ignored" in explained.stdout and "result: " not in explained.stdout, explained.stdout)
    os.rename(aside, folder)
    daemon.wait_for("done", count=2)
    bench.wait_done(2)
    verify = bench.nctd("verify", "--captures")
    check(verify.returncode == 0 and "2 results are sound, 2 captures are done" in verify.stdout, verify.stdout)
    daemon.stop()
    bench.remove()


def run():
    moved_away()
    bench = Bench()
    for number in range(COUNT):
        bench.capture("lab-a" if number < 8 else "lab-b", f"{number}.png", smear(number))
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.wait_done(COUNT)

    # While the daemon runs.
    kept = damage(bench)
    found = problems(bench)
    check(len(found) >= 8, found)
    check(all(entry["remedy"] for entry in found), found)
    before = files(bench)
    dry = bench.nctd("repair", "--dry-run")
    check(dry.returncode == 1 and files(bench) == before, dry.stdout + dry.stderr)
    repair = bench.nctd("repair")
    check(repair.returncode == 0, repair.stdout + repair.stderr)
    bench.wait_done(COUNT)
    check_in_order(bench, kept)
    again = bench.nctd("repair")
    check(again.returncode == 0 and "nothing to repair" in again.stdout, again.stdout)

    # While it does not.
    daemon.stop()
    kept.update(damage(bench))
    repair = bench.nctd("repair")
    check(repair.returncode == 0 and "when it runs" in repair.stdout, repair.stdout + repair.stderr)
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.wait_done(COUNT)
    check_in_order(bench, kept)

    # One by one: a capture, a result, a sidecar.
    out = os.path.join(bench.output, "lab-b")
    for number, name in ((8, os.path.join(bench.labs["lab-b"], "8.png")), (9, os.path.join(out, "9.png")),
                         (10, os.path.join(out, "10.png.json"))):
        path = os.path.join(out, f"{number}.png")
        with open(path, "wb") as file:
            file.write(b"torn")
        repair = bench.nctd("repair", name)
        check(repair.returncode == 0 and "1 problem: 1 repaired" in repair.stdout, repair.stdout + repair.stderr)
        bench.wait_done(COUNT)
    sound = bench.nctd("repair", os.path.join(bench.labs["lab-b"], "11.png"))
    check(sound.returncode == 0 and "nothing to repair" in sound.stdout, sound.stdout + sound.stderr)
    unknown = bench.nctd("repair", "/nowhere/x.png")
    check(unknown.returncode == 2 and "neither a capture" in unknown.stderr, unknown.stderr)

    # Captures that are gone: nothing can be made again, and nothing is lost.
    os.remove(os.path.join(bench.labs["lab-b"], "11.png"))
    gone = os.path.join(out, "11.png")
    with open(gone, "wb") as file:
        file.write(b"torn")
    repair = bench.nctd("repair")
    check(repair.returncode == 1 and "is gone" in repair.stdout, repair.stdout + repair.stderr)
    with open(gone, "rb") as file:
        check(file.read() == b"torn", "a result whose capture is gone was touched")
    reprocess = bench.nctd("reprocess", "--profile", "lab-b")
    check("1 capture left: its file is gone, and its result stays" in reprocess.stderr, reprocess.stderr)
    bench.wait_done(COUNT)
    total = bench.totals()
    check(total["done"] == COUNT and total["ignored"] == 0, total)
    daemon.stop()

    # An output that is away has lost nothing.
    os.rename(bench.output, bench.output + ".away")
    away = bench.nctd("repair")
    check(away.returncode == 2 and "cannot be repaired" in away.stderr, away.stdout + away.stderr)
    check(bench.totals()["done"] == COUNT, "a repair took all for lost")
    bench.remove()


main(run)
