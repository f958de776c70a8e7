"""File systems for the acceptance scripts: mounts of their own, away and back, and one that makes trouble on demand."""
import atexit
import ctypes
import json
import os
import signal
import subprocess
import sys
import time

from bench import check

HERE = os.path.dirname(os.path.abspath(__file__))


def own_namespace():
    """Mounts that nobody else sees; ends the script, saying so, where that cannot be had."""
    if os.geteuid() != 0:
        print(f"{os.path.basename(sys.argv[0])}: SKIPPED: it needs root to mount file systems", file=sys.stderr)
        sys.exit(0)
    libc = ctypes.CDLL(None, use_errno=True)
    # CLONE_NEWNS; and what is mounted here is not passed on.
    if libc.unshare(0x00020000) != 0:
        print(f"{os.path.basename(sys.argv[0])}: SKIPPED: no mount namespace of its own", file=sys.stderr)
        sys.exit(0)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


class Share:
    """A file system at a place, that can be taken away and brought back with what is on it: a bind mount of a tmpfs."""

    def __init__(self, bench, name):
        self.place, self.backing = bench.at(name), bench.at(f".{name}-server")
        os.makedirs(self.place, exist_ok=True)
        os.makedirs(self.backing, exist_ok=True)
        mount("-t", "tmpfs", "tmpfs", self.backing)
        self.is_there = False

    def come(self):
        if not self.is_there:
            mount("--bind", self.backing, self.place)
            self.is_there = True
        return self

    def go(self):
        """As a server that is turned off: also while files are open."""
        if self.is_there:
            subprocess.run(["umount", "--lazy", self.place], check=True)
            self.is_there = False

    def remove(self):
        self.go()
        subprocess.run(["umount", "--lazy", self.backing], check=False)


# The one that Debian's packages are for.
PYTHON = "/usr/bin/python3"


def has_fuse():
    imported = subprocess.run([PYTHON, "-c", "import fuse"], capture_output=True)
    return imported.returncode == 0 and os.path.exists("/dev/fuse")


class Troubled:
    """A folder shown by troubled_fs.py."""

    def __init__(self, bench, name, **control):
        self.place, self.folder = bench.at(name), bench.at(f".{name}-server")
        self.control = bench.at(f"{name}.json")
        os.makedirs(self.place, exist_ok=True)
        os.makedirs(self.folder, exist_ok=True)
        self.set(**control)
        self.process = subprocess.Popen(
            [PYTHON, os.path.join(HERE, "troubled_fs.py"), self.folder, self.place, self.control],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        # A script that fails leaves no file system behind.
        atexit.register(self.process.kill)
        deadline = time.monotonic() + 20
        while not os.path.ismount(self.place):
            check(time.monotonic() < deadline and self.process.poll() is None, "the FUSE file system did not start")
            time.sleep(0.05)

    def set(self, **control):
        """In place of what was set before."""
        with open(self.control + ".new", "w") as file:
            json.dump(control, file)
        os.rename(self.control + ".new", self.control)

    def remove(self):
        self.set()
        self.process.send_signal(signal.SIGCONT)
        subprocess.run(["umount", "--lazy", self.place], check=False)
        self.process.kill()
        self.process.wait()


ROWS = {}


def row(name, needs=lambda: None):
    """Enters a function as a row of its script. `needs` says what it lacks here, in words; None for nothing."""
    def enter(function):
        ROWS[name] = (function, needs)
        return function
    return enter


def needs_fuse():
    return None if has_fuse() else "it needs python3-fuse and /dev/fuse"


def run_rows():
    """The rows that the command line names, or all."""
    own_namespace()
    for name in sys.argv[1:] or list(ROWS):
        function, needs = ROWS[name]
        lacking = needs()
        if lacking:
            print(f"{os.path.basename(sys.argv[0])}: SKIPPED: {name}: {lacking}", file=sys.stderr, flush=True)
            continue
        begin = time.monotonic()
        function()
        print(f"{name}: {function.__doc__.strip()} ({time.monotonic() - begin:.0f} s)", flush=True)
