#!/usr/bin/env python3
"""What others take for parts of our work, in one run and as medians: the yardsticks of `make bench`.

Needs numpy; measures besides what is installed of torch (VGG-19 to relu2_1), torchstain (Macenko, NumPy backend) and
OpenCV or Pillow (decoding and encoding a PNG). Times are processor time of one thread, so that a busy machine matters
little, or wall time of THREADS threads.

usage: references.py [THREADS] [--json]
"""

import json
import os
import statistics
import sys
import time

NUMBERS = [argument for argument in sys.argv[1:] if argument.isdigit()]
THREADS = int(NUMBERS[0]) if NUMBERS else 1
JSON = "--json" in sys.argv[1:]
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(THREADS)

try:
    import numpy as np  # only now: the number of threads is read when it loads
except ImportError:
    sys.exit("no numpy: nothing to measure the engine against")

SIDE = 500
RUNS = 5
clock = time.process_time if THREADS == 1 else time.perf_counter


def median(work):
    work()
    times = []
    for _ in range(RUNS):
        start = clock()
        work()
        times.append(clock() - start)
    return statistics.median(times)


FOUND = {}


def report(name, seconds, note=""):
    FOUND[name] = 1e3 * seconds
    if not JSON:
        print(f"{name:<52} {1e3 * seconds:9.1f} ms  {note}")


def missing(name):
    print(f"no {name}", file=sys.stderr if JSON else sys.stdout)


def image():
    """Cells on a bright ground, in Macenko's two stains' colors more or less."""
    generator = np.random.default_rng(1)
    y, x = np.mgrid[:SIDE, :SIDE]
    density = np.zeros((SIDE, SIDE, 2))
    for stain, count in ((0, 60), (1, 8)):
        for cx, cy in generator.uniform(0, SIDE, (count, 2)):
            density[..., stain] += (x - cx) ** 2 + (y - cy) ** 2 < generator.uniform(15, 30) ** 2
    stains = np.array([[0.2, 0.8, 0.5], [0.7, 0.6, 0.3]])
    noise = generator.normal(0, 0.02, (SIDE, SIDE, 3))
    return np.clip(240 * np.exp(-0.6 * density @ stains + noise), 0, 255).astype(np.uint8)


def main():
    # The products of the plain convolutions to relu2_1: pixels by 9 inputs by outputs.
    layers = [(SIDE * SIDE, 27, 64), (SIDE * SIDE, 576, 64), (SIDE * SIDE // 4, 576, 128)]
    operations = 2 * sum(a * b * c for a, b, c in layers)
    generator = np.random.default_rng(2)
    a, b = (generator.random((768, 768), dtype=np.float32) for _ in range(2))
    rate = 2 * 768**3 / median(lambda: a @ b)
    report("SGEMM of as many operations as VGG-19 to relu2_1", operations / rate, f"{rate / 1e9:.0f} GFLOP/s")

    try:
        import torch

        torch.set_num_threads(THREADS)
        nn = torch.nn
        network = nn.Sequential(
            nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(True), nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(True),
            nn.MaxPool2d(2), nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(True))
        sample = torch.rand(1, 3, SIDE, SIDE)
        with torch.inference_mode():
            report("PyTorch, VGG-19 to relu2_1", median(lambda: network(sample)), f"torch {torch.__version__}")
    except ImportError:
        missing("torch")

    picture = image()
    try:
        from torchstain.numpy.normalizers import NumpyMacenkoNormalizer

        normalizer = NumpyMacenkoNormalizer()
        normalizer.fit(picture)
        report("torchstain, Macenko", median(lambda: normalizer.normalize(I=picture, stains=False)))
    except ImportError:
        missing("torchstain")

    try:
        import cv2

        cv2.setNumThreads(THREADS)
        data = cv2.imencode(".png", picture)[1]
        report("OpenCV, decoding a PNG", median(lambda: cv2.imdecode(data, cv2.IMREAD_COLOR)))
        report("OpenCV, encoding it", median(lambda: cv2.imencode(".png", picture)))
    except ImportError:
        missing("OpenCV")


main()
if JSON:
    print(json.dumps(FOUND))
