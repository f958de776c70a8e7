#!/usr/bin/env python3
"""SIGTERM under load ends within 10 s and a restart goes on; SIGHUP with a good and a broken configuration loses nothing."""
import os
import signal
import time

from bench import Bench, Daemon, check, main, seed, smear


def term():
    bench = Bench(levels="[1, 2]")
    for number in range(30):
        bench.capture("lab-a" if number % 2 else "lab-b", f"{number}.png", smear(number, 480, 360))
    slowest = 0
    for _ in range(3):
        daemon = Daemon(bench)
        daemon.wait_for("done")
        slowest = max(slowest, daemon.stop(timeout=10))
        bench.check_nothing_torn()
        total = bench.totals()
        if total["pending"] == 0:
            break
        check(daemon.count("stopped") == 1, "the stop was not said")
    check(daemon.count("started") == 1 and slowest < 10, "the stop took too long")
    left = bench.totals()["pending"]
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.wait_done(30)
    check(daemon.count("attempts-died") == 0, "a stop left attempts behind")
    daemon.stop()
    bench.check_promises()
    print(f"SIGTERM under load: ended within {slowest:.2f} s at most, {left} captures were pending after the last stop, "
          "all done after a restart", flush=True)
    bench.remove()


def hup():
    bench = Bench(settle=0.2)
    count = 60
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    with open(bench.config, "rb") as file:
        good = file.read()
    for number in range(count):
        bench.capture("lab-a" if number % 2 else "lab-b", f"{number}.png", smear(number))
        if number == 15:
            os.makedirs(bench.at("in/lab-c"))
            bench.labs["lab-c"] = bench.at("in/lab-c")
            extra = f'[[watch]]\npath = "{bench.labs["lab-c"]}"\nlab = "lab-c"\nprofile = "lab-a"\nsettle_seconds = 0.2\n'
            good = good.replace(b"settle_seconds = 0.2", b"settle_seconds = 0.1") + extra.encode()
            bench.write_file("nctd.toml", good)
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for("reloaded")
        if number == 30:
            bench.write_file("nctd.toml", good + b'\n[output]\nunknown_key = 1\n')
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for("reload-refused")
            bench.write_file("nctd.toml", good.replace(b"workers = 2", b'worker = 2'))
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for("reload-refused", count=2)
        time.sleep(0.02)
    bench.write_file("nctd.toml", good)
    for number in range(10):
        bench.capture("lab-c", f"{number}.png", smear(5000 + number))
    bench.wait_done(count + 10)
    refusals = [line for line in daemon.lines if "[reload-refused]" in line]
    check("worker" in refusals[1] and "nctd.toml:" in refusals[1], f"the refusal does not say what and where: {refusals[1]}")
    daemon.stop()
    bench.check_promises()
    print(f"SIGHUP under load: {count + 10} captures done, none lost; the broken configuration was refused with: "
          f"{refusals[1].split('the old one stays: ')[-1]}", flush=True)
    bench.remove()


def run():
    seed()
    term()
    hup()


main(run)
