#!/usr/bin/env python3
"""An output on file systems with other rules of names: no `: ? *`, no case, no hard links, clocks of two seconds. Nothing
is lost, nothing exchanged, whatever captures are called. `shares_rules.py KIND …` runs those kinds alone.

Needs root; the kinds need dosfstools and a kernel with vfat, exfat-fuse and exfatprogs, ntfs-3g, or python3-fuse.
"""
import json
import os
import random
import shutil
import subprocess
import time

from bench import Bench, Daemon, check, main, seed, sha256, smear
from mounts import Troubled, needs_fuse, row, run_rows

# Images are copies of their captures, and a third of them is held back.
ENVIRONMENT = {"NCTD_TEST_ENGINE": "copy:held"}

NAMES = [
    "a:b.png", "a%3Ab.png", "a%3ab.png", "a*b.png", "a?b.png", 'a"<>|.png', "a\\b.png", "a\x01b.png", "CON.png", "con.png",
    "aux.first.png", "dot./1.png", "dot/1.png", "space /1.png", "space/1.png", "a:b/1.png", "a:b/c?d/1.png",
    "x.png", "X.png", "x.PNG", "Day/1.png", "day/1.png", "DAY/1.png", "day/Slide/1.png", "Day/sLIDE/1.png",
    "Ü.png", "ü.png", "ÜBER/1.png", "über/1.png", "10µm.png", "10μm.png", "漢.png", "solo.png", "n" * 251 + ".png",
    "N" * 251 + ".png", "h.png.v1/1.png", "H.png", "j.png.JSON/1.png", "J.png", os.fsdecode(b"\xff\xfe.png"),
    os.fsdecode(b"\xff\xfd/1.png")]


class Image:
    """A file system in a file, mounted."""

    def __init__(self, bench, make, mount, loop=False):
        self.file, self.place, self.loop = bench.at("disk.img"), bench.at("disk"), None
        os.makedirs(self.place)
        with open(self.file, "wb") as file:
            file.truncate(128 << 20)
        subprocess.run([*make, self.file], check=True, capture_output=True)
        source = self.file
        if loop:
            made = subprocess.run(["losetup", "-f", "--show", self.file], check=True, capture_output=True, text=True)
            source = self.loop = made.stdout.strip()
        made = subprocess.run([*mount, source, self.place], capture_output=True, text=True)
        check(os.path.ismount(self.place), f"{mount} mounted nothing: {made.stderr}")

    def remove(self):
        subprocess.run(["umount", self.place], check=False)
        if self.loop:
            subprocess.run(["losetup", "-d", self.loop], check=False)


def lacks(*programs, kernel=None):
    def needs():
        missing = [program for program in programs if not shutil.which(program)]
        if missing:
            return f"it needs {', '.join(missing)}"
        with open("/proc/filesystems") as file:
            if kernel and kernel not in file.read().split():
                return f"this kernel has no {kernel}"
        return None if kernel or os.path.exists("/dev/fuse") else "it needs /dev/fuse"
    return needs


def printable(path):
    """As sidecars have it."""
    return "".join(f"\\x{ord(c) & 0xff:02X}" if c < " " or c in "\\\x7f" or "\udc80" <= c <= "\udcff" else c for c in path)


class Tree:
    """The captures of one lab, and what is to be there of them."""

    def __init__(self, bench, rng):
        self.bench, self.rng = bench, rng
        self.root = bench.labs["lab-a"]
        # By name: the bytes now, and those of each version before.
        self.now, self.before = {}, {}

    def write(self, name, data):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        if name in self.now:
            self.before.setdefault(name, []).append(self.now[name])
        self.now[name] = sha256(data)

    def rename(self, old, new):
        os.makedirs(os.path.dirname(os.path.join(self.root, new)), exist_ok=True)
        os.rename(os.path.join(self.root, old), os.path.join(self.root, new))
        for names in [self.now, self.before]:
            for name in list(names):
                if name == old or name.startswith(old + "/"):
                    names[new + name[len(old):]] = names.pop(name)

    def results(self):
        """What lies in the trees: by the capture's name, the digests of its present results and of the versions."""
        now, versions = {}, {}
        count = 0
        for path in self.bench.output_files():
            check("/.nctd-" not in path, f"left behind: {path}")
            count += 1
            if not path.endswith(".json"):
                continue
            with open(path, "rb") as file:
                sidecar = json.load(file)
            with open(path[:-5], "rb") as file:
                check(sha256(file.read()) == sidecar["output"]["sha256"], f"{path} speaks of another image")
            capture = sidecar["capture"]
            name = os.fsdecode(bytes.fromhex(capture["path_bytes"])) if "path_bytes" in capture else capture["path"]
            check(sidecar["source"]["path"] == f"{self.root}/{printable(name)}", f"{path}: {sidecar['source']['path']}")
            last = os.path.basename(path)[:-5].rpartition(".v")
            target = versions if last[1] and last[2].isdigit() else now
            target.setdefault(name, []).append(sidecar["source"]["sha256"])
        return now, versions, count

    def check(self, daemon, failed=()):
        """Every capture has one result, of its bytes, and its versions, of the bytes that it had; nothing else is there."""
        now, versions, count = self.results()
        expected = {name: [digest] for name, digest in self.now.items() if name not in failed}
        wrong = {name for name in {*now, *expected} if now.get(name) != expected.get(name)}
        check(not wrong, f"of {len(expected)} results are lost, doubled or another's: {sorted(map(ascii, wrong))[:6]}")
        wrong = {name for name in {*versions, *self.before} if sorted(versions.get(name, [])) != sorted(self.before.get(name, []))}
        check(not wrong, f"versions are lost or another's: {sorted(map(ascii, wrong))[:6]}")
        files = 2 * (len(expected) + sum(map(len, self.before.values())))
        there = set(self.bench.output_files())
        alone = [path for path in there if not path.endswith(".json") and path + ".json" not in there]
        check(count == files, f"{count} files in the output, not {files}: {alone}")
        total = self.bench.totals()
        check(total["done"] == len(expected) and total["failed"] == len(failed), f"{total}: {daemon.lines[-3:]}")
        verify = self.bench.nctd("verify")
        check(verify.returncode == 0, f"verify: {verify.stdout}{verify.stderr}")

    def wait(self, daemon, failed=()):
        deadline = time.monotonic() + 240
        while True:
            total = self.bench.totals()
            results = self.results_of_bytes()
            if total["pending"] == 0 and len(failed) == total["failed"] and results == sorted(
                    digest for name, digest in self.now.items() if name not in failed):
                return
            check(time.monotonic() < deadline, f"not done: {total}: {self.bench.nctd('status').stdout}{daemon.lines[-5:]}"
                  f"{self.bench.nctd('failures').stdout}")
            time.sleep(0.2)

    def results_of_bytes(self):
        """While they change: what has a sidecar just now."""
        found = []
        for path in self.bench.output_files():
            try:
                if path.endswith(".json") and ".v" not in os.path.basename(path)[-9:]:
                    with open(path, "rb") as file:
                        found.append(json.load(file)["source"]["sha256"])
            except FileNotFoundError:
                pass
        return sorted(found)


def go_through(bench, disk, expected):
    rng = random.Random(seed())
    bench.output, bench.quarantine = os.path.join(disk.place, "out"), os.path.join(disk.place, "quarantine")
    bench.held = bench.output + ".held"
    bench.configure()
    for folder in [bench.output, bench.quarantine]:
        os.makedirs(folder)
    told = bench.nctd("check", "--no-prepare")
    for words in expected:
        check(words in told.stdout, f"check does not say \"{words}\": {told.stdout}{told.stderr}")
    check(not [name for name in os.listdir(bench.output) if name != ".nctd-tree"], "check left something behind")
    tree = Tree(bench, rng)
    order = NAMES[:]
    rng.shuffle(order)
    daemon = Daemon(bench, env=ENVIRONMENT)
    daemon.wait_for("ready")
    for number, name in enumerate(order):
        tree.write(name, smear(number, 64, 48))
    tree.wait(daemon)
    tree.check(daemon)
    check(os.listdir(bench.held), "nothing was held back, so nothing was shown of it")
    # Other bytes under each name, and the daemon dies in the midst of it, and once more.
    for number, name in enumerate(order):
        tree.write(name, smear(1000 + number, 64, 48))
        if number in (len(order) // 2, len(order) - 1):
            daemon.wait_for("done", count=rng.randrange(1, 9))
            daemon.kill()
            daemon = Daemon(bench, env=ENVIRONMENT)
    tree.wait(daemon)
    tree.check(daemon)
    # The same bytes twice: a link where there are links, else a copy.
    tree.write("first/same.png", smear(3000, 64, 48))
    tree.wait(daemon)
    tree.write("second/same.png", smear(3000, 64, 48))
    tree.wait(daemon)
    # Renamed: to a name that is not allowed, from one, whole folders, and one by its case alone.
    for old, new in [("a:b.png", "c:d?.png"), ("solo.png", "SOLO.png"), ("x.png", "xx.png"), ("day", "Dusk"),
                     ("a:b/c?d", "a:b/C?D"), ("Ü.png", "ÜÜ.png"), (os.fsdecode(b"\xff\xfe.png"), os.fsdecode(b"\xff\xfc.png"))]:
        tree.rename(old, new)
    daemon.wait_for("renamed", count=8)
    tree.wait(daemon)
    tree.check(daemon)
    # Broken ones whose reasons would fall together, and one of them mended.
    failed = ["bad.png", "BAD.png", "bad:1.png", "bad%3A1.png", "Bad/1.png", "bad/1.png"]
    for number, name in enumerate(failed):
        tree.write(name, b"no picture " + bytes([number]))
    tree.wait(daemon, failed)
    check(records(bench) == sorted(failed), f"the quarantine has {records(bench)}")
    for number, name in enumerate(["BAD.png", "bad:1.png"]):
        failed.remove(name)
        del tree.now[name]
        tree.write(name, smear(4000 + number, 64, 48))
    tree.wait(daemon, failed)
    check(records(bench) == sorted(failed), f"the quarantine has {records(bench)}")
    tree.check(daemon, failed)
    daemon.stop()
    # The ledger is lost: what the trees have tells all again, and nothing is done anew.
    for name in os.listdir(bench.at("state")):
        if name.startswith("ledger.sqlite"):
            os.unlink(bench.at(f"state/{name}"))
    before = {path: os.stat(path).st_size for path in bench.output_files()}
    daemon = Daemon(bench, env=ENVIRONMENT)
    daemon.wait_for("ledger-rebuilt")
    tree.wait(daemon, failed)
    check({path: os.stat(path).st_size for path in bench.output_files()} == before, "other files than before it was lost")
    check(daemon.count("done") == 0, f"{daemon.count('done')} captures were done anew")
    tree.check(daemon, failed)
    check(daemon.count("paused") == 0, f"paused: {[line for line in daemon.lines if '[paused]' in line][:2]}")
    daemon.stop()
    versions = sum(map(len, tree.before.values()))
    print(f"  {len(tree.now)} captures, {versions} versions, 8 renamed, 2 deaths, a lost ledger: each has its own result",
          flush=True)
    disk.remove()
    bench.remove()


def records(bench):
    found = []
    for folder, _, names in os.walk(bench.quarantine):
        for name in names:
            if name != ".nctd-tree":
                with open(os.path.join(folder, name), "rb") as file:
                    found.append(json.load(file)["path"])
    return sorted(found)


PORTABLE, CASELESS, UNLINKED, TEXT = 'no " * :', "differ in case alone are the same", "no hard links", "UTF-8 alone"


@row("vfat", lacks("mkfs.vfat", kernel="vfat"))
def kernel_vfat():
    """An output on FAT, by the kernel."""
    bench = Bench()
    go_through(bench, Image(bench, ["mkfs.vfat"], ["mount", "-t", "vfat", "-o", "loop,utf8"]), [PORTABLE, CASELESS, UNLINKED])


@row("exfat", lacks("mkfs.exfat", "mount.exfat-fuse", "losetup"))
def fuse_exfat():
    """An output on exFAT."""
    bench = Bench()
    go_through(bench, Image(bench, ["mkfs.exfat"], ["mount.exfat-fuse"], loop=True), [PORTABLE, CASELESS, UNLINKED, TEXT])


@row("ntfs", lacks("mkfs.ntfs", "ntfs-3g"))
def fuse_ntfs():
    """An output on NTFS with the names of Windows."""
    bench = Bench()
    go_through(bench, Image(bench, ["mkfs.ntfs", "-F", "-Q"], ["ntfs-3g", "-o", "windows_names"]), [PORTABLE, TEXT])


@row("portable", needs_fuse)
def portable():
    """An output on a file system with rules of another system."""
    bench = Bench()
    go_through(bench, Troubled(bench, "disk", rules="portable"), [PORTABLE, CASELESS, UNLINKED])


main(run_rows)
