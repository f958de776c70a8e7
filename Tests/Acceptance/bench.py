"""What the acceptance scripts share: captures, a configuration, the built daemon, and the promises to hold it to.

Needs Python 3.9 and nothing else. The program is .build/release/nctd, or $NCTD.
"""
import atexit
import glob
import hashlib
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NCTD = os.environ.get("NCTD", os.path.join(ROOT, ".build", "release", "nctd"))

LAB_A = dict(plasma=(232, 226, 214), red=(214, 160, 150), nucleus=(92, 60, 140))
LAB_B = dict(plasma=(214, 222, 232), red=(176, 120, 134), nucleus=(60, 40, 110))


def png(width, height, rows):
    """An 8-bit RGB PNG file from rows of bytes."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 1)) + chunk(b"IEND", b""))


def smear(seed, width=96, height=72, stain=LAB_B):
    """A rough smear: red cells, one white cell, a little noise; the same seed gives the same bytes."""
    rng = random.Random(seed)
    cells = [(rng.uniform(0, width), rng.uniform(0, height), rng.uniform(5, 9)) for _ in range(width * height // 500)]
    nucleus = (rng.uniform(0.3, 0.7) * width, rng.uniform(0.3, 0.7) * height, rng.uniform(9, 13))
    picture = [bytearray(stain["plasma"] * width) for _ in range(height)]
    for x0, y0, r, color in [(*cell, stain["red"]) for cell in cells] + [(*nucleus, stain["nucleus"])]:
        for y in range(max(0, int(y0 - r)), min(height, int(y0 + r) + 1)):
            for x in range(max(0, int(x0 - r)), min(width, int(x0 + r) + 1)):
                if (x - x0) ** 2 + (y - y0) ** 2 <= r * r:
                    picture[y][3 * x:3 * x + 3] = bytes(color)
    for row in picture:
        noise = rng.randbytes(len(row))
        for i, value in enumerate(noise):
            row[i] = max(0, min(255, row[i] + value % 7 - 3))
    return png(width, height, picture)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Failure(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failure(message)


def settle(daemon, problems, timeout, what=""):
    """Returns once there are no problems."""
    deadline = time.monotonic() + timeout
    while found := problems():
        check(daemon.process.poll() is None, f"the daemon ended: {daemon.lines[-3:]}")
        check(time.monotonic() < deadline, f"{what}{len(found)} differ: {found[:6]}")
        time.sleep(0.2)


class Daemon:
    """A running `nctd run`, with its log read as it comes."""

    def __init__(self, bench, failpoint=None, env=None, level="info"):
        environment = dict(os.environ, **(env or {}))
        # A death is a death: its backtrace may take a busy machine half a minute.
        environment.setdefault("SWIFT_BACKTRACE", "enable=no")
        # Only an acceptance script that wants the weights names them.
        if not (env or {}).get("NCTD_MODELS"):
            environment.pop("NCTD_MODELS", None)
        if failpoint:
            environment["NCTD_FAILPOINT"] = failpoint
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [NCTD, "run", "--config", bench.config, "--log-level", level], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.lines = []
        self.times = {}
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

        # A script that fails leaves no daemon behind.
        atexit.register(self.process.kill)

    def _read(self):
        for line in self.process.stderr:
            text = line.decode("utf-8", "replace").rstrip("\n")
            with self.changed:
                self.lines.append(text)
                for part in text.split(" ")[:4]:
                    if part.startswith("["):
                        self.times.setdefault(part.strip("[]"), time.monotonic())
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def workers(self):
        """The processes that captures are worked on in, as they are just now."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat") as file:
                    # The program's name may have any character, but no parenthesis follows it.
                    state, parent = file.read().rpartition(")")[2].split()[:2]
                if int(parent) == self.process.pid and state != "Z":
                    found.append(int(name))
            except (FileNotFoundError, ProcessLookupError):
                pass
        return found

    def count(self, event):
        return sum(f" [{event}] " in line for line in self.lines)

    def wait_for(self, event, count=1, timeout=120):
        deadline = time.monotonic() + timeout
        with self.changed:
            while self.count(event) < count:
                left = deadline - time.monotonic()
                check(left > 0, f"no event {event} within {timeout} s; the log ends with: {self.lines[-5:]}")
                check(self.process.poll() is None, f"the daemon ended before {event}: {self.lines[-5:]}")
                self.changed.wait(min(left, 1))

    def wait_dead(self, timeout=120):
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"the daemon did not end within {timeout} s; the log ends with: {self.lines[-5:]}")
        self.reader.join(5)
        return status

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.wait_dead()

    def stop(self, timeout=10):
        """SIGTERM; returns the seconds until the end."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.wait_dead(timeout)
        check(status == 0, f"the daemon ended with {status} after SIGTERM: {self.lines[-5:]}")
        return time.monotonic() - begin


class Bench:
    """A folder with two watched labs, references, profiles and a configuration."""

    def __init__(self, **settings):
        self.path = tempfile.mkdtemp(prefix="nctd-acceptance-")
        self.config = self.at("nctd.toml")
        self.labs = {"lab-a": self.at("in/lab-a"), "lab-b": self.at("in/lab-b")}
        # Where the daemon sees them, if that is elsewhere.
        self.watched = {}
        self.output = settings.pop("output", self.at("out"))
        self.held = self.output + ".held"
        self.quarantine = settings.pop("quarantine", self.at("quarantine"))
        for folder in [*self.labs.values(), self.output, self.quarantine, self.at("state"), self.at("profiles.d")]:
            os.makedirs(folder, exist_ok=True)
        self.digests = {}
        levels = settings.pop("levels", "[1]")
        for lab, stain in [("lab-a", LAB_B), ("lab-b", LAB_A)]:
            self.write_file(f"profiles.d/{lab}-reference.png", smear(1000 + len(lab), 96, 72, stain))
            self.write_file(
                f"profiles.d/{lab}.toml",
                f'name = "{lab}"\nreferences = ["{lab}-reference.png"]\nlevels = {levels}\n'
                # The captures drawn here have the reference's colors, and are to be transferred all the same.
                'alike_distance = 0\n'
                'enhancement = "none"\nbelow_threshold = "deliver"\n'.encode())
        self.configure(**settings)

    def configure(self, settle=0.1, workers=2, free=0, isolation=os.environ.get("NCTD_ISOLATION", "processes"),
                  daemon_extra="", extra="", watch_extra=""):
        watches = "".join(
            f'[[watch]]\npath = "{self.watched.get(lab, path)}"\nlab = "{lab}"\nprofile = "{lab}"\nsettle_seconds = {settle}\n{watch_extra}\n'
            for lab, path in self.labs.items())
        self.write_file(
            "nctd.toml",
            f'[daemon]\nstate_directory = "{self.at("state")}"\nprofiles_directory = "{self.at("profiles.d")}"\n'
            f'workers = {workers}\nisolation = "{isolation}"\n{daemon_extra}\n[output]\ndirectory = "{self.output}"\n'
            f'quarantine_directory = "{self.quarantine}"\nminimum_free_mebibytes = {free}\n{extra}\n{watches}'.encode())

    def at(self, name):
        return os.path.join(self.path, name)

    def write_file(self, name, data):
        path = self.at(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def capture(self, lab, name, data):
        """Writes a capture as an instrument does, and remembers its bytes."""
        path = os.path.join(self.labs[lab], name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        self.digests[path] = sha256(data)
        return path

    def delete(self, lab, name):
        path = os.path.join(self.labs[lab], name)
        os.unlink(path)
        del self.digests[path]

    def rename(self, old, new):
        """Gives a capture, or a folder with captures, another name."""
        os.rename(old, new)
        for path in list(self.digests):
            if path == old or path.startswith(old + "/"):
                self.digests[new + path[len(old):]] = self.digests.pop(path)

    def nctd(self, *arguments):
        result = subprocess.run(
            [NCTD, arguments[0], "--config", self.config, *arguments[1:]], capture_output=True, text=True)
        return result

    def status(self):
        result = self.nctd("status", "--json")
        check(result.returncode == 0, f"status failed: {result.stderr}")
        return json.loads(result.stdout)

    def totals(self):
        return self.status()["total"]

    def wait_done(self, count, timeout=180):
        """Returns once so many captures are known and none is pending."""
        deadline = time.monotonic() + timeout
        while True:
            total = self.totals()
            seen = sum(total.values())
            if seen >= count and total["pending"] == 0:
                return total
            check(time.monotonic() < deadline, f"not done within {timeout} s: {total}; {self.nctd('status').stdout}")
            time.sleep(0.1)

    # The promises

    def output_files(self):
        found = []
        for tree in [self.output, self.held]:
            for folder, _, names in os.walk(tree):
                # What the tree is known by is no result.
                found += [os.path.join(folder, name) for name in names if name != ".nctd-tree"]
        return sorted(found)

    def check_nothing_torn(self):
        """Whoever sees a sidecar may read the image: at any instant, also beside a dead daemon."""
        count = 0
        for path in self.output_files():
            if not path.endswith(".json"):
                continue
            with open(path, "rb") as file:
                sidecar = json.load(file)
            check(os.path.exists(path[:-5]), f"torn: {path} has no image")
            with open(path[:-5], "rb") as file:
                check(sha256(file.read()) == sidecar["output"]["sha256"], f"torn: {path} speaks of another image")
            count += 1
        return count

    def check_promises(self, versions=0, ignored=0):
        """Everything done: nothing lost, torn or doubled, and the sources as they were. Names that copies had for a while
        may have been seen and left out: `ignored` of them."""
        sources = set()
        for lab in self.labs.values():
            for folder, _, names in os.walk(lab):
                sources |= {os.path.join(folder, name) for name in names}
        check(sources == set(self.digests), "the watched trees have other files than were put there")
        for path, digest in self.digests.items():
            with open(path, "rb") as file:
                check(sha256(file.read()) == digest, f"the source {path} was changed")
        total = self.totals()
        check(sum(total.values()) == len(self.digests) + ignored, f"seen {total}, put there {len(self.digests)}")
        check(total["done"] == len(self.digests), f"not all done: {total}")
        self.check_nothing_torn()
        results = {}
        for path in self.output_files():
            check("/.nctd-" not in path, f"a temporary file was left: {path}")
            if path.endswith(".json") and ".v" not in os.path.basename(path):
                with open(path, "rb") as file:
                    sidecar = json.load(file)
                source = sidecar["source"]["path"]
                check(source not in results, f"doubled: {source} has two results")
                results[source] = path
                check(sidecar["source"]["sha256"] == self.digests.get(source), f"{path} is not of the present bytes")
        check(set(results) == set(self.digests), f"lost: {sorted(set(self.digests) - set(results))[:5]}")
        expected = len(self.digests) * 2 * (1 + versions)
        check(len(self.output_files()) == expected, f"{len(self.output_files())} files in the output, not {expected}")
        verify = self.nctd("verify")
        check(verify.returncode == 0, f"verify: {verify.stdout}{verify.stderr}")

    def check_verify(self):
        """`nctd verify` finds nothing but images whose capture went away after a death between image and sidecar."""
        verify = self.nctd("verify")
        for line in verify.stdout.splitlines():
            path, separator, _ = line.partition(": an image without a sidecar")
            if not separator:
                check(line.endswith(": its capture is gone") or ": " not in line or verify.returncode == 0, f"verify: {line}")
                continue
            lab, _, name = os.path.relpath(path, self.output).partition(os.sep)
            stem = os.path.join(self.labs[lab], os.path.splitext(name)[0])
            check(not glob.glob(glob.escape(stem) + ".*"), f"verify: {line}, and its capture is there")

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


def main(run):
    """Runs an acceptance script: prints PASSED, or what failed, and exits accordingly."""
    if not os.path.exists(NCTD):
        sys.exit(f"{NCTD} is missing; build it with `make build`, or name it with NCTD=")
    name = os.path.basename(sys.argv[0])
    try:
        run()
    except Failure as failure:
        sys.exit(f"{name}: FAILED: {failure}")
    print(f"{name}: PASSED", flush=True)


def seed():
    """The run's seed: $NCTD_SEED, or a fresh one; printed, so that a failure can be had again."""
    value = int(os.environ.get("NCTD_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"seed {value} (NCTD_SEED={value} repeats it)", flush=True)
    return value
