#!/usr/bin/env python3
"""A capture that kills the process that decodes it costs three workers and is quarantined; all else goes on.

With isolation = "threads" it kills the daemon once; from then on it is worked on apart, and the same holds.
"""
import os
import signal

from bench import Bench, Daemon, check, main, seed, smear

QUICK = "[retry]\ninitial_delay_seconds = 0.1"


def run():
    seed()
    for isolation in ["processes", "threads"]:
        bench = Bench(isolation=isolation, extra=QUICK)
        paths = [bench.capture("lab-a" if number < 4 else "lab-b", f"{number}.png", smear(number)) for number in range(6)]
        env = {"NCTD_TEST_POISON": bench.digests[paths[2]]}
        daemon = Daemon(bench, env=env)
        if isolation == "threads":
            status = daemon.wait_dead()
            check(status == -signal.SIGABRT, f"the capture did not kill the daemon: {status}, {daemon.lines[-3:]}")
            daemon = Daemon(bench, env=env)
        daemon.wait_for("ready")
        total = bench.wait_done(6)
        check(total == {"done": 5, "failed": 1, "ignored": 0, "pending": 0}, f"{total}")
        check(daemon.process.poll() is None, "the daemon died")
        check(daemon.count("worker-lost") == 3, f"{daemon.count('worker-lost')} workers were lost")
        daemon.stop()
        check(not daemon.workers(), "workers were left")
        failures = bench.nctd("failures").stdout
        check("2.png" in failures and "died by signal 6" in failures, failures)
        check(os.path.exists(os.path.join(bench.quarantine, "lab-a", "2.png.json")), "no quarantine record")
        bench.check_nothing_torn()
        print(f"{isolation}: one deadly capture of 6 cost three workers, then {total}", flush=True)
        bench.remove()


main(run)
