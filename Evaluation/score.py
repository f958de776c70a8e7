#!/usr/bin/env python3
"""Scores YOLO detectors on a folder of images with labels: average precision by class.

    Evaluation/score.py --detector D.onnx [--detector D2.onnx] --images DIR --labels DIR [--json]

Prints mAP@0.5 and mAP@0.5:0.95 of every class and their mean. Images belong to labels by name without extension.
The defaults are those of the ultralytics package's own validation, whose figures they reproduce within 0.005.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from detector import Detector
from imaging import labeled_images, letterbox, read_labels, read_rgb
from precision import average_precision, correct_detections

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
) -> dict[str, dict[str, float]]:
    """Scores one detector: {class or "all": {"ap50": ..., "ap": ..., "labels": ...}}."""
    detector = Detector(detector_path, threads)
    correct, scores, categories, label_counts = [], [], [], np.zeros(len(CLASSES), int)
    for image_path, label_path in labeled_images(images, labels):
        pixels = read_rgb(image_path)
        height, width = pixels.shape[:2]
        truth = read_labels(label_path, width, height)
        square, scale, left, top = letterbox(pixels, detector.side, shrink)
        found = detector.detect(square, confidence, overlap, limit)
        found[:, :4] = (found[:, :4] - [left, top, left, top]) / scale
        if clip:
            found[:, :4] = found[:, :4].clip(0, [width, height, width, height])
        correct.append(correct_detections(found, truth))
        scores.append(found[:, 4])
        categories.append(found[:, 5])
        label_counts += np.bincount(truth[:, 0].astype(int), minlength=len(CLASSES))
    all_correct, all_scores, all_categories = map(np.concatenate, (correct, scores, categories))
    result = {}
    for category, name in enumerate(CLASSES):
        mine = all_categories == category
        precision = average_precision(all_correct[mine], all_scores[mine], int(label_counts[category]))
        result[name] = {
            "ap50": float(precision[0]),
            "ap": float(precision.mean()),
            "labels": int(label_counts[category]),
        }
    present = [entry for entry in result.values() if entry["labels"]]
    result["all"] = {
        "ap50": float(np.mean([entry["ap50"] for entry in present])),
        "ap": float(np.mean([entry["ap"] for entry in present])),
        "labels": int(label_counts.sum()),
    }
    return result


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
        )
    if given.json:
        print(json.dumps(report, indent=2))
        return 0
    print(f"{'detector':<28}{'class':<10}{'labels':>7}{'mAP@0.5':>10}{'mAP@0.5:0.95':>14}")
    for name, classes in report.items():
        for category, entry in classes.items():
            print(f"{name:<28}{category:<10}{entry['labels']:>7}{entry['ap50']:>10.3f}{entry['ap']:>14.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
