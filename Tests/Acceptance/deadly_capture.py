#!/usr/bin/env python3
"""A capture that kills the process that decodes it is quarantined on its second try; the others are done."""
import os
import signal

from bench import Bench, Daemon, check, main, seed, smear


def run():
    seed()
    bench = Bench()
    paths = [bench.capture("lab-a", f"{number}.png", smear(number)) for number in range(6)]
    env = {"NCTD_TEST_POISON": bench.digests[paths[2]]}
    daemon = Daemon(bench, env=env)
    status = daemon.wait_dead()
    check(status == -signal.SIGABRT, f"the capture did not kill the daemon: {status}, {daemon.lines[-3:]}")
    daemon = Daemon(bench, env=env)
    daemon.wait_for("ready")
    total = bench.wait_done(6)
    check(total == {"done": 5, "failed": 1, "ignored": 0, "pending": 0}, f"{total}")
    check(daemon.process.poll() is None, "the daemon died a second time")
    check(daemon.count("suspect") >= 1, "the suspect was not tried elsewhere first")
    daemon.stop()
    failures = bench.nctd("failures").stdout
    check("2.png" in failures and "ends the process" in failures, failures)
    check(os.path.exists(os.path.join(bench.quarantine, "lab-a", "2.png.json")), "no quarantine record")
    bench.check_nothing_torn()
    print(f"one deadly capture of 6: the daemon died once, then {total}")
    bench.remove()


main(run)
