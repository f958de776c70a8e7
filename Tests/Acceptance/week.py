#!/usr/bin/env python3
"""A lab engineer's week with the built program, each command and what was seen: two labs, one share late, a third lab, no
room on the disk, a damaged result, a changed profile, a month's report, a backup and its restoring, a move, and an upgrade
from 0.7.0 with its ledger and results (made into what 0.7.0 left, Tests/LedgerTests has its tables).

With `--containers`, all of it on machines of its own: the package that `make deb` made is installed on a Debian with
systemd, the daemon is its service, its user types the commands, and the move goes to a second machine.
Argument: captures a lab and day (6).
"""
import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from bench import ROOT, Bench, check, main, smear
from containers import Here, Machine, saw
from old_state import make_old

EXAMPLES = os.path.join(ROOT, "examples", "notify")
NOTIFY = """
[notify]
command = ["{examples}/spool.sh", "{bench}/told"]
delay_seconds = 0
most_per_hour = 1000
"""


def day(name):
    print(f"\n== {name}", flush=True)


class Week:
    def __init__(self, each, containers):
        self.each = each
        self.machine = Here()
        if containers:
            # What the machines share: every temporary folder from here on lies in it.
            tempfile.tempdir = tempfile.mkdtemp(prefix="nctd-week-", dir="/srv")
            atexit.register(shutil.rmtree, tempfile.tempdir, True)
            os.chmod(tempfile.tempdir, 0o755)
            self.machine = Machine("nctd-first", tempfile.tempdir)
        self.bench = Bench()
        self.bench.nctd = lambda *arguments: self.machine.nctd(self.bench, *arguments)
        os.chmod(self.bench.path, 0o755)
        self.count = 0
        self.extra = NOTIFY.format(bench=self.bench.path, examples=self.machine.examples)
        self.output = ""
        os.mkdir(self.bench.at("told"))
        self.configure()

    def configure(self, **settings):
        self.bench.configure(extra=self.output + self.extra, **settings)
        self.machine.settle(self.bench)

    def run(self, *arguments, status=0, lines=6):
        """A command as an operator types it; its output."""
        print(f"  $ nctd {' '.join(arguments)}", flush=True)
        result = self.bench.nctd(*arguments)
        check(result.returncode == status, f"nctd {arguments}: {result.returncode}: {result.stdout}{result.stderr}")
        saw(result.stdout + result.stderr, lines)
        return result.stdout

    def expose(self, *labs):
        """A day's captures of some labs."""
        for lab in labs:
            for number in range(self.each):
                self.bench.capture(lab, f"slide {self.count // 10}/{self.count}.png", smear(self.count))
                self.count += 1

    def told(self):
        """What the command of [notify] was given, in order."""
        names = sorted(name for name in os.listdir(self.bench.at("told")) if name.endswith(".json"))
        found = []
        for name in names:
            with open(self.bench.at(f"told/{name}")) as file:
                found.append(json.load(file))
        return found

    def mailed(self):
        """The same by mail: what a unit beside the service does."""
        folder = self.bench.at("mail")
        shutil.copytree(self.bench.at("told"), os.path.join(folder, "spool"))
        self.bench.write_file("mail/sendmail", f"#!/bin/sh\ncat >> {folder}/mails\n".encode())
        os.chmod(os.path.join(folder, "sendmail"), 0o755)
        subprocess.run(
            [os.path.join(EXAMPLES, "mail.py"), "ops@lab.example", "--spool", os.path.join(folder, "spool"),
             "--sendmail", os.path.join(folder, "sendmail")], check=True)
        check(os.listdir(os.path.join(folder, "spool")) == [], "mails that were taken stay in the folder")
        with open(os.path.join(folder, "mails")) as file:
            return file.read()

    def until(self, what, condition, timeout=60):
        deadline = time.monotonic() + timeout
        while not condition():
            check(time.monotonic() < deadline, f"not within {timeout} s: {what}")
            time.sleep(0.05)

    def reload(self, daemon, **settings):
        before = daemon.count("reloaded")
        self.configure(**settings)
        print("  $ systemctl reload nctd (SIGHUP)", flush=True)
        self.machine.reload(daemon)
        daemon.wait_for("reloaded", before + 1)
        saw([line for line in daemon.lines if "[reloaded]" in line][-1].split("[reloaded] ")[-1])

    def start(self):
        return self.machine.start(self.bench)

    def results(self):
        return {path: (os.stat(path).st_ino, os.stat(path).st_mtime_ns) for path in self.bench.output_files()}


def monday(week):
    day("Monday: two labs; the share of one is not mounted yet")
    bench = week.bench
    away = bench.labs["lab-b"] + ".away"
    os.rename(bench.labs["lab-b"], away)
    week.run("check", lines=4)
    daemon = week.start()
    week.expose("lab-a")
    week.until("lab-a is done", lambda: bench.totals()["done"] == week.each)
    status = week.run("status", "--check", status=1)
    check("lab-b NOT WELL" in status, status)
    week.until("somebody is told", lambda: len(week.told()) == 1)
    saw("told: " + week.told()[0]["subject"])
    check("lab-b" in week.told()[0]["subject"], week.told())
    print("  the share is mounted", flush=True)
    os.rename(away, bench.labs["lab-b"])
    week.expose("lab-b")
    bench.wait_done(week.count)
    week.until("its end is told", lambda: len(week.told()) == 2)
    saw("told: " + week.told()[1]["subject"])
    check(week.told()[1]["needs_person"] == [], week.told())
    mails = week.mailed()
    check(mails.count("To: ops@lab.example") == 2 and mails.count("Subject: ") == 2 and "in order again" in mails, mails)
    week.run("status", "--check", lines=5)
    return daemon


def tuesday(week, daemon):
    day("Tuesday: a third lab, while it runs")
    bench = week.bench
    bench.labs["lab-c"] = bench.at("in/lab-c")
    os.makedirs(bench.labs["lab-c"])
    with open(bench.at("profiles.d/lab-b.toml")) as file:
        profile = file.read().replace('"lab-b"', '"lab-c"').replace('"deliver"', '"hold"')
    bench.write_file("profiles.d/lab-c.toml", profile.encode())
    week.configure()
    week.run("check", lines=4)
    week.reload(daemon)
    week.expose("lab-a", "lab-b", "lab-c")
    bench.wait_done(week.count)
    week.run("list", "--since", "today", "--lab", "lab-c", lines=2)


def wednesday(week, daemon):
    day("Wednesday: no room on the disk; a damaged result")
    bench = week.bench
    week.reload(daemon, free=1 << 29)
    week.expose("lab-a")
    daemon.wait_for("paused")
    status = week.run("status", "--check", status=1, lines=3)
    check("PAUSED" in status and "minimum_free_mebibytes" in status, status)
    week.until("somebody is told", lambda: any("minimum_free" in message["subject"] for message in week.told()))
    pending = bench.totals()["pending"]
    check(pending > 0 and bench.totals()["failed"] == 0, f"{bench.totals()}")
    week.reload(daemon, free=0)
    bench.wait_done(week.count)

    victim = next(path for path in bench.output_files() if path.endswith(".png") and "/lab-a/" in path)
    with open(victim, "r+b") as file:
        file.seek(40)
        file.write(b"damaged")
    found = week.run("verify", status=1)
    check(victim in found, found)
    begun = daemon.count("done")
    week.run("repair", lines=3)
    daemon.wait_for("done", begun + 1)
    bench.wait_done(week.count)
    for path in [victim + ".v1", victim + ".v1.json"]:
        if os.path.exists(path):
            os.remove(path)
    week.run("verify")


def thursday(week, daemon):
    day("Thursday: another profile; what is kept of the older results")
    bench = week.bench
    with open(bench.at("profiles.d/lab-a.toml")) as file:
        profile = file.read()
    # The same file from either folder.
    profile = profile.replace('"lab-a-reference.png"', '"../profiles.d/lab-a-reference.png"')
    for number, levels in enumerate(["[1, 2]", "[2]"], 1):
        bench.write_file("drafts/lab-a.toml", profile.replace("[1]", levels).encode())
        difference = week.run("diff", "lab-a", bench.at("drafts/lab-a.toml"), status=1, lines=8)
        check("levels" in difference and "other pixels" in difference, difference)
        shutil.copy(bench.at("drafts/lab-a.toml"), bench.at("profiles.d/lab-a.toml"))
        week.reload(daemon)
        dry = week.run("reprocess", "--profile", "lab-a", "--dry-run")
        check("would be looked at again" in dry, dry)
        week.run("reprocess", "--profile", "lab-a")
        bench.wait_done(week.count)
        versions = [path for path in bench.output_files() if path.endswith(f".png.v{number}") and "/lab-a/" in path]
        check(len(versions) == 3 * week.each, f"{len(versions)} versions {number}")
    week.run("status", "--disk", lines=30)
    week.output = "keep_versions = 1\n"
    week.reload(daemon)
    daemon.wait_for("version-removed", 3 * week.each)
    saw([line for line in daemon.lines if "[version-removed]" in line][-1].split("[version-removed] ")[-1])
    left = [path for path in bench.output_files() if ".png.v" in path and not path.endswith(".json")]
    check(all(path.endswith(".v2") for path in left) and len(left) == 3 * week.each, f"{left[:3]}, {len(left)}")
    week.run("verify")


def friday(week):
    day("Friday: the month on paper")
    bench = week.bench
    report = json.loads(week.run("report", "--json", lines=1))
    labs = {lab["lab"]: lab for lab in report["labs"]}
    done = {lab: entry["done"] for lab, entry in labs.items()}
    check(done == {"lab-a": 3 * week.each, "lab-b": 2 * week.each, "lab-c": week.each}, f"{done}")
    check(labs["lab-a"]["removed_versions"] == 3 * week.each, labs["lab-a"])
    check(all(lab["unread"] == 0 and sum(lab["verdicts"].values()) == lab["done"] for lab in labs.values()), report)
    check(labs["lab-c"]["deliveries"].get("held", 0) == labs["lab-c"]["done"] - labs["lab-c"]["verdicts"].get("good", 0),
          labs["lab-c"])
    check(sum(week["done"] for week in labs["lab-b"]["weeks"]) == done["lab-b"], labs["lab-b"]["weeks"])
    check(labs["lab-a"]["disk"]["version_files"] == 2 * 3 * week.each, labs["lab-a"]["disk"])
    markdown = week.run("report", "--month", time.strftime("%Y-%m"), lines=12)
    check("| lab-a | " in markdown and "### Week by week" in markdown, markdown)
    page = week.run("report", "--month", time.strftime("%Y-%m"), "--lab", "lab-b", "--html", lines=1)
    check("<h2>lab-b</h2>" in page and "lab-a" not in page and "<script" not in page and "http" not in page, page[:500])
    empty = json.loads(week.run("report", "--month", "2001-01", "--json", lines=1))
    check(all(lab["done"] == 0 for lab in empty["labs"]), empty)
    bench.write_file("november.html", page.encode())


def saturday(week, daemon):
    day("Saturday: a backup, its restoring, and a move")
    bench = week.bench
    print("  $ systemctl stop nctd; cp -a the configuration, the state and the results", flush=True)
    daemon.stop()
    backup = tempfile.mkdtemp(prefix="nctd-acceptance-backup-")
    shutil.copytree(bench.path, os.path.join(backup, "all"), copy_function=shutil.copy2, symlinks=True)
    before = week.results()
    for folder in [bench.at("state"), bench.output, bench.held]:
        shutil.rmtree(folder)
    print("  the disk is lost; $ cp -a the backup back", flush=True)
    for folder in [bench.at("state"), bench.output, bench.held]:
        shutil.copytree(os.path.join(backup, "all", os.path.relpath(folder, bench.path)), folder,
                        copy_function=shutil.copy2)
    times = {path: entry[1] for path, entry in before.items()}
    daemon = week.start()
    bench.wait_done(week.count)
    check({path: entry[1] for path, entry in week.results().items()} == times, "results were made again")
    week.run("verify")
    daemon.stop()

    old_path, old_labs = bench.path, dict(bench.labs)
    week.machine = week.machine.next()
    new_folder = tempfile.mkdtemp(prefix="nctd-acceptance-")
    os.chmod(new_folder, 0o755)
    new_path = os.path.join(new_folder, "elsewhere")
    shutil.copytree(old_path, new_path, copy_function=shutil.copy2)
    shutil.rmtree(old_path)

    def moved(path):
        return path.replace(old_path, new_path, 1)

    bench.path, bench.config = new_path, moved(bench.config)
    bench.labs = {lab: moved(path) for lab, path in old_labs.items()}
    bench.output, bench.held, bench.quarantine = map(moved, (bench.output, bench.held, bench.quarantine))
    bench.digests = {moved(path): digest for path, digest in bench.digests.items()}
    week.extra = week.extra.replace(old_path, new_path)
    week.configure()
    for lab, path in old_labs.items():
        week.run("move-root", path, bench.labs[lab])
    before = week.results()
    daemon = week.start()
    bench.wait_done(week.count)
    after = week.results()
    check(after == before, f"made again after the move: {sorted(path for path in after if after[path] != before.get(path))[:4]}")
    week.run("status", lines=5)
    daemon.stop()
    shutil.rmtree(backup)


def sunday(week):
    day("Sunday: an upgrade from 0.7.0, with its ledger and results")
    bench = week.bench
    count = make_old(bench)
    week.output = ""
    week.configure()
    check(count == week.count, f"{count} results of {week.count}")
    early = week.run("status", status=2)
    check(early == "", early)
    week.machine.upgrade()
    daemon = week.start()
    bench.wait_done(week.count)

    def engines():
        return bench.status()["engines"]

    week.until("the sidecars are read", lambda: all(made.get("engine") for made in engines()["others"]))
    check([(made["engine"], made["results"]) for made in engines()["others"]] == [("0.7.0", week.count)], engines())
    status = week.run("status", lines=30)
    check("nctd reprocess --outdated" in status, status)
    checked = week.run("check", "--no-prepare", lines=30)
    check("made by another engine" in checked, checked)
    held = [path for path in bench.output_files() if path.startswith(bench.held)]
    check(held and not any("/held/" in path for path in bench.output_files()), "what 0.7.0 held back was not moved")
    week.run("verify")
    current = [path for path in bench.output_files() if ".png.v" not in path]
    week.run("reprocess", "--outdated", "--dry-run")
    week.run("reprocess", "--outdated")
    bench.wait_done(week.count)
    check(engines()["others"] == [], engines())
    again = [path for path in bench.output_files() if ".png.v" not in path]
    check(len(again) == len(current), f"{len(again)} files, {len(current)} before")
    week.run("verify")
    week.run("report", "--lab", "lab-c", lines=30)
    daemon.stop()


def run():
    arguments = [argument for argument in sys.argv[1:] if argument != "--containers"]
    week = Week(int(arguments[0]) if arguments else 6, containers=len(arguments) < len(sys.argv) - 1)
    daemon = monday(week)
    tuesday(week, daemon)
    wednesday(week, daemon)
    thursday(week, daemon)
    friday(week)
    saturday(week, daemon)
    sunday(week)
    print(f"\na week, {week.count} captures of three labs, {len(week.told())} messages", flush=True)
    week.bench.remove()


main(run)
