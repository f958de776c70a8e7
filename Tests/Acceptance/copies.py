#!/usr/bin/env python3
"""Copies in the manner of the programs that make them, each stopped at random for longer than settle_seconds: none is
taken half, none fails. `copies.py [COUNT]`, 1000 by default."""
import os
import random
import sys
import threading
import time

from bench import Bench, Daemon, check, main, seed, sha256, smear
from shares_formats import bmp, noisy, tiff

SETTLE = 0.5


WIDTH, HEIGHT = 120, 90
ROW, BODY = 3 * WIDTH, 3 * WIDTH * HEIGHT


def showing(cut, data):
    """Nearest place where a stop shows although all space was taken beforehand (docs/daemon.md, "whole"): not in the last
    bytes, and in the last eighth of pixels that are stored as they are only inside a row."""
    cut = min(cut, len(data) - 64)
    pixels = len(data) - BODY
    is_plain = data[:2] == b"BM" or data[:2] == b"II" and 0 < pixels and data[4:8] == b"\x08\0\0\0"
    if is_plain and len(data) - cut < BODY // 7:
        cut -= (cut - pixels) % ROW - ROW // 2
    return min(cut, len(data) - 64)


def manners():
    """Each writes bytes to a path, and calls `pause` where it may stop."""
    def pieces(data, rng, is_reserved):
        cuts = sorted(rng.randrange(1, len(data)) for _ in range(rng.randrange(1, 4)))
        if is_reserved:
            cuts = [showing(cut, data) for cut in cuts]
        return zip([0, *cuts], [*cuts, len(data)])

    def write(path, data, rng, pause, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC, before=None):
        descriptor = os.open(path, flags)
        try:
            if before:
                before(descriptor)
            for start, end in pieces(data, rng, before is not None):
                os.pwrite(descriptor, data[start:end], start)
                pause()
        finally:
            os.close(descriptor)

    def cp(path, *rest): write(path, *rest)

    def rsync(path, *rest):
        folder, name = os.path.split(path)
        write(f"{folder}/.{name}.Xa93Kq", *rest)
        os.rename(f"{folder}/.{name}.Xa93Kq", path)

    def rsync_inplace(path, *rest): write(path, *rest, flags=os.O_WRONLY | os.O_CREAT)

    def preallocating(path, data, *rest):
        write(path, data, *rest, before=lambda descriptor: os.posix_fallocate(descriptor, 0, len(data)))

    def extending(path, data, *rest):
        write(path, data, *rest, before=lambda descriptor: os.ftruncate(descriptor, len(data)))

    def browser(path, *rest):
        write(path + ".part", *rest)
        os.rename(path + ".part", path)
    return [cp, rsync, rsync_inplace, preallocating, extending, browser]


def run():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rng = random.Random(seed())
    bench = Bench(settle=SETTLE)
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    stops = [0]

    def copy(number, random_numbers):
        def pause():
            if random_numbers.random() < 0.5:
                stops[0] += 1
                time.sleep(SETTLE * random_numbers.uniform(2, 5))
        manner = manners()[number % 6]
        picture = number % 4
        data = (smear(number) if picture < 2 else bmp(WIDTH, HEIGHT, noisy(number, WIDTH, HEIGHT)) if picture == 2
                else tiff(WIDTH, HEIGHT, noisy(number, WIDTH, HEIGHT), number % 8 == 3, number % 16 > 8))
        ending = "png" if picture < 2 else "bmp" if picture == 2 else "tif"
        path = os.path.join(bench.labs[["lab-a", "lab-b"][number % 2]], f"{number}.{ending}")
        manner(path, data, random_numbers, pause)
        return path, data

    def work(numbers):
        for number in numbers:
            path, data = copy(number, random.Random(seeds[number]))
            made[path] = data
    seeds, made = [rng.random() for _ in range(count)], {}
    threads = [threading.Thread(target=work, args=(range(start, count, 16),)) for start in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bench.digests = {path: sha256(data) for path, data in made.items()}
    bench.wait_done(count, timeout=900)
    # The log is read a moment later.
    daemon.wait_for("done", count=count - daemon.count("failed"))
    failed = daemon.count("failed")
    done = daemon.count("done")
    check(failed == 0, f"{failed} failed: {[line for line in daemon.lines if '[failed]' in line][:3]}")
    check(done == count, f"{count} copies were done {done} times: some were taken half")
    daemon.stop()
    bench.check_promises(ignored=bench.totals()["ignored"])
    print(f"{count} copies in 6 manners, stopped {stops[0]} times: none taken half, none failed", flush=True)
    bench.remove()


main(run)
