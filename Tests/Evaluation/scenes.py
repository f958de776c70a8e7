"""What the tests share: the path to Evaluation/, and constructed detections."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Evaluation"))

from metrics import Found  # noqa: E402
from precision import correct_detections  # noqa: E402


def found(detections, labels):
    """Detections as (left, top, right, bottom, score, class), labels as (class, left, top, right, bottom)."""
    boxes = np.array(detections, float).reshape(-1, 6)
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    truth = np.array(labels, float).reshape(-1, 5)
    return Found(correct_detections(boxes, truth), boxes[:, 4], boxes[:, 5], truth[:, 0])


def square(x, y, side=10):
    return (x, y, x + side, y + side)


def random_images(seed, count=12, classes=3):
    """Images with labels, detections near them, misses and inventions."""
    rng = np.random.default_rng(seed)
    images = []
    for _ in range(count):
        labels, detections = [], []
        for _ in range(rng.integers(1, 9)):
            category, x, y = rng.integers(classes), *rng.uniform(0, 200, 2)
            labels.append((category, *square(x, y, 20)))
            if rng.random() < 0.8:
                dx, dy = rng.normal(0, 2, 2)
                detections.append((*square(x + dx, y + dy, 20), rng.uniform(0.05, 1), category))
        for _ in range(rng.integers(0, 5)):
            detections.append((*square(*rng.uniform(0, 200, 2), 20), rng.uniform(0.01, 0.8), rng.integers(classes)))
        images.append(found(detections, labels))
    return images
