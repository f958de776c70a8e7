#!/usr/bin/env python3
"""Random file operations against the simplest model of what must come out: 1,000 sequences, or the first argument's number.

Each sequence works in a folder of its own, 50 of them at a time beside each other, while the daemon runs; now and then
the daemon, or one of its workers, is killed in the middle. In the end every file that is there is done (whole), failed (half
written) or ignored (a temporary name) as it is now, nothing is pending, and nothing in the output is torn.
The results of files that are gone follow them to their other names, or are removed (`deletions = "remove"`): none is left.
Works with the copying stand-in for the engine, which holds back a third of the captures.
"""
import json
import os
import random
import shutil
import signal
import sqlite3
import sys

from bench import Bench, Daemon, check, main, png, seed, settle, sha256

STEPS = 15
BESIDE = 50


class Sequence:
    """One folder and what may happen in it."""

    def __init__(self, rng, root, number):
        self.rng = rng
        self.path = os.path.join(root, f"s{number}")
        os.mkdir(self.path)

    def files(self):
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(self.path) for name in names)

    def folders(self):
        return sorted(folder for folder, _, _ in os.walk(self.path))

    def picture(self):
        return png(3, 2, [self.rng.randbytes(9), self.rng.randbytes(9)])

    def new_name(self, suffix=".png"):
        return os.path.join(self.rng.choice(self.folders()), f"n{self.rng.randrange(6)}{suffix}")

    def fresh(self, path):
        """A write through one of two hard links has no event under the other name; an instrument makes a new file."""
        if os.path.lexists(path) and os.stat(path).st_nlink > 1:
            os.unlink(path)
        return open(path, "wb")

    def write(self):
        with self.fresh(self.new_name()) as file:
            file.write(self.picture())

    def write_slowly(self):
        data = self.picture()
        with self.fresh(self.new_name()) as file:
            for start in range(0, len(data), 20):
                file.write(data[start:start + 20])
                file.flush()

    def write_half(self):
        with self.fresh(self.new_name()) as file:
            file.write(self.picture()[:-10])

    def write_beside(self):
        temporary = self.new_name(".png.part")
        with self.fresh(temporary) as file:
            file.write(self.picture())
        if self.rng.random() < 0.8:
            os.rename(temporary, self.new_name())

    def truncate(self):
        """By name, which no watch tells of but as a change still under way: the reconciling scan must find it."""
        files = [path for path in self.files() if os.stat(path).st_nlink == 1]
        if files:
            os.truncate(self.rng.choice(files), self.rng.randrange(0, 40))

    def rename(self):
        if self.files():
            os.rename(self.rng.choice(self.files()), self.new_name())

    def delete(self):
        if self.files():
            os.unlink(self.rng.choice(self.files()))

    def link(self):
        path = self.new_name()
        if self.files() and not os.path.lexists(path):
            os.link(self.rng.choice(self.files()), path)

    def make_folder(self):
        # Folders called `held` too: a name like any other.
        name = self.rng.choice(["d0", "d1", "d2", "held"])
        os.makedirs(os.path.join(self.rng.choice(self.folders()), name), exist_ok=True)

    def rename_folder(self):
        folders = self.folders()[1:]
        target = os.path.join(self.path, f"d{self.rng.randrange(4)}")
        if folders and not os.path.exists(target):
            source = self.rng.choice(folders)
            if not target.startswith(source + "/"):
                os.rename(source, target)

    def delete_folder(self):
        if self.folders()[1:]:
            shutil.rmtree(self.rng.choice(self.folders()[1:]))

    def step(self):
        operations = [
            (6, self.write), (2, self.write_slowly), (1, self.write_half), (3, self.write_beside), (1, self.truncate),
            (3, self.rename), (2, self.delete), (2, self.link), (3, self.make_folder), (1, self.rename_folder),
            (1, self.delete_folder),
        ]
        weights, chosen = zip(*operations)
        self.rng.choices(chosen, weights)[0]()


def expected(data, path):
    if path.endswith(".part"):
        return "ignored"
    return "done" if data.endswith(b"IEND\xaeB`\x82") else "failed"


def problems(bench, sequences):
    """What differs from the model just now."""
    ledger = sqlite3.connect(f"file:{bench.at('state/ledger.sqlite')}?mode=ro", uri=True)
    rows = {
        (lab, bytes(path)): (state, digest)
        for lab, path, state, digest in ledger.execute(
            "SELECT roots.lab, captures.path, captures.state, captures.digest FROM captures "
            "JOIN roots ON roots.id = captures.root")
    }
    ledger.close()
    found = [f"{key} is pending" for key, row in rows.items() if row[0] == "pending"]
    for lab, sequence in sequences:
        for path in sequence.files():
            with open(path, "rb") as file:
                data = file.read()
            name = os.path.relpath(path, bench.labs[lab])
            state, digest = rows.get((lab, name.encode()), ("unknown", None))
            if state != expected(data, path):
                found.append(f"{lab} {name} is {state}, not {expected(data, path)}")
            elif state == "done":
                # The stand-in holds back what has a digest of this kind.
                here, there = (bench.held, bench.output) if digest[0] < "5" else (bench.output, bench.held)
                sidecar = os.path.join(lab, name + ".json")
                if digest != sha256(data):
                    found.append(f"{lab} {name} is done with other bytes")
                elif not os.path.exists(os.path.join(here, sidecar)):
                    found.append(f"{lab} {name} is done and has no sidecar in {here}")
                elif os.path.exists(os.path.join(there, sidecar)):
                    found.append(f"{lab} {name} has a result in both trees")
                else:
                    with open(os.path.join(here, sidecar), "rb") as file:
                        if json.load(file)["capture"]["path"] != name:
                            found.append(f"{lab} {name} shares its result's name")
    return found + without_captures(bench)


def without_captures(bench):
    """Results whose captures are gone, and were neither renamed nor removed."""
    found = []
    for path in bench.output_files():
        if path.endswith(".png.json"):
            try:
                with open(path, "rb") as file:
                    source = json.load(file)["source"]["path"]
            except FileNotFoundError:
                continue
            if not os.path.exists(source):
                found.append(f"{path} is left, and {source} is gone")
    return found


def run():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rng = random.Random(seed())
    bench = Bench(
        settle=0.05, watch_extra='patience_seconds = 2\nreconcile_interval_seconds = 2\ndeletions = "remove"')
    daemon = Daemon(bench, env={"NCTD_TEST_ENGINE": "copy:held"})
    daemon.wait_for("ready")
    kills, workers, files, followed = 0, 0, 0, 0
    for start in range(0, count, BESIDE):
        numbers = range(start, min(count, start + BESIDE))
        labs = ["lab-a" if number % 2 else "lab-b" for number in numbers]
        sequences = [(lab, Sequence(rng, bench.labs[lab], number)) for lab, number in zip(labs, numbers)]
        turns = [sequence for _, sequence in sequences for _ in range(STEPS)]
        rng.shuffle(turns)
        death = rng.randrange(len(turns)) if rng.random() < 0.3 else None
        loss = rng.randrange(len(turns))
        for number, sequence in enumerate(turns):
            sequence.step()
            if number == loss and daemon.workers():
                os.kill(rng.choice(daemon.workers()), signal.SIGKILL)
                workers += 1
            if number == death:
                daemon.kill()
                kills += 1
                followed += daemon.count("renamed")
                daemon = Daemon(bench, env={"NCTD_TEST_ENGINE": "copy:held"})
        settle(daemon, lambda: problems(bench, sequences), 90, f"sequences {numbers}: ")
        # What is done is renamed, too.
        for sequence in [sequence for _, sequence in sequences for _ in range(2)]:
            rng.choice([sequence.rename, sequence.rename_folder])()
        settle(daemon, lambda: problems(bench, sequences), 90, f"sequences {numbers}: ")
        bench.check_nothing_torn()
        files += sum(len(sequence.files()) for _, sequence in sequences)
        if (start // BESIDE + 1) % 5 == 0:
            print(f"{numbers[-1] + 1} sequences, {files} files in the end, {kills} kills", flush=True)
    total = bench.totals()
    daemon.stop()
    followed += daemon.count("renamed")
    check(followed > 0, "no result has followed a rename")
    bench.check_verify()
    print(f"{count} sequences of {STEPS} operations, {kills} kills and {workers} of workers: {files} files in the end as the "
          f"model says, {followed} results followed renames, none is left without its capture; {total}")
    bench.remove()


main(run)
