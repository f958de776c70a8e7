#!/usr/bin/env python3
"""The daemon learns its labs' palettes: kill -9 at every step of it, then a restart: learned, 0 lost, 0 torn, 0 doubled.

And a capture that was committed by a palette which another one replaced before the ledger knew: recognized, not done again.
"""
import glob
import json
import os
import random
import signal
import subprocess

from bench import NCTD, Bench, Daemon, check, main, seed, sha256

STEPS = ["afterLearningBegun", "afterLearnedWritten", "afterLearned"]
AFTER = 6


def learning_bench():
    bench = Bench()
    for lab in bench.labs:
        path = bench.at(f"profiles.d/{lab}.toml")
        with open(path, "a", encoding="utf-8") as file:
            file.write(f'learn_after = {AFTER}\nmethod = "class-palette"\n')
    return bench


def put(bench, rng, numbers, lab="lab-a"):
    for number in numbers:
        # The rough smears of other scripts are none to the network.
        scene = bench.at(f"phantom-{number}")
        subprocess.run(
            [NCTD, "phantom", "--output", scene, "--count", "1", "--seed", str(rng.randrange(1 << 30)), "--width", "192",
             "--height", "144", "--stain", "lab-b"], check=True, capture_output=True)
        with open(glob.glob(os.path.join(scene, "images", "*.png"))[0], "rb") as file:
            bench.capture(lab, f"{number}.png", file.read())


def sidecar(bench, number, lab="lab-a"):
    with open(os.path.join(bench.output, lab, f"{number}.png.json"), "rb") as file:
        return json.load(file)


def record(bench):
    found = glob.glob(bench.at("state/learned/*/learned.json"))
    check(len(found) == 1, f"{len(found)} records of what was learned")
    with open(found[0], "rb") as file:
        return found[0], json.load(file)


def sweep(step, rng):
    bench = learning_bench()
    put(bench, rng, range(AFTER))
    daemon = Daemon(bench, failpoint=f"{step}:1")
    status = daemon.wait_dead()
    check(status == -signal.SIGKILL, f"{step}: the daemon ended with {status}, not by SIGKILL: {daemon.lines[-3:]}")
    bench.check_nothing_torn()
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    # The first capture after the death lets it begin again.
    put(bench, rng, [AFTER])
    bench.wait_done(AFTER + 1)
    if step != "afterLearned":
        daemon.wait_for("learned")
    put(bench, rng, [AFTER + 1])
    bench.wait_done(AFTER + 2)
    daemon.stop()
    bench.check_promises()
    path, known = record(bench)
    check(known["deaths"] == 0, f"{step}: {known['deaths']} deaths are left in the record")
    used = sidecar(bench, AFTER + 1)["palettes"]["captures"]
    check(used["origin"] == "learned" and used["sha256"] == known["palette"]["sha256"], f"{step}: done by {used}")
    with open(used["path"], "rb") as file:
        check(sha256(file.read()) == used["sha256"], f"{step}: {used['path']} is not what the sidecar names")
    names = sorted(os.listdir(os.path.dirname(path)))
    check(len(names) == 2, f"{step}: left behind: {names}")
    print(f"{step}: killed; after the restart the palette is learned and in force, 0 lost, 0 torn, 0 doubled", flush=True)
    bench.remove()


def replaced_in_between(rng):
    bench = learning_bench()
    put(bench, rng, range(AFTER))
    daemon = Daemon(bench)
    daemon.wait_for("learned")
    daemon.stop()
    put(bench, rng, [AFTER])
    daemon = Daemon(bench, failpoint="beforeDone:1")
    check(daemon.wait_dead() == -signal.SIGKILL, "the daemon did not die before the ledger knew")
    # As if another palette had been learned just then.
    path, known = record(bench)
    old = known["palette"]["sha256"]
    with open(os.path.join(os.path.dirname(path), f"palette-{old[:16]}.json"), "rb") as file:
        other = file.read().replace(b'"images" : 6', b'"images" : 7')
    new = sha256(other)
    check(new != old, "the palette could not be made another one")
    with open(os.path.join(os.path.dirname(path), f"palette-{new[:16]}.json"), "wb") as file:
        file.write(other)
    known["palette"]["sha256"], known["earlier"] = new, [{"palette": old, "lights": []}]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(known, file)
    daemon = Daemon(bench)
    bench.wait_done(AFTER + 1)
    check(any("recovered" in line for line in daemon.lines), f"done again: {daemon.lines[-3:]}")
    check(sidecar(bench, AFTER)["palettes"]["captures"]["sha256"] == old, "the result was made anew")
    # Asked for again, it is made by what is known now.
    check(bench.nctd("reprocess", "--profile", "lab-a").returncode == 0, "reprocess failed")
    bench.wait_done(AFTER + 1)
    daemon.stop()
    check(sidecar(bench, AFTER)["palettes"]["captures"]["sha256"] == new, "asked for again, it was not made anew")
    bench.check_promises(versions=1)
    print("a result by the palette before is recognized, and made anew when that is asked for", flush=True)
    bench.remove()


def run():
    rng = random.Random(seed())
    for step in STEPS:
        sweep(step, rng)
    replaced_in_between(rng)


main(run)
