#!/usr/bin/env python3
"""Programs that read the output tree, examples/consumer: each result handed over once, across their deaths, renewed ones
again, held ones and older versions never (docs/reading-results.md).

The shell one needs inotify-tools and jq. Argument: captures (60). Random, seeded ($NCTD_SEED).
"""
import json
import os
import random
import shutil
import subprocess
import sys
import time

from bench import Bench, Daemon, ROOT, check, main, seed, sha256, smear

CONSUMER = os.path.join(ROOT, "examples", "consumer")
# What a detector stands in for: it notes the image's path and the digest of what it read.
DETECTOR = """#!/usr/bin/env python3
import hashlib, os, sys
with open(os.fsencode(sys.argv[-1]), "rb") as file:
    digest = hashlib.sha256(file.read()).hexdigest()
note = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(note, digest.encode() + b" " + os.fsencode(sys.argv[-1]).replace(b"\\n", b"\\\\n") + b"\\n")
"""


def delivered(bench):
    """Digest and path of each present result in the output tree, by their sidecars."""
    found = []
    for folder, _, names in os.walk(os.fsencode(bench.output)):
        for name in names:
            if name.endswith(b".png.json"):
                with open(os.path.join(folder, name), "rb") as file:
                    digest = json.load(file)["output"]["sha256"]
                found.append((digest, os.path.join(folder, name[:-5]).replace(b"\n", b"\\n")))
    return found


def notes(path):
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        return [(line[:64].decode(), line[65:]) for line in file.read().splitlines()]


def wait_for(what, condition, timeout=120):
    deadline = time.monotonic() + timeout
    while not condition():
        check(time.monotonic() < deadline, f"{what}: not within {timeout} s")
        time.sleep(0.05)


def run_python(captures, rng):
    bench = Bench()
    # Another lab's results are held back: nothing of it may be handed over.
    with open(bench.at("profiles.d/lab-b.toml")) as file:
        profile = file.read()
    bench.write_file(
        "profiles.d/lab-b.toml",
        (profile.replace('"deliver"', '"hold"') + "[thresholds]\nminimum_structural_similarity = 1\n").encode())
    bench.write_file("detector", DETECTOR.encode())
    os.chmod(bench.at("detector"), 0o755)
    log = bench.at("read.log")

    def consumer():
        return subprocess.Popen(
            [sys.executable, os.path.join(CONSUMER, "consume.py"), bench.output, "--state", bench.at("state.sqlite"),
             "--verdicts", "good,doubtful,bad", "--interval", "2", "--", bench.at("detector"), log])

    reader, kills = consumer(), 0
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    for number in range(captures):
        lab = "lab-b" if number % 6 == 5 else "lab-a"
        name = f"slide {number // 7}/capture\n{number}.png" if number % 9 == 0 else f"slide {number // 7}/{number}.png"
        bench.capture(lab, name, smear(number))
        if rng.random() < 0.15:
            time.sleep(rng.uniform(0, 0.4))
            reader.kill()
            reader.wait()
            kills += 1
            reader = consumer()
    bench.wait_done(captures)
    # Some are exported again with other bytes: their results are renewed, and read again.
    again = rng.sample(sorted(bench.digests), captures // 6)
    for number, path in enumerate(again):
        lab = next(lab for lab, root in bench.labs.items() if path.startswith(root))
        bench.capture(lab, os.path.relpath(path, bench.labs[lab]), smear(5000 + number))

    def renewed():
        bench.wait_done(captures)
        sources = set()
        for path in bench.output_files():
            if path.endswith(".png.json"):
                with open(path, "rb") as file:
                    sources.add(json.load(file)["source"]["sha256"])
        return sources == set(bench.digests.values())

    wait_for("renewed results", renewed)
    wait_for("all read", lambda: set(delivered(bench)) <= set(notes(log)))
    daemon.stop()
    held = sum(name.endswith(".json") for _, _, names in os.walk(bench.held) for name in names)
    reader.terminate()
    check(reader.wait(10) == 0, "the consumer did not end on SIGTERM")
    read, present = notes(log), set(delivered(bench))
    check(held > 0, "nothing was held back, so nothing was shown by it")
    check(not any(bench.held.encode() in path for _, path in read), "a held result was read")
    check(not any(b".v1" in path for _, path in read), "an older version was read")
    twice = len(read) - len(set(read))
    check(twice <= kills, f"{twice} handed over twice, with {kills} deaths of the reader")
    # Once more: everything was read.
    rest = subprocess.run(
        [sys.executable, os.path.join(CONSUMER, "consume.py"), bench.output, "--state", bench.at("state.sqlite"),
         "--verdicts", "good,doubtful,bad", "--once"], capture_output=True, text=True, timeout=60)
    check(rest.returncode == 0 and rest.stdout == "", f"left over: {rest.stdout}{rest.stderr}")
    print(f"consume.py: {len(present)} results and {len(read) - len(present) - twice} earlier ones read, {twice} twice by {kills} deaths, "
          f"{held} held back", flush=True)
    bench.remove()


def run_shell(captures):
    if not (shutil.which("inotifywait") and shutil.which("jq")):
        print("SKIPPED: consume.sh needs inotify-tools and jq, which are not installed", flush=True)
        return
    bench = Bench()
    bench.write_file("detector", DETECTOR.encode())
    os.chmod(bench.at("detector"), 0o755)
    log = bench.at("read.log")
    reader = subprocess.Popen(
        [os.path.join(CONSUMER, "consume.sh"), bench.output, bench.at("read.list"), bench.at("detector"), log],
        start_new_session=True)
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    for number in range(captures):
        bench.capture("lab-a", f"slide {number // 5}/{number}.png", smear(number))
    bench.wait_done(captures)
    good = set()
    for digest, path in delivered(bench):
        with open(path + b".json", "rb") as file:
            if json.load(file)["verdict"]["value"] == "good":
                good.add((digest, path))
    # What came in a new folder before that was watched has no event; the scan each minute finds it.
    wait_for("all good ones read", lambda: good <= set(notes(log)), timeout=150)
    daemon.stop()
    os.killpg(reader.pid, 15)
    reader.wait(10)
    check(sorted(notes(log)) == sorted(good), f"{len(notes(log))} read, {len(good)} are good")
    print(f"consume.sh: {len(good)} good results of {captures} read, once each", flush=True)
    bench.remove()


def run():
    captures = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    run_python(captures, random.Random(seed()))
    run_shell(captures // 3)


main(run)
