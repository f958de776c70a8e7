#!/usr/bin/env python3
"""What it costs a capture that the trees it is written to are looked at: looks a capture, counted by strace, times the
processor time of a look, which a daemon with nothing else to do takes when something is mounted. Neither depends on what
else the machine does. `shares_cost.py [CAPTURES]`, 100 by default. Needs root and strace.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from bench import Bench, Daemon, check, main, smear
from mounts import mount, own_namespace

MOST = 0.002
MOUNTS = 150


def counted(daemon, bench, work):
    """How often markers are opened while some work is done."""
    log = bench.at("strace.log")
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=openat", "-o", log, "-p", str(daemon.process.pid)],
                              stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while True:
        with open(f"/proc/{daemon.process.pid}/status") as file:
            if re.search(r"^TracerPid:\t[1-9]", file.read(), re.M):
                break
        check(time.monotonic() < deadline and tracer.poll() is None, "strace does not trace")
        time.sleep(0.05)
    work()
    tracer.send_signal(signal.SIGINT)
    tracer.wait()
    with open(log, errors="replace") as file:
        return sum(".nctd-tree" in line and "O_RDONLY" in line for line in file)


def processor_seconds(daemon):
    """Of all threads, to the nanosecond."""
    total = 0
    for task in os.listdir(f"/proc/{daemon.process.pid}/task"):
        with open(f"/proc/{daemon.process.pid}/task/{task}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def run():
    own_namespace()
    if not shutil.which("strace"):
        print("shares_cost.py: SKIPPED: it needs strace", file=sys.stderr)
        return
    captures = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    bench = Bench()
    place = bench.at("mounted")
    os.makedirs(place)
    daemon = Daemon(bench, env={"NCTD_TEST_ENGINE": "copy:held"})
    daemon.wait_for("ready")
    # So that each tree has its marker.
    for number in range(12):
        bench.capture("lab-a", f"first-{number}.png", smear(number, 64, 48))
    bench.capture("lab-a", "broken.png", b"broken")
    bench.wait_done(13)

    def idle():
        time.sleep(20)
    looks_idle = counted(daemon, bench, idle) / 20

    took = [0.0]

    def work():
        begin = time.monotonic()
        for number in range(captures):
            bench.capture("lab-a", f"{number}.png", smear(100 + number, 64, 48))
        bench.wait_done(13 + captures)
        took[0] = time.monotonic() - begin
    looks = (counted(daemon, bench, work) - looks_idle * took[0]) / captures
    check(looks > 0.5, f"{looks:.1f} looks a capture: nothing is looked at")

    def mounts():
        for _ in range(MOUNTS):
            mount("-t", "tmpfs", "tmpfs", place)
            time.sleep(0.05)
            subprocess.run(["umount", place], check=True)
            time.sleep(0.05)
    # The first time its looks are counted, the second time what they take.
    looked = counted(daemon, bench, mounts)
    check(looked > MOUNTS, f"{looked} looks for {2 * MOUNTS} changes of what is mounted")
    begin = processor_seconds(daemon)
    mounts()
    look = (processor_seconds(daemon) - begin) / looked
    daemon.stop()
    cost = looks * look
    print(f"{looks:.1f} looks a capture, {1000 * look:.3f} ms of a processor each with all that is done besides: "
          f"{1000 * cost:.2f} ms a capture", flush=True)
    check(cost <= MOST, f"{1000 * cost:.2f} ms a capture, more than {1000 * MOST:.0f}")
    bench.remove()


main(run)
