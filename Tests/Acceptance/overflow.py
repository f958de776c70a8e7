#!/usr/bin/env python3
"""The daemon stopped (SIGSTOP) while 20,000 files appear, then continued: all are accounted for.

Works with the copying stand-in for the engine.
"""
import signal
import sys
import time

from bench import Bench, Daemon, check, main, png


def run():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    bench = Bench()
    daemon = Daemon(bench, env={"NCTD_TEST_ENGINE": "copy"})
    daemon.wait_for("ready")
    daemon.process.send_signal(signal.SIGSTOP)
    for number in range(count):
        data = png(2, 2, [bytes([number & 255, number >> 8 & 255, 7, 1, 2, 3]), bytes([number & 255] * 6)])
        bench.capture("lab-a", f"{number}.png", data)
    daemon.process.send_signal(signal.SIGCONT)
    begin = time.monotonic()
    total = bench.wait_done(count, timeout=600)
    seconds = time.monotonic() - begin
    overflows = daemon.count("overflow")
    daemon.stop()
    bench.check_promises()
    check(overflows > 0, "the kernel's queue did not run over; raise the number of files above fs.inotify.max_queued_events")
    print(f"{count} files while stopped: {overflows} overflows, all done after {seconds:.1f} s: {total}")


main(run)
