#!/usr/bin/env python3
"""Small files that ask for far too much lie in one lab's tree: each costs itself alone, at three starts in a row.

Never an end by a signal; the other lab's captures are done; each hostile one is quarantined with its reason, done, or
still waited for, as its table says; SIGTERM ends the daemon within ten seconds at any moment, also while another process
holds the ledger; the peak of memory stays within the budget. Then configurations that are no TOML, a sidecar of a
terabyte in the output tree, deaths wherever they are, workers that cannot be had, and a ledger that goes bad.
"""
import os
import random
import signal
import sqlite3
import struct
import sys
import time
import zlib

from bench import Bench, Daemon, check, main, seed, smear

# MiB for all captures in work, and what the process has beside them: networks, references, the ledger.
BUDGET, OWN = 1200, 500


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def blank_png(width, height, kind, row_bytes, extra=b"", rows=None):
    squeeze = zlib.compressobj(9)
    row = bytes(1 + row_bytes)
    data = b"".join(squeeze.compress(row) for _ in range(rows or height)) + squeeze.flush()
    depth = 16 if kind == 6 else 8
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)) + extra
            + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def bmp(offset, width, height, bits, compression, palette=b"", data=b""):
    size = 54 + len(palette) + len(data)
    return (b"BM" + struct.pack("<IHHI", size, 0, 0, offset)
            + struct.pack("<IIIHHIIIIII", 40, width, height, 1, bits, compression, len(data), 0, 0, 0, 0) + palette + data)


def hostile():
    """Name, bytes, length where that is longer, and what becomes of it: a word of the failure, or "done"."""
    directories, strips = 4000, 250_000
    body = b"".join(
        struct.pack("<HHHIII", 1, 273, 4, strips, 8 + directories * 18,
                    8 + (index + 1) * 18 if index < directories - 1 else 0) for index in range(directories))
    squeeze = zlib.compressobj(9)
    profile = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(300)) + squeeze.flush()
    yield "overflow.bmp", bmp(0xFFFFFFFF, 1759218604, 1048576, 40000, 0), None, "pixels"
    yield "run-length.bmp", bmp(1078, 14000, 14000, 8, 1, bytes(1024), b"\0\1"), None, "memory"
    yield "megapixels.png", blank_png(14000, 16000, 2, 42000, rows=1), None, "pixels"
    yield "nothing-much.png", blank_png(6000, 6000, 6, 48000), None, "memory"
    yield "profile.png", blank_png(64, 64, 2, 192, chunk(b"iCCP", b"x\0\0" + profile)), None, "done"
    yield "chunks.png", blank_png(64, 64, 2, 192, chunk(b"teSt", b"") * 300_000), None, "done"
    yield "directories.tif", b"II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", 1) * strips, None, "TIFF"
    for name, head in [("hole.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF"), ("hole.png", b"\x89PNG\r\n\x1a\n"),
                       ("hole.tif", b"II*\0"), ("hole.bmp", b"BM")]:
        yield name, head, 1 << 40, "bytes"


def put(bench, name, data, length=None, lab="lab-a"):
    path = os.path.join(bench.labs[lab], name)
    with open(path, "wb") as file:
        file.write(data)
    if length:
        os.truncate(path, length)
    return path


def peak(daemon):
    """MiB of resident memory at the most, so far, of the daemon and those of its workers that are there."""
    total = 0
    for process in [daemon.process.pid, *daemon.workers()]:
        try:
            with open(f"/proc/{process}/status") as file:
                total += next(int(line.split()[1]) >> 10 for line in file if line.startswith("VmHWM:"))
        except (FileNotFoundError, ProcessLookupError, StopIteration):
            pass
    return total


def states(bench):
    ledger = sqlite3.connect(f"file:{bench.at('state/ledger.sqlite')}?mode=ro", uri=True)
    rows = ledger.execute("SELECT path, state, error_message FROM captures").fetchall()
    ledger.close()
    return {bytes(path).decode(): (state, message or "") for path, state, message in rows}


def budgeted(bench, patience=1):
    """Puts the budget of memory into the configuration."""
    bench.configure(watch_extra=f"patience_seconds = {patience}")
    with open(bench.config) as file:
        text = file.read()
    text = text.replace("workers = 2", f"workers = 2\nmemory_mebibytes = {BUDGET}")
    bench.write_file("nctd.toml", text.encode())


def captures():
    rng = random.Random(seed())
    bench = Bench(levels="[1]")
    budgeted(bench)
    expected = {}
    for name, data, length, outcome in hostile():
        put(bench, name, data, length)
        expected[name] = outcome
    others = [f"{number}.png" for number in range(6)]
    for number, name in enumerate(others):
        put(bench, name, smear(number), lab="lab-b")
    slowest, most = 0, 0
    for start in range(3):
        daemon = Daemon(bench)
        begin = time.monotonic()
        daemon.wait_for("started")
        if start == 0:
            # At any moment.
            time.sleep(rng.uniform(0, 2))
        else:
            while True:
                found = states(bench) if os.path.exists(bench.at("state/ledger.sqlite")) else {}
                pending = [name for name, (state, _) in found.items() if state == "pending"]
                if len(found) == len(expected) + len(others) and not pending:
                    break
                check(daemon.process.poll() is None, f"the daemon ended: {daemon.lines[-3:]}")
                check(time.monotonic() - begin < 120, f"still pending: {pending}")
                time.sleep(0.2)
        most = max(most, peak(daemon))
        slowest = max(slowest, daemon.stop(timeout=10))
        check(daemon.count("attempts-died") == 0, "a start found attempts that died")
    found = states(bench)
    for name in others:
        check(found[name][0] == "done", f"{name} of the other lab is {found[name]}")
    for name, outcome in expected.items():
        state, message = found[name]
        ok = state == "done" if outcome == "done" else state == "failed" and any(word in message for word in outcome.split("|"))
        check(ok, f"{name} is {state} ({message}), and should be: {outcome}")
    check(most <= BUDGET + OWN, f"the peak of memory was {most} MiB")
    bench.check_nothing_torn()
    print(f"{len(expected)} hostile captures, 3 starts: no signal, SIGTERM within {slowest:.1f} s, peak {most} MiB "
          f"(budget {BUDGET}), the other lab's {len(others)} captures done", flush=True)
    bench.remove()


def waiting():
    """Two files of a kilobyte that each take most of the memory: the second waits, and nothing waits for it."""
    bench = Bench(levels="[1]", daemon_extra="memory_mebibytes = 1700")
    # Two workers: were one kept by what waits, and the other by what works, no other capture could be done.
    large = [put(bench, f"large-{number}.bmp", bmp(1078, 3600 + number, 3600, 8, 1, bytes(1024), b"\0\1")) for number in range(2)]
    daemon = Daemon(bench)
    daemon.wait_for("waits-for-memory")
    second = next(path for path in large if any(path in line and "[waits-for-memory]" in line for line in daemon.lines))
    explained, status = bench.nctd("explain", second).stdout, bench.nctd("status").stdout
    for text in [explained, status]:
        check("it waits for memory: it needs about" in text and "1700 MiB" in text, text)
    check("1 waiting for memory" in status, status)
    for number in range(6):
        put(bench, f"{number}.png", smear(number), lab="lab-b" if number % 2 else "lab-a")
    daemon.wait_for("done", count=8, timeout=300)
    order = [line for line in daemon.lines if " [done] " in line]
    check(second in order[-1], f"others waited for it: {order}")
    check(daemon.count("waits-for-memory") == 1, "more than it had to wait, or it was said more than once")
    daemon.stop()
    bench.check_nothing_torn()
    print("two captures of a kilobyte that take most of the memory: 6 others done before the one that waits", flush=True)
    bench.remove()


def configurations():
    bench = Bench()
    texts = [b"[[[watch]]\n", b"[.a]\n", b"[=]\n", b'a = "\0"\n', b"a = " + b"[" * 5000 + b"]" * 5000, b'a = """x',
             b'[[watch]]\npath = "', b"a = 2026-13-45T99:99:99Z\n", b"a.b = 1\na = 2\n", b'a = "\\ud800"\n',
             bytes(range(256)), b"a = " + b"[" * 500_000, b"[" + b"a." * 300_000 + b"a]\n"]
    with open(bench.config, "rb") as file:
        good = file.read()
    daemon = Daemon(bench, env={"NCTD_TEST_ENGINE": "copy"})
    daemon.wait_for("ready")
    for number, text in enumerate(texts):
        for name in ["nctd.toml", "profiles.d/hostile.toml"]:
            bench.write_file("nctd.toml", good)
            bench.write_file(name, text)
            result = bench.nctd("check", "--no-prepare")
            check(result.returncode == 2, f"{text[:30]} in {name}: status {result.returncode}")
            where = os.path.basename(name) + (":" if b"\xff" not in text else "")
            check(where in result.stderr, f"{text[:30]}: no file and line in: {result.stderr[:200]}")
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for("reload-refused", count=2 * number + (1 if name == "nctd.toml" else 2))
            bench.write_file(name, good if name == "nctd.toml" else b"")
            if name != "nctd.toml":
                os.unlink(bench.at(name))
    daemon.stop()
    print(f"{2 * len(texts)} hostile configurations and profiles: refused, and the daemon went on", flush=True)
    bench.remove()


def sidecars():
    """A sidecar of a terabyte, and a result that is one: at the start that rebuilds, in verify and in work."""
    bench = Bench()
    for number in range(3):
        bench.capture("lab-b", f"{number}.png", smear(number))
    for name in ["lab-b/a.png.json", "lab-b/0.png.json"]:
        bench.write_file(f"out/{name}", b"{")
        os.truncate(bench.at(f"out/{name}"), 1 << 40)
    for _ in range(2):
        daemon = Daemon(bench, env={"NCTD_TEST_ENGINE": "copy"})
        daemon.wait_for("ready")
        bench.wait_done(3)
        os.truncate(bench.at("out/lab-b/1.png"), 1 << 40)
        verify = bench.nctd("verify")
        check(verify.returncode == 1 and "a.png.json" in verify.stdout and "1.png" in verify.stdout, verify.stdout)
        daemon.stop()
        os.unlink(bench.at("state/ledger.sqlite"))
    print("sidecars and results of a terabyte: passed over, told of by verify", flush=True)
    bench.remove()


def deaths():
    """Deaths in the look, in a worker and in the daemon; without workers a capture is given back; six are the end."""
    for isolation in ["processes", "threads"]:
        bench = Bench(workers=1, isolation=isolation, extra="[retry]\ninitial_delay_seconds = 0.1")
        for number in range(4):
            bench.capture("lab-a", f"{number}.png", smear(number))
        poison = {"NCTD_TEST_POISON": "look:2.png"}
        if isolation == "threads":
            daemon = Daemon(bench, env=poison)
            check(daemon.wait_dead() == -signal.SIGABRT, "the look did not end the daemon")
        daemon = Daemon(bench, env={**poison, "NCTD_TEST_WORKER": "/nowhere"})
        # Where all captures need a worker, all wait; else the one that does.
        daemon.wait_for("paused" if isolation == "processes" else "trouble")
        done = 3 if isolation == "threads" else 0
        while sum(state == "done" for state, _ in states(bench).values()) < done:
            check(daemon.process.poll() is None, f"the daemon died again: {daemon.lines[-3:]}")
            time.sleep(0.1)
        check(states(bench)["2.png"][0] == "pending", "it was not given back")
        daemon.stop()
        daemon = Daemon(bench, env=poison)
        bench.wait_done(4)
        check(states(bench)["2.png"][0] == "failed" and "signal 6" in states(bench)["2.png"][1], str(states(bench)))
        check(sum(state == "done" for state, _ in states(bench).values()) == 3, str(states(bench)))
        daemon.stop()
        # Whatever a capture has to do with it: after six deaths of the daemon there is no seventh.
        bench.capture("lab-a", "4.png", smear(44))
        daemon = Daemon(bench, failpoint="afterDecoding:1")
        check(daemon.wait_dead(60) == -signal.SIGKILL, "the failpoint did not end the daemon")
        ledger = sqlite3.connect(bench.at("state/ledger.sqlite"))
        row = "FROM captures WHERE path = CAST('4.png' AS BLOB)"
        died = ledger.execute(f"SELECT crashes + in_progress {row}").fetchone()[0]
        check(died == 1, f"{died} deaths are charged to it, not 1")
        ledger.execute("UPDATE captures SET crashes = 5 WHERE path = CAST('4.png' AS BLOB)")
        ledger.commit()
        ledger.close()
        daemon = Daemon(bench)
        daemon.wait_for("attempts-died")
        ledger = sqlite3.connect(bench.at("state/ledger.sqlite"), timeout=10)
        ledger.execute("UPDATE captures SET due_ms = 0 WHERE state = 'pending'")
        ledger.commit()
        ledger.close()
        bench.wait_done(5)
        check(states(bench)["4.png"][0] == "failed" and "6 times" in states(bench)["4.png"][1], str(states(bench)))
        daemon.stop()
        print(f"{isolation}: deaths in the look cost three workers; six of the daemon are the end", flush=True)
        bench.remove()


def ledger():
    """Another process holds the ledger; then it goes bad under the daemon."""
    bench = Bench()
    for number in range(4):
        bench.capture("lab-b", f"{number}.png", smear(number))
    daemon = Daemon(bench, env={"NCTD_TEST_ENGINE": "copy"})
    daemon.wait_for("ready")
    bench.wait_done(4)
    other = sqlite3.connect(bench.at("state/ledger.sqlite"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    bench.capture("lab-b", "4.png", smear(4))
    time.sleep(1)
    took = daemon.stop(timeout=10)
    other.execute("ROLLBACK")
    other.close()
    daemon = Daemon(bench, env={"NCTD_TEST_ENGINE": "copy"})
    daemon.wait_for("ready")
    bench.wait_done(5)
    # Its pages are gone while the daemon has it open.
    with open(bench.at("state/ledger.sqlite"), "r+b") as file:
        size = os.path.getsize(file.name)
        file.seek(0)
        file.write(b"\xa5" * size)
    try:
        os.truncate(bench.at("state/ledger.sqlite-wal"), 0)
    except FileNotFoundError:
        pass
    bench.capture("lab-b", "5.png", smear(5))
    status = daemon.wait_dead(60)
    check(status > 0, f"the daemon ended with {status}")
    check(daemon.count("ledger-lost") == 1, f"{daemon.lines[-4:]}")
    daemon = Daemon(bench, env={"NCTD_TEST_ENGINE": "copy"})
    daemon.wait_for("ready")
    bench.wait_done(6)
    check(daemon.count("ledger-set-aside") == 1 and daemon.count("ledger-rebuilt") == 1, f"{daemon.lines}")
    daemon.stop()
    bench.check_promises()
    print(f"the ledger held by another: SIGTERM within {took:.1f} s; gone bad: ended, rebuilt, all done", flush=True)
    bench.remove()


def run():
    parts = [captures, waiting, configurations, sidecars, deaths, ledger]
    for part in parts:
        if not sys.argv[1:] or part.__name__ in sys.argv[1:]:
            part()


main(run)
