#!/usr/bin/env python3
"""Trees that come and go: what docs/daemon.md says of shares, on real mounts. `shares.py ROW …` runs those rows alone.

Needs root, for the mounts; what FUSE shows needs python3-fuse.
"""
import errno
import os
import signal
import subprocess
import time

from bench import Bench, Daemon, check, main, sha256, smear
from mounts import Share, Troubled, mount, needs_fuse, row, run_rows


def files_under(place):
    return [os.path.join(folder, name) for folder, _, names in os.walk(place) for name in names]


def said(daemon, *words):
    return [line for line in daemon.lines if all(word in line for word in words)]


@row("output")
def output_goes():
    """The output's share is unmounted, while running and before a start: nothing is written beneath it, nothing fails."""
    bench = Bench()
    share = Share(bench, "out").come()
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.capture("lab-a", "1.png", smear(1))
    bench.wait_done(1)
    share.go()
    daemon.wait_for("paused")
    for number in range(2, 6):
        bench.capture("lab-b", f"{number}.png", smear(number))
    time.sleep(3)
    check(files_under(share.place) == [], f"written beneath the mount: {files_under(share.place)}")
    total = bench.totals()
    check(total["failed"] == 0 and total["pending"] == 4, f"{total}")
    pauses = bench.status()["pauses"]
    check(any("out" in pause["what"] for pause in pauses), f"status does not name the output: {pauses}")
    check("PAUSED" in bench.nctd("status").stdout, "status says nothing of the pause")
    # A start meanwhile is no other.
    daemon.stop()
    daemon = Daemon(bench)
    daemon.wait_for("paused")
    time.sleep(2)
    check(files_under(share.place) == [], f"written beneath the mount at the start: {files_under(share.place)}")
    share.come()
    daemon.wait_for("resumed")
    bench.wait_done(5)
    check(daemon.count("paused") == 1 and daemon.count("resumed") == 1, "more than one entry at the start and the end")
    daemon.stop()
    bench.check_promises()
    # Another tree under the path is not the output either.
    share.go()
    other = Share(bench, "out").come()
    daemon = Daemon(bench)
    daemon.wait_for("paused")
    bench.capture("lab-a", "6.png", smear(6))
    time.sleep(2)
    check(files_under(other.place) == [], "written into an empty tree that took the output's place")
    other.remove()
    share.come()
    bench.wait_done(6)
    daemon.stop()
    bench.check_promises()
    share.remove()
    bench.remove()


@row("late-root")
def root_comes_late():
    """A watched tree that is away at the start, and at a reload: the others go on, and it is taken when it comes."""
    bench = Bench()
    late = bench.labs["lab-b"]
    os.rmdir(late)
    result = bench.nctd("check", "--no-prepare")
    check(result.returncode == 0 and "warning" in result.stderr and late in result.stderr, f"check: {result}")
    check(bench.nctd("check", "--no-prepare", "--strict").returncode == 1, "check --strict does not say 1")
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    check(said(daemon, "[root-unhealthy]", late), "nothing is said of the tree that is away")
    bench.capture("lab-a", "1.png", smear(1))
    bench.wait_done(1)
    check(any(root.get("unhealthy") for root in bench.status()["roots"]), "status says nothing of it")
    bench.capture("lab-b", "2.png", smear(2))
    bench.wait_done(2)
    os.rename(late, late + ".away")
    os.kill(daemon.process.pid, 1)
    daemon.wait_for("reloaded")
    os.rename(late + ".away", late)
    bench.capture("lab-b", "3.png", smear(3))
    bench.wait_done(3)
    daemon.stop()
    bench.check_promises()
    bench.remove()


@row("covered")
def root_is_covered():
    """Something else is mounted over a watched tree, or a mount within it goes: no result is taken for a deleted one's."""
    bench = Bench(watch_extra='patience_seconds = 2\nreconcile_interval_seconds = 1\ndeletions = "remove"')
    covered, inner = bench.labs["lab-a"], Share(bench, "in/lab-b/inner").come()
    for number in range(3):
        bench.capture("lab-a", f"{number}.png", smear(number))
        bench.capture("lab-b", f"inner/{number}.png", smear(10 + number))
        bench.capture("lab-b", f"{number}.png", smear(20 + number))
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.wait_done(9)
    # A deletion is noticed, so that the wait below is long enough.
    bench.delete("lab-b", "0.png")
    daemon.wait_for("removed")
    mount("-t", "tmpfs", "tmpfs", covered)
    inner.go()
    bench.delete("lab-b", "1.png")
    daemon.wait_for("removed", 2)
    time.sleep(6)
    check(daemon.count("removed") == 2, f"results were taken away: {said(daemon, '[removed]')}")
    check(bench.totals()["done"] == 7, f"{bench.totals()}")
    inner.come()
    subprocess.run(["umount", covered], check=True)
    time.sleep(6)
    check(said(daemon, "[root-unhealthy]", "check --initialize"), "what to do about it is not said")
    daemon.stop()
    result = bench.nctd("check", "--no-prepare")
    check("check --initialize" in result.stderr, f"check says nothing of it: {result}")
    result = bench.nctd("check", "--no-prepare", "--initialize")
    check("lab-a is what lies at" in result.stdout, f"check --initialize: {result}")
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.capture("lab-a", "new.png", smear(30))
    bench.wait_done(8)
    bench.delete("lab-a", "0.png")
    daemon.wait_for("removed")
    daemon.stop()
    check(bench.totals()["done"] == 7, f"{bench.totals()}")
    bench.check_promises(ignored=3)
    inner.remove()
    bench.remove()


CODES = ["EACCES", "EPERM", "ENOTCONN", "ETIMEDOUT", "ESTALE", "EIO", "EDQUOT", "EHOSTDOWN", "ENODEV", "EMFILE",
         "ENFILE", "ENOMEM", "ENOSPC", "EROFS"]


@row("errors-output", needs=needs_fuse)
def errors_of_output():
    """Every error that a tree or the machine can give, on the output: nothing fails, all is done after."""
    errors_pass("output")


@row("errors-root", needs=needs_fuse)
def errors_of_root():
    """The same on a root."""
    errors_pass("root")


def errors_pass(where):
    bench = Bench(watch_extra="scan_interval_seconds = 1")
    if where == "output":
        shown = Troubled(bench, "out")
    else:
        shown = Troubled(bench, "in/lab-a")
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    count = 0
    for code in CODES:
        number = getattr(errno, code)
        calls = ["create", "write", "fsync", "rename"] if where == "output" else ["open", "read"]
        shown.set(errors={call: number for call in calls})
        for index in range(3):
            capture_at(bench, shown, where, count + index)
        count += 3
        deadline = time.monotonic() + 120
        while not bench.status()["pauses"]:
            check(time.monotonic() < deadline, f"{where}: {code}: no pause: {bench.totals()}, {daemon.lines[-3:]}")
            time.sleep(0.1)
        shown.set()
        total = bench.wait_done(count, timeout=90)
        check(total["failed"] == 0 and total["ignored"] == 0, f"{where}: {code}: {total}")
    pauses = daemon.count("paused")
    check(pauses == daemon.count("resumed"), f"{pauses} pauses, {daemon.count('resumed')} ends of them")
    check(pauses <= 2 * len(CODES), f"{pauses} journal entries for {len(CODES)} troubles")
    print(f"  {where}: {len(CODES)} errors, {count} captures, {pauses} pauses said, 0 failed", flush=True)
    daemon.stop()
    shown.set()
    bench.check_promises()
    shown.remove()
    bench.remove()


def capture_at(bench, shown, where, number):
    """A capture that the instrument writes at the server, where the trouble is not."""
    data = smear(number)
    if where == "output":
        return bench.capture("lab-a", f"{number}.png", data)
    return at_server(bench, shown, f"{number}.png", data)


def at_server(bench, shown, name, data):
    with open(os.path.join(shown.folder, f".{name}.part"), "wb") as file:
        file.write(data)
    os.rename(os.path.join(shown.folder, f".{name}.part"), os.path.join(shown.folder, name))
    path = os.path.join(shown.place, name)
    bench.digests[path] = sha256(data)
    return path


@row("link")
def link_moves():
    """The watched path is a link that is pointed elsewhere while captures keep coming: said, and watched anew."""
    bench = Bench()
    days = [bench.at(f"days/{number}") for number in [1, 2]]
    for day in days:
        os.makedirs(day)
    link = bench.labs["lab-a"]
    os.rmdir(link)
    os.symlink(days[0], link)
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.capture("lab-a", "1.png", smear(1))
    bench.wait_done(1)
    os.symlink(days[1], link + ".new")
    os.rename(link + ".new", link)
    # The old day's folder is not quiet.
    deadline = time.monotonic() + 60
    number = 100
    while not said(daemon, "[root-unhealthy]", "days/2"):
        with open(os.path.join(days[0], f"{number}.png"), "wb") as file:
            file.write(smear(number))
        number += 1
        time.sleep(0.2)
        check(time.monotonic() < deadline, f"nothing was said: {daemon.lines[-3:]}")
    bench.capture("lab-a", "2.png", smear(2))
    deadline = time.monotonic() + 60
    while True:
        total = bench.totals()
        if total["pending"] == 0 and os.path.exists(os.path.join(bench.output, "lab-a/2.png.json")):
            break
        check(time.monotonic() < deadline, f"the new folder is not watched: {total}")
        time.sleep(0.2)
    check(total["failed"] == 0, f"{total}")
    daemon.stop()
    bench.remove()


@row("numbers", needs=needs_fuse)
def numbers_change():
    """Inode numbers that change from look to look: found out and said, each capture done once."""
    bench = Bench(watch_extra="scan_interval_seconds = 1")
    shown = Troubled(bench, "in/lab-a", inodes=True)
    for number in range(5):
        at_server(bench, shown, f"{number}.png", smear(number))
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    daemon.wait_for("root-renumbered")
    bench.wait_done(5)
    time.sleep(4)
    check(daemon.count("done") == 5, f"done {daemon.count('done')} times, of 5 captures")
    daemon.stop()
    bench.check_promises()
    shown.remove()
    bench.remove()


@row("hang", needs=needs_fuse)
def share_hangs():
    """A share that does not answer: the others go on at their pace, status names it, a stop ends in time, nothing is lost."""
    bench = Bench()
    shown = Troubled(bench, "in/lab-a")
    daemon = Daemon(bench)
    daemon.wait_for("ready")

    def pace(first):
        begin = time.monotonic()
        for number in range(first, first + 20):
            bench.capture("lab-b", f"{number}.png", smear(number))
        while not all(os.path.exists(os.path.join(bench.output, f"lab-b/{number}.png.json"))
                      for number in range(first, first + 20)):
            check(time.monotonic() - begin < 90, f"the other lab stands still: {daemon.lines[-5:]}")
            time.sleep(0.05)
        return time.monotonic() - begin
    before = pace(0)
    for number in range(100, 110):
        at_server(bench, shown, f"{number}.png", smear(number))
    # Its server stands still: calls wait in the kernel for it.
    os.kill(shown.process.pid, signal.SIGSTOP)
    daemon.wait_for("paused", timeout=30)
    during = pace(20)
    begin = time.monotonic()
    status = bench.nctd("status")
    took = time.monotonic() - begin
    check(status.returncode == 0 and "does not answer" in status.stdout and "in/lab-a" in status.stdout,
          f"status: {status.stdout}")
    stop = daemon.stop(timeout=12)
    check(stop < 10.5, f"the stop took {stop:.1f} s")
    # A start while it hangs.
    daemon = Daemon(bench)
    daemon.wait_for("paused", timeout=40)
    again = pace(40)
    os.kill(shown.process.pid, signal.SIGCONT)
    total = bench.wait_done(70)
    check(total["failed"] == 0 and total["ignored"] == 0, f"{total}")
    daemon.stop()
    bench.check_promises()
    print(f"  20 captures of the other lab: {before:.1f} s before, {during:.1f} s while it hung, {again:.1f} s after a start; "
          f"status answered in {took:.1f} s, the stop took {stop:.1f} s", flush=True)
    shown.remove()
    bench.remove()


main(run_rows)
