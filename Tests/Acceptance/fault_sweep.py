#!/usr/bin/env python3
"""One fault at a time: a system call of the daemon or of one of its workers fails once, at a place drawn at random.

Needs strace, and to be allowed to trace. `fault_sweep.py COUNT` injects so many faults (default 208); NCTD_SEED repeats a
run. In each a daemon works four captures of two labs; once the fault is in, strace lets go, and everything goes on. A
daemon that ends by the fault is started again, as a service manager would. Afterwards every capture is done: none is lost,
torn, doubled or failed, and none still pending.
"""
import concurrent.futures
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

from bench import Bench, Daemon, Failure, NCTD, check, main, seed, smear

# Per kind: the system calls, the errors that they may give, and up to which call of a thread.
KINDS = {
    "openat": ("openat", ["EMFILE", "EIO", "EACCES"], 60),
    "read": ("read,pread64", ["EIO", "EINTR"], 60),
    "write": ("write,pwrite64", ["EIO", "ENOSPC"], 40),
    "fsync": ("fsync,fdatasync", ["EIO", "ENOSPC"], 6),
    "rename": ("rename,renameat,renameat2", ["EIO", "ENOSPC"], 3),
    "mmap": ("mmap", ["ENOMEM"], 60),
    "clone": ("clone,clone3,vfork", ["EAGAIN"], 4),
    "socketpair": ("socketpair", ["EMFILE"], 2),
}
CAPTURES = 4
PICTURES = [smear(number) for number in range(CAPTURES)]


class TracedDaemon(Daemon):
    """A daemon that strace holds from its first instruction on, until one call was made to fail."""

    def __init__(self, bench, calls, error, number):
        self.trace = bench.at("trace")
        # The shell stops itself, so that strace is there before the program is.
        command = ["/bin/sh", "-c", 'kill -STOP $$; exec "$0" "$@"', NCTD, "run", "--config", bench.config]
        # As in nctd.service: OpenBLAS would end the program by SIGINT for want of a thread, before it began.
        environment = dict(os.environ, SWIFT_BACKTRACE="enable=no", NCTD_TEST_ENGINE="copy", OPENBLAS_NUM_THREADS="1")
        environment.pop("NCTD_MODELS", None)
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while self._state() != "T":
            time.sleep(0.01)
        self.strace = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", self.trace, "-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when={number}",
             "-p", str(self.process.pid)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self._traced() == "0":
            check(self.strace.poll() is None, "strace cannot trace")
            time.sleep(0.01)
        self.lines, self.times = [], {}
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.process.send_signal(signal.SIGCONT)

    def _field(self, name):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(line.split()[1] for line in file if line.startswith(name + ":"))

    def _state(self):
        return self._field("State")

    def _traced(self):
        return self._field("TracerPid")

    def faults(self):
        """The calls that were made to fail so far."""
        try:
            with open(self.trace, errors="replace") as file:
                return [line.strip() for line in file if "(INJECTED)" in line]
        except FileNotFoundError:
            return []

    def release(self):
        """Lets strace go; everything it held goes on."""
        if self.strace.poll() is None:
            self.strace.send_signal(signal.SIGINT)
        try:
            self.strace.wait(5)
        except subprocess.TimeoutExpired:
            # It may miss that a thread ended while it let go. The kernel lets go of whatever it holds.
            self.strace.kill()
            self.strace.wait()


def settled(bench):
    """The states of the captures, or nothing where the ledger cannot tell just now."""
    result = bench.nctd("status", "--json")
    if result.returncode != 0:
        return None
    total = json.loads(result.stdout)["total"]
    return total if sum(total.values()) == CAPTURES and total["pending"] == 0 else None


def once(kind, error, number):
    """One run with one fault; returns what failed, and how often the daemon ended by it."""
    calls = KINDS[kind][0]
    bench = Bench(workers=2, extra="[retry]\ninitial_delay_seconds = 0.05\nmaximum_delay_seconds = 0.2")
    daemon = None
    try:
        for index, picture in enumerate(PICTURES):
            bench.capture("lab-a" if index % 2 else "lab-b", f"{index}.png", picture)
        daemon = TracedDaemon(bench, calls, error, number)
        deadline = time.monotonic() + 150
        while not daemon.faults() and daemon.process.poll() is None and settled(bench) is None:
            check(time.monotonic() < deadline, f"no fault and no end: {daemon.lines[-3:]}")
            time.sleep(0.1)
        daemon.release()
        faults = daemon.faults()
        ends = 0
        while settled(bench) is None:
            check(time.monotonic() < deadline, f"not settled: {bench.nctd('status').stdout} {daemon.lines[-4:]}")
            if daemon.process.poll() is not None:
                ends += 1
                check(daemon.process.returncode > 0, f"the daemon ended by signal {-daemon.process.returncode}")
                check(ends <= 2, f"the daemon ended {ends} times: {daemon.lines[-3:]}")
                daemon = Daemon(bench, env={"NCTD_TEST_ENGINE": "copy"})
            time.sleep(0.1)
        if daemon.process.poll() is None:
            daemon.stop()
        total = settled(bench)
        check(total["failed"] == 0, f"falsely failed: {bench.nctd('failures').stdout}")
        bench.check_promises()
        return faults, ends
    except Failure as failure:
        injected = daemon.faults() if isinstance(daemon, TracedDaemon) else ""
        raise Failure(f"{kind} {error} at call {number}: {failure} {injected}")
    finally:
        if daemon is not None:
            if isinstance(daemon, TracedDaemon):
                daemon.release()
            if daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait()
        bench.remove()


def run():
    check(shutil.which("strace"), "strace is missing; install it")
    rng = random.Random(seed())
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 208
    kinds = [list(KINDS)[index % len(KINDS)] for index in range(count)]
    drawn = [(kind, rng.choice(KINDS[kind][1]), rng.randint(1, KINDS[kind][2])) for kind in kinds]
    # Per kind: runs, those with a fault, calls that failed, and ends of the daemon.
    told = {kind: [0, 0, 0, 0] for kind in KINDS}
    # Most of a run is waiting.
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("NCTD_JOBS", "4"))) as pool:
        for (kind, _, _), (faults, ends) in zip(drawn, pool.map(lambda fault: once(*fault), drawn)):
            told[kind] = [a + b for a, b in zip(told[kind], [1, bool(faults), len(faults), ends])]
    for kind, (runs, hit, calls, ended) in told.items():
        print(f"{kind:10} {runs:3} runs, {hit:3} with a fault, {calls:3} calls failed, {ended:3} times the daemon ended")
    _, hit, calls, ended = map(sum, zip(*told.values()))
    check(hit >= 0.9 * count, f"only {hit} of {count} runs had a fault")
    print(f"{count} runs, {hit} with a fault ({calls} calls failed); the daemon ended by {ended} of them and was started "
          f"again; all captures done: 0 lost, 0 torn, 0 doubled, 0 failed", flush=True)


main(run)
