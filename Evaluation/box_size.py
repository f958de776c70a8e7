#!/usr/bin/env python3
"""How much of a class's average precision is the size of its boxes: every box is found again at other sizes.

    Evaluation/box_size.py --detector D.onnx --labels DIR --images DIR [--images DIR …] [--class WBC] [--json]

Labels of two labs may be drawn more or less widely around the same cell, and a detector repeats the habit of the lab that
it was trained on. Scaled about their centers and cut at the image's border, one lab's boxes become the other's: what two
folders of images still differ by at the factor that suits both is what the detector sees differently. Choose the factor
on training images. Prints mAP@0.5:0.95 of the class by factor for each folder.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from detections import CONFIDENCE, LIMIT, OVERLAP, SHRINK
from detector import Detector
from imaging import labeled_images, read_labels, read_rgb
from metrics import FIGURES, Found, Sample
from precision import correct_detections
from score import CLASSES

FACTORS = [0.86, 0.88, 0.9, 0.92, 0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06, 1.08, 1.1, 1.12, 1.14]


def scaled(boxes: np.ndarray, factor: float, width: int, height: int) -> np.ndarray:
    """Boxes (x0, y0, x1, y1, …) made `factor` times as large about their centers, cut at the image's border."""
    result = boxes.copy()
    for low, high, limit in ((0, 2, width), (1, 3, height)):
        center, half = (boxes[:, low] + boxes[:, high]) / 2, (boxes[:, high] - boxes[:, low]) / 2 * factor
        result[:, low], result[:, high] = (center - half).clip(0, limit), (center + half).clip(0, limit)
    return result


def detections(detector: Detector, images: Path, labels: Path) -> list[tuple[np.ndarray, np.ndarray, int, int]]:
    """Boxes found, labels, width and height of each image."""
    found = []
    for image, label in labeled_images(images, labels):
        pixels = read_rgb(image)
        height, width = pixels.shape[:2]
        boxes = detector.locate(pixels, CONFIDENCE, OVERLAP, LIMIT, SHRINK)
        found.append((boxes, read_labels(label, width, height), width, height))
    return found


def average_precision(found: list[tuple[np.ndarray, np.ndarray, int, int]], kind: int, factor: float) -> float:
    images = []
    for boxes, truth, width, height in found:
        own = boxes[:, 5] == kind
        boxes = boxes.copy()
        boxes[own] = scaled(boxes[own], factor, width, height)
        images.append(Found(correct_detections(boxes, truth), boxes[:, 4], boxes[:, 5], truth[:, 0]))
    return float(Sample(images, len(CLASSES)).measure()[kind][FIGURES.index("ap")])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detector", type=Path, required=True)
    parser.add_argument("--images", type=Path, action="append", required=True, help="repeatable")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--class", dest="kind", choices=CLASSES, default=CLASSES[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    detector = Detector(options.detector, options.threads)
    figures = {}
    for images in options.images:
        found = detections(detector, images, options.labels)
        figures[str(images)] = {f"{f:g}": average_precision(found, CLASSES.index(options.kind), f) for f in FACTORS}
        if not options.json:
            print(f"{images}: " + "  ".join(f"{k} {v:.3f}" for k, v in figures[str(images)].items()), flush=True)
    if options.json:
        print(json.dumps({"class": options.kind, "figure": "mAP@0.5:0.95", "by_factor": figures}, indent=2))


if __name__ == "__main__":
    main()
