#!/usr/bin/env python3
"""Files on shares: copies that pause, times and names that lie, inputs that are kept. `shares_files.py ROW …` runs those
rows alone."""
import os
import shutil
import subprocess
import tempfile
import time

from bench import NCTD, Bench, Daemon, check, main, png, sha256, smear
from mounts import row, run_rows
from shares_formats import bmp, noisy, tiff


@row("preallocated")
def preallocated():
    """Copies that take all room first and stop in the middle: pending, never failed, never delivered half."""
    bench = Bench(watch_extra="patience_seconds = 600")
    pictures = {f"{name}.{number}": data for number, (name, data) in enumerate(formats())}
    paths = {}
    for fill in ["hole", "zeros"]:
        for name, data in pictures.items():
            kind = name.split(".")[0]
            # Pixels that are stored as they are may be zeros; only room that was never written tells then.
            if fill == "zeros" and kind in ["tiff-strips-last"]:
                continue
            for part in [0.3, 0.6]:
                file = f"{fill}-{part}-{name}.{'tif' if kind.startswith('tiff') else kind}"
                path = os.path.join(bench.labs["lab-a"], file)
                with open(path, "wb") as target:
                    written = int(len(data) * part)
                    target.write(data[:written])
                    if fill == "zeros":
                        target.write(bytes(len(data) - written))
                    else:
                        os.posix_fallocate(target.fileno(), 0, len(data))
                    target.flush()
                    os.fsync(target.fileno())
                paths[path] = data
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    time.sleep(5)
    total = bench.totals()
    check(total == dict(done=0, failed=0, ignored=0, pending=len(paths)), f"{total}: {bench.nctd('failures').stdout}"
          f"{[line for line in daemon.lines if '[done]' in line]}")
    explained = bench.nctd("explain", next(iter(paths))).stdout
    check("not whole" in explained, f"explain does not say why: {explained}")
    for path, data in paths.items():
        with open(path, "r+b") as file:
            file.write(data)
        bench.digests[path] = sha256(data)
    bench.wait_done(len(paths))
    daemon.stop()
    bench.check_promises()
    print(f"  {len(paths)} halves of {len(pictures)} files waited, and were done when they were whole", flush=True)
    bench.remove()


def formats():
    """The same smear as PNG, JPEG, TIFF (strips stored and packed, directory first and last) and BMP."""
    rows = noisy(1, 320, 240)
    yield "png", png(320, 240, rows)
    yield "bmp", bmp(320, 240, rows)
    for packed in [False, True]:
        for last in [False, True]:
            yield f"tiff-{'packed' if packed else 'strips'}-{'last' if last else 'first'}", tiff(320, 240, rows, packed, last)
    jpeg = jpeg_of(png(320, 240, rows))
    if jpeg:
        yield "jpg", jpeg


def jpeg_of(data):
    """By the program itself, for Python has no encoder."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ["a.png", "b.png"]:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        result = subprocess.run(
            [NCTD, "normalize", f"{folder}/a.png", "--reference", f"{folder}/b.png", "--format", "jpeg", "--output",
             f"{folder}/out", "--no-cache"], capture_output=True)
        made = [name for name in os.listdir(f"{folder}/out") if name.startswith("a.jp") and not name.endswith("json")]
        check(result.returncode in [0, 1] and made, f"no JPEG: {result.stderr}")
        with open(f"{folder}/out/{made[0]}", "rb") as file:
            return file.read()


@row("same-time")
def same_size_and_time():
    """Other bytes of the same size and time, while the daemon is stopped and on a root that is scanned: noticed."""
    bench = Bench(watch_extra='mode = "scan"\nscan_interval_seconds = 1')
    path = bench.capture("lab-a", "1.png", uncompressed(1))
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.wait_done(1)

    def replace(seed):
        data = uncompressed(seed)
        status = os.stat(path)
        with open(path, "r+b") as file:
            file.write(data)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        check(os.stat(path).st_size == status.st_size, "the test's files differ in size")
        bench.digests[path] = sha256(data)

    def wait_for(count):
        deadline = time.monotonic() + 30
        while daemon.count("done") < count:
            check(time.monotonic() < deadline, f"not noticed: {daemon.lines[-3:]}")
            time.sleep(0.1)
    replace(2)
    wait_for(2)
    daemon.stop()
    replace(3)
    verify = bench.nctd("verify", "--captures")
    check(verify.returncode == 1 and "other bytes" in verify.stdout, f"verify --captures: {verify.stdout}")
    daemon = Daemon(bench)
    wait_for(1)
    bench.wait_done(1)
    daemon.stop()
    check(bench.nctd("verify", "--captures").returncode == 0, "verify --captures finds something")
    bench.remove()


def uncompressed(seed):
    return bmp(96, 72, noisy(seed, 96, 72))


@row("names")
def names():
    """Names as long as may be, and folders that are named like what we make: each done, or failed with that reason."""
    bench = Bench()
    long = "n" * 251
    files = [f"{long}.png", f"{long[:-1]}x.png", f"{'ü' * 125}.png", "held/1.png", "x.png", "x.png.json/2.png",
             "x.png.v1/3.png", "x.png.v1.json/4.png", ("d" * 255) + "/5.png", "/".join(["e" * 200] * 8) + "/6.png"]
    for number, name in enumerate(files):
        bench.capture("lab-a", name, smear(number))
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    bench.wait_done(len(files))
    # Another content keeps the older result as a version, also of the longest names.
    for number, name in enumerate(files):
        bench.capture("lab-a", name, smear(100 + number))
    daemon.wait_for("done", count=2 * len(files))
    bench.wait_done(len(files))
    daemon.stop()
    bench.check_promises(versions=1)
    # An image that lost its sidecar, and a leftover, are found.
    image = [path for path in bench.output_files() if path.endswith(".png")][0]
    os.unlink(image + ".json")
    with open(os.path.join(bench.output, ".nctd-1234.tmp"), "wb") as file:
        file.write(b"x")
    verify = bench.nctd("verify")
    check(verify.returncode == 1 and "without a sidecar" in verify.stdout and "left behind" in verify.stdout,
          f"verify: {verify.stdout}")
    bench.remove()


@row("kept")
def kept_files():
    """No input and no reference is ever written to, whatever the flags."""
    bench = Bench()
    folder = bench.at("one")
    os.makedirs(folder)
    for name in ["a.png", "reference.png"]:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(smear(len(name)))
    before = {name: sha256(open(os.path.join(folder, name), "rb").read()) for name in os.listdir(folder)}
    a, reference = os.path.join(folder, "a.png"), os.path.join(folder, "reference.png")
    os.makedirs(bench.at("two"))
    other = bench.at("two/reference.png")
    shutil.copy(a, other)
    for arguments in [["normalize", a, "--reference", reference, "--output", folder, "--overwrite"],
                      ["normalize", other, "--reference", reference, "--output", folder, "--overwrite"],
                      ["compare", a, reference, "--output", reference, "--overwrite"],
                      ["restain", a, "--output", folder, "--overwrite"]]:
        result = subprocess.run([NCTD, *arguments], capture_output=True, text=True)
        check(result.returncode != 0, f"{arguments} went on: {result.stdout}")
        check("take the place" in result.stderr or arguments[0] == "restain", f"{arguments}: {result.stderr}")
        now = {name: sha256(open(os.path.join(folder, name), "rb").read()) for name in before}
        check(now == before, f"{arguments} wrote to what it reads")
    bench.remove()


@row("clocks")
def clocks():
    """Captures of 1970 and of next century: settled and done by when we saw them, without a wait of their own."""
    bench = Bench()
    daemon = Daemon(bench)
    daemon.wait_for("ready")
    begin = time.monotonic()
    for number, when in enumerate([0, 1, time.time() + 86400 * 3650, time.time() + 3600, 4_000_000_000]):
        path = bench.capture("lab-a", f"{number}.png", smear(number))
        os.utime(path, (when, when))
    bench.wait_done(5)
    check(time.monotonic() - begin < 60, "they were waited for")
    daemon.stop()
    bench.check_promises()
    bench.remove()


main(run_rows)
