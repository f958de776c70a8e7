#!/usr/bin/env python3
"""A control group of 1 GB, and captures that were let in for more: the kernel ends workers, never the daemon.

Needs root and memory control groups (version 1 or 2); where they are not to be had it says SKIPPED and why. The captures that
are too large cost three workers each and are quarantined with what happened and what to do; all others are done; with more
memory `nctd retry` does the rest. 0 lost, 0 torn.

With `--containers` the daemon is the package's service on a Debian with a systemd of its own, all of it in that group, and
the service is not started again once.
"""
import atexit
import os
import shutil
import struct
import sys
import tempfile
import time

from bench import Bench, Daemon, check, main, seed, smear
from containers import Machine

LIMIT = 1 << 30


def run_lengths(width, height):
    """A kilobyte that is a blank field of any size."""
    return (b"BM" + struct.pack("<IHHI", 1080, 0, 0, 1078)
            + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, 2, 0, 0, 0, 0) + bytes(1024) + b"\0\1")


class Group:
    """A memory control group that this process and all that it starts are in."""

    def __init__(self):
        name = f"nctd-acceptance-{os.getpid()}"
        for parent, procs, limit in [("/sys/fs/cgroup/memory", "tasks", "memory.limit_in_bytes"),
                                     ("/sys/fs/cgroup", "cgroup.procs", "memory.max")]:
            self.path = os.path.join(parent, name)
            self.procs, self.limit = procs, limit
            try:
                os.mkdir(self.path)
            except OSError as error:
                reason = error
                continue
            if os.path.exists(os.path.join(self.path, limit)):
                self.before = parent + self.group("memory" if limit == "memory.limit_in_bytes" else "")
                self.write(procs, os.getpid())
                atexit.register(self.remove)
                return
            os.rmdir(self.path)
            reason = f"{self.path} has no {limit}"
        print(f"SKIPPED: Tests/Acceptance/out_of_memory.py: no memory control group can be made ({reason})", file=sys.stderr)
        sys.exit(0)

    @staticmethod
    def group(controller):
        """The group that this process is in."""
        with open("/proc/self/cgroup") as file:
            return next(line.rstrip("\n").split(":", 2)[2] for line in file if controller in line.split(":")[1].split(","))

    def write(self, name, value):
        with open(os.path.join(self.path, name), "w") as file:
            file.write(str(value))

    def remove(self):
        with open(os.path.join(self.before, self.procs), "w") as file:
            file.write(str(os.getpid()))
        # What was started in it may be about to end.
        for _ in range(100):
            try:
                return os.rmdir(self.path)
            except OSError:
                time.sleep(0.1)


class Program:
    """The built program."""

    def start(self, bench):
        self.daemon = Daemon(bench)
        self.daemon.wait_for("ready")
        return self.daemon

    def check_lives(self):
        check(self.daemon.process.poll() is None, f"the daemon died: {self.daemon.lines[-3:]}")


class Service(Machine):
    """The package's service, whose unit has the limit too, for where its systemd has a say over memory."""

    def __init__(self):
        tempfile.tempdir = tempfile.mkdtemp(prefix="nctd-memory-", dir="/srv")
        atexit.register(shutil.rmtree, tempfile.tempdir, True)
        os.chmod(tempfile.tempdir, 0o755)
        super().__init__("nctd-memory", tempfile.tempdir)
        self.limit("MemoryHigh=infinity", f"MemoryMax={LIMIT}")

    def limit(self, *lines):
        with open(os.path.join(self.container.root, "etc/systemd/system/nctd.service.d/memory.conf"), "w") as file:
            file.write("[Service]\n" + "".join(f"{line}\n" for line in lines))
        self.container.must("systemctl", "daemon-reload")

    def property(self, name):
        return self.container.must("systemctl", "show", "-P", name, "nctd.service").strip()

    def check_lives(self):
        found = {name: self.property(name) for name in ["ActiveState", "NRestarts", "Result", "ExecMainStatus"]}
        check(found == {"ActiveState": "active", "NRestarts": "0", "Result": "success", "ExecMainStatus": "0"}, str(found))


def run():
    number = seed()
    group = Group()
    place = Service() if "--containers" in sys.argv else Program()
    bench = Bench(daemon_extra="memory_mebibytes = 8192\nmaximum_megapixels = 200",
                  extra="[retry]\ninitial_delay_seconds = 0.1\nmaximum_delay_seconds = 0.2")
    if isinstance(place, Service):
        os.chmod(bench.path, 0o755)
        bench.nctd = lambda *arguments: place.nctd(bench, *arguments)
    # 40 megapixels take more than a gigabyte.
    for index in range(2):
        bench.capture("lab-a", f"large-{index}.bmp", run_lengths(6600, 6000 + index))
    for index in range(12):
        bench.capture("lab-b" if index % 2 else "lab-a", f"{index}.png", smear(number + index))
    group.write(group.limit, LIMIT)
    daemon = place.start(bench)
    total = bench.wait_done(14, timeout=900)
    place.check_lives()
    check(total["done"] == 12 and total["failed"] == 2, f"{total}: {bench.nctd('failures').stdout}")
    failures = bench.nctd("failures").stdout
    # The journal is read as it comes, which may be later than what the ledger tells.
    daemon.wait_for("worker-lost", 6)
    lost = daemon.count("worker-lost")
    for word in ["died by signal 9", "the 3rd that it cost", "journalctl -k", "memory_mebibytes"]:
        check(failures.count(word) == 2, f"{word}: {failures}")
    check(lost == 6, f"{lost} workers were lost")
    bench.check_nothing_torn()
    group.write(group.limit, 8 * LIMIT)
    if isinstance(place, Service):
        place.limit("MemoryHigh=infinity", "MemoryMax=infinity")
    bench.nctd("retry")
    bench.wait_done(14, timeout=900)
    place.check_lives()
    daemon.stop()
    bench.check_promises()
    print(f"1 GiB for all: {lost} workers ended for want of memory, the daemon none; 12 others done, 2 quarantined, done "
          "with more memory and `nctd retry`; 0 lost, 0 torn", flush=True)
    bench.remove()


main(run)
