#!/usr/bin/env python3
"""Random renames of files and folders while captures arrive: 200, or the first argument's number. The daemon is stopped now
and then, and killed.

Meanwhile a reader looks through the output without rest, as docs/reading-results.md says: whatever has a sidecar has the
image that it speaks of, and no field is there twice at once. In the end each field is in the output once, under the name
that its capture has now; nothing is pending, and nothing is lost. Works with the copying stand-in for the engine, which
holds back a third of the captures. Random, seeded ($NCTD_SEED).
"""
import json
import os
import random
import sys
import threading
import time

from bench import Bench, Daemon, check, main, png, seed, settle, sha256

LAB = "lab-a"
ENVIRONMENT = {"NCTD_TEST_ENGINE": "copy:held"}


class Reader(threading.Thread):
    """Looks through both trees of results until it is told to end."""

    def __init__(self, bench):
        super().__init__(daemon=True)
        self.bench, self.ended, self.problems, self.read = bench, threading.Event(), [], 0

    @staticmethod
    def content(path):
        try:
            with open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def run(self):
        while not self.ended.is_set():
            fields = {}
            for path in self.bench.output_files():
                if not path.endswith(".json") or os.path.basename(path).startswith("."):
                    continue
                text = self.content(path)
                if text is None:
                    continue
                sidecar = json.loads(text)
                image = self.content(path[:-5])
                # It may have gone, or given way to another, between the two looks; then its sidecar has as well.
                if (image is None or sha256(image) != sidecar["output"]["sha256"]) and self.content(path) == text:
                    self.problems.append(f"torn: {path}, of {sidecar['source']['path']}")
                self.read += 1
                if path.endswith(".png.json"):
                    self.meet(fields, sidecar["source"]["sha256"], path)

    def meet(self, fields, field, path):
        def shows(place):
            text = self.content(place)
            return text is not None and json.loads(text)["source"]["sha256"] == field
        other = fields.setdefault(field, path)
        if other != path and shows(other) and shows(path) and shows(other):
            self.problems.append(f"twice at once: {other} and {path}")

    def end(self):
        self.ended.set()
        self.join()
        check(not self.problems, f"{len(self.problems)} problems of a reader: {self.problems[:3]}")


class Lab:
    """A watched tree, and what happens in it."""

    def __init__(self, bench, rng):
        self.bench, self.rng, self.root = bench, rng, bench.labs[LAB]
        self.names = 0
        self.renamed = 0

    def files(self):
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(self.root) for name in names)

    def folders(self):
        return sorted(folder for folder, _, _ in os.walk(self.root))

    def new_name(self):
        """Mostly one that never was; names that are free again come back."""
        while True:
            self.names += 1
            number = self.rng.randrange(12) if self.rng.random() < 0.2 else self.names + 100
            path = os.path.join(self.rng.choice(self.folders()), f"field {number}.png")
            if not os.path.exists(path):
                return path

    def arrive(self, path=None):
        rows = [self.rng.randbytes(9) for _ in range(2)]
        data = png(3, 2, rows)
        # Some are broken, and fail.
        if self.rng.random() < 0.08:
            data = data[:30] + bytes(len(data) - 30)
        self.bench.capture(LAB, os.path.relpath(path or self.new_name(), self.root), data)

    def make_folder(self):
        self.names += 1
        os.mkdir(os.path.join(self.rng.choice(self.folders()), f"patient {self.names}"))

    def move(self, old, new):
        self.bench.rename(old, new)
        self.renamed += 1

    def rename_file(self):
        if self.files():
            self.move(self.rng.choice(self.files()), self.new_name())

    def rename_folder(self):
        if folders := self.folders()[1:]:
            old = self.rng.choice(folders)
            places = [place for place in self.folders() if place != old and not place.startswith(old + "/")]
            self.names += 1
            self.move(old, os.path.join(self.rng.choice(places), f"patient {self.names}"))

    def rotate(self):
        """An instrument that always exports under the same name, and moves what is there out of its way."""
        if self.files():
            path = self.rng.choice(self.files())
            self.move(path, self.new_name())
            self.arrive(path)

    def swap(self):
        if len(self.files()) > 1:
            first, second = self.rng.sample(self.files(), 2)
            between = self.new_name()
            self.move(first, between)
            self.move(second, first)
            self.move(between, second)

    def step(self):
        kinds = [(8, self.rename_file), (4, self.rename_folder), (1, self.rotate), (1, self.swap)]
        weights, chosen = zip(*kinds)
        self.rng.choices(chosen, weights)[0]()


def problems(bench):
    """What is not yet as it is to be."""
    total = bench.totals()
    found = [f"{total['pending']} are pending"] if total["pending"] else []
    whole = {}
    for path, digest in bench.digests.items():
        with open(path, "rb") as file:
            data = file.read()
        if sha256(data) != digest:
            return ["the script has lost track"]
        if data.endswith(b"IEND\xaeB`\x82"):
            whole[path] = digest
    results = {}
    for path in bench.output_files():
        if not path.endswith(".json") or ".png.v" in os.path.basename(path):
            continue
        text = Reader.content(path)
        if text is None:
            return [f"{path} moves"]
        sidecar = json.loads(text)
        source = sidecar["source"]["path"]
        place = os.path.join(bench.held if sidecar["verdict"]["delivery"] == "held" else bench.output,
                             LAB, os.path.relpath(source, bench.labs[LAB]) + ".json")
        if source in results:
            found.append(f"{source} has two results")
        results[source] = sidecar["source"]["sha256"]
        if path != place:
            found.append(f"the result of {source} lies at {path}")
        if sidecar["output"]["path"] != path[:-5]:
            found.append(f"{path} says that its image is {sidecar['output']['path']}")
    for source in sorted(set(whole) ^ set(results)):
        found.append(f"{source} has {'no result' if source in whole else 'a result, and no file'}")
    found += [f"{source} has the result of other bytes" for source in set(whole) & set(results)
              if whole[source] != results[source]]
    failed = len(bench.digests) - len(whole)
    if (total["done"], total["failed"]) != (len(whole), failed):
        found.append(f"{total}, not {len(whole)} done and {failed} failed")
    return found


def run():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rng = random.Random(seed())
    bench = Bench(settle=0.05, watch_extra="patience_seconds = 1\nreconcile_interval_seconds = 5")
    lab = Lab(bench, rng)
    for _ in range(3):
        lab.make_folder()
    for _ in range(20):
        lab.arrive()
    daemon = Daemon(bench, env=ENVIRONMENT)
    lives, kills, swaps = [daemon], 0, 0
    daemon.wait_for("ready")
    reader = Reader(bench)
    reader.start()
    while lab.renamed < count:
        for _ in range(rng.randrange(3)):
            lab.arrive()
        if rng.random() < 0.1:
            lab.make_folder()
        before = lab.renamed
        lab.step()
        swaps += lab.renamed - before == 3
        chance = rng.random()
        if chance < 0.5:
            time.sleep(rng.uniform(0, 0.2))
        elif chance < 0.54:
            # Renamed while nobody looks.
            if rng.random() < 0.5:
                daemon.kill()
                kills += 1
            else:
                # Before it says that it has started it ends as any process does.
                daemon.wait_for("started")
                daemon.stop()
            for _ in range(rng.randrange(1, 6)):
                lab.step()
            daemon = Daemon(bench, env=ENVIRONMENT)
            lives.append(daemon)
    daemon.wait_for("ready")
    settle(daemon, lambda: problems(bench), 120)
    # All again, at rest.
    for _ in range(max(5, count // 10)):
        lab.step()
    settle(daemon, lambda: problems(bench), 120)
    reader.end()
    total = bench.totals()
    check(sum(total.values()) == bench.status()["total"]["done"] + total["failed"] + total["ignored"], f"{total}")
    daemon.stop()
    bench.check_nothing_torn()
    leftovers = [path for path in bench.output_files() if "/.nctd-" in path]
    check(not leftovers, f"temporary files were left: {leftovers}")
    empty = [folder for tree in [bench.output, bench.held] for folder, folders, names in os.walk(tree)
             if not folders and not names]
    check(not empty, f"empty folders were left in the output: {empty[:3]}")
    verify = bench.nctd("verify")
    check(verify.returncode == 0, f"verify: {verify.stdout}{verify.stderr}")
    followed = sum(life.count("renamed") for life in lives)
    made = sum(" normalized, " in line for life in lives for line in life.lines)
    check(followed > 0, "no result has followed a rename")
    print(f"{lab.renamed} renames of files and folders, {len(lives) - 1} stops, {kills} of them kills: {total}; "
          f"{made} results made, {followed} times one followed; each field once; {reader.read} sidecars read meanwhile, none torn, none twice",
          flush=True)
    bench.remove()


main(run)
