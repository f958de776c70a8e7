#!/usr/bin/env python3
"""The daemon learns its labs' palettes: kill -9 at every step of it, then a restart: learned, 0 lost, 0 torn, 0 doubled.

A capture that was committed by a palette which another one replaced before the ledger knew: recognized, not done again.
By default palette and light are learned, and the kept files give the same bytes by hand. And SIGTERM while a learning
hangs: ended in time, no death is counted.
"""
import glob
import json
import os
import random
import signal
import struct
import subprocess
import time
import zlib

from bench import NCTD, Bench, Daemon, check, main, png, seed, sha256

STEPS = ["afterLearningBegun", "afterLearnedWritten", "afterLearned"]
AFTER = 6


def learning_bench(settings=f"learn_after = {AFTER}\n"):
    bench = Bench()
    for lab in bench.labs:
        path = bench.at(f"profiles.d/{lab}.toml")
        with open(path, "a", encoding="utf-8") as file:
            file.write(settings + 'method = "class-palette"\n')
    return bench


def shaded(data):
    """An 8-bit RGB PNG, half as bright at its right side as at its left."""
    at, body = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, bits, color = struct.unpack(">IIBB", data[at + 8:at + 18])
            check((bits, color) == (8, 2), "the phantom is not 8-bit RGB")
        if kind == b"IDAT":
            body += data[at + 8:at + 8 + size]
        at += 12 + size
    raw, rows, above = zlib.decompress(body), [], bytes(3 * width)
    for y in range(height):
        kind, line = raw[y * (1 + 3 * width)], bytearray(raw[y * (1 + 3 * width) + 1:(y + 1) * (1 + 3 * width)])
        for i, value in enumerate(line):
            left, corner = (line[i - 3], above[i - 3]) if i >= 3 else (0, 0)
            guess = left + above[i] - corner
            paeth = min((left, above[i], corner), key=lambda candidate: abs(guess - candidate))
            line[i] = (value + (0, left, above[i], (left + above[i]) // 2, paeth)[kind]) & 255
        rows.append(bytes(line))
        above = rows[-1]
    return png(width, height, [bytes(round(value * (1 - i // 3 / width / 2)) for i, value in enumerate(row)) for row in rows])


def put(bench, rng, numbers, lab="lab-a", change=bytes):
    for number in numbers:
        # The rough smears of other scripts are none to the network.
        scene = bench.at(f"phantom-{number}")
        subprocess.run(
            [NCTD, "phantom", "--output", scene, "--count", "1", "--seed", str(rng.randrange(1 << 30)), "--width", "192",
             "--height", "144", "--stain", "lab-b"], check=True, capture_output=True)
        with open(glob.glob(os.path.join(scene, "images", "*.png"))[0], "rb") as file:
            bench.capture(lab, f"{number}.png", change(file.read()))


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


def by_default(rng):
    bench = learning_bench("")
    put(bench, rng, range(25), change=shaded)
    daemon = Daemon(bench)
    daemon.wait_for("learned", count=2)
    put(bench, rng, [25], change=shaded)
    bench.wait_done(26)
    daemon.stop()
    first, last = sidecar(bench, 0), sidecar(bench, 25)
    check(first["palettes"]["captures"]["origin"] == "capture", "the first capture does not say what it was done by")
    palette, light = last["palettes"]["captures"], last["flat_field"]
    check(palette["origin"] == "learned" and light["source"] == "learned" and light["applied"], f"done by {palette}, {light}")
    result = subprocess.run(
        [NCTD, "normalize", os.path.join(bench.labs["lab-a"], "25.png"), "--profile", bench.at("profiles.d/lab-a.toml"),
         "--capture-palette", palette["path"], "--flat-field", light["path"], "--output", bench.at("by-hand")],
        capture_output=True, text=True)
    check(result.returncode == 0, result.stderr)
    with open(bench.at("by-hand/25.png"), "rb") as one, open(os.path.join(bench.output, "lab-a/25.png"), "rb") as other:
        check(one.read() == other.read(), "by hand the kept files give other bytes")
    status = bench.nctd("status").stdout
    check(palette["path"] in status and light["path"] in status, f"the status does not name what was learned: {status}")
    bench.check_promises()
    print("by default palette and light are learned from 25 captures; the kept files give the same bytes by hand", flush=True)
    bench.remove()


def stopped(rng):
    bench = learning_bench()
    put(bench, rng, range(AFTER))
    daemon = Daemon(bench, failpoint="whileLearning:3:hang")
    daemon.wait_for("done", count=AFTER)
    while not glob.glob(bench.at("state/learned/*/learned.json")):
        check(daemon.process.poll() is None, "the daemon ended before it learned")
        time.sleep(0.02)
    # More are in work while the learning hangs.
    put(bench, rng, range(AFTER, AFTER + 4))
    daemon.wait_for("done", count=AFTER + 1)
    seconds = daemon.stop(timeout=10)
    check(record(bench)[1]["deaths"] == 0, "the stop counts as a death")
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    put(bench, rng, [AFTER + 4])
    bench.wait_done(AFTER + 5)
    daemon.wait_for("learned")
    check(daemon.count("attempts-died") == 0 and daemon.count("suspect") == 0, f"captures are charged: {daemon.lines}")
    daemon.stop()
    bench.check_promises()
    print(
        f"SIGTERM while a learning hangs: ended within {seconds:.2f} s, no death counted, learned after the restart", flush=True)
    bench.remove()


def run():
    rng = random.Random(seed())
    for step in STEPS:
        sweep(step, rng)
    replaced_in_between(rng)
    by_default(rng)
    stopped(rng)


main(run)
