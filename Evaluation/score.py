#!/usr/bin/env python3
"""Scores YOLO detectors on a folder of images with labels: precision, recall and average precision by class.

    Evaluation/score.py --detector D.onnx [--detector D2.onnx] --images DIR --labels DIR [--json]

Prints precision, recall, mAP@0.5 and mAP@0.5:0.95 of every class and their mean. Images belong to labels by name
without extension.
The defaults are those of the ultralytics package's own validation, whose average precisions they reproduce within 0.005.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from detector import Detector
from imaging import labeled_images, read_labels, read_rgb
from metrics import FIGURES, Found, Sample, with_package
from precision import correct_detections

CLASSES = ["WBC", "RBC", "platelet"]


def score(
    detector_path: Path,
    images: Path,
    labels: Path,
    *,
    threads: int = 2,
    confidence: float = 0.001,
    overlap: float = 0.7,
    limit: int = 300,
    shrink: str = "linear",
    clip: bool = False,
    classes: list[str] = CLASSES,
) -> dict[str, dict[str, float]]:
    """Scores one detector: {class or "all": {"precision", "recall", "ap50", "ap", "labels"}}; NaN without labels."""
    detector = Detector(detector_path, threads)
    found, label_counts = [], np.zeros(len(classes), int)
    for image_path, label_path in labeled_images(images, labels):
        pixels = read_rgb(image_path)
        height, width = pixels.shape[:2]
        truth = read_labels(label_path, width, height)
        boxes = detector.locate(pixels, confidence, overlap, limit, shrink)
        if clip:
            boxes[:, :4] = boxes[:, :4].clip(0, [width, height, width, height])
        found.append(Found(correct_detections(boxes, truth), boxes[:, 4], boxes[:, 5], truth[:, 0]))
        label_counts += np.bincount(truth[:, 0].astype(int), minlength=len(classes))
    figures = with_package(found, len(classes))
    if figures is None:
        figures = Sample(found, len(classes)).measure()
    counts = [*label_counts, label_counts.sum()]
    return {
        name: dict(zip(FIGURES, map(float, row))) | {"labels": int(count)}
        for name, row, count in zip([*classes, "all"], figures, counts)
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detector", type=Path, action="append", required=True, help="an ONNX file; may be repeated")
    parser.add_argument("--images", type=Path, required=True, help="folder of images, walked")
    parser.add_argument("--labels", type=Path, required=True, help="folder of YOLO labels, NAME.txt")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--confidence", type=float, default=0.001, help="least score of a detection")
    parser.add_argument("--overlap", type=float, default=0.7, help="IoU above which suppression removes a box")
    parser.add_argument("--max-detections", type=int, default=300, help="most detections an image")
    parser.add_argument("--shrink", choices=["area", "linear"], default="linear", help="how large images are reduced")
    parser.add_argument("--clip", action="store_true", help="cut boxes at the image's border, where labels end")
    parser.add_argument("--classes", default=",".join(CLASSES), help="names joined by commas (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    for path in [*given.detector, given.images, given.labels]:
        if not path.exists():
            print(f"score.py: {path} does not exist", file=sys.stderr)
            return 2
    report = {}
    for path in given.detector:
        report[path.stem] = score(
            path,
            given.images,
            given.labels,
            threads=given.threads,
            confidence=given.confidence,
            overlap=given.overlap,
            limit=given.max_detections,
            shrink=given.shrink,
            clip=given.clip,
            classes=given.classes.split(","),
        )
    if given.json:
        print(json.dumps(report, indent=2))
        return 0
    head = ("P", "R", "mAP@0.5", "mAP@0.5:0.95")
    print(f"{'detector':<28}{'class':<10}{'labels':>7}" + "".join(f"{title:>14}" for title in head))
    for name, classes in report.items():
        for category, entry in classes.items():
            figures = "".join(f"{entry[figure]:>14.3f}" for figure in FIGURES)
            print(f"{name:<28}{category:<10}{entry['labels']:>7}{figures}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
