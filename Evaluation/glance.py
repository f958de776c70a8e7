#!/usr/bin/env python3
"""A glance at what a change of color does to several labs: a line a lab, within a minute or so.

    Evaluation/glance.py                                         the labs' own images
    Evaluation/glance.py --results DIR                           DIR/lab-b, DIR/lab-c, … hold the images by the same names
    Evaluation/glance.py --lab lab-c=DIR [--lab lab-d=DIR]       these alone
    Evaluation/glance.py --kinds-detector kinds.onnx --kinds-detector kinds-no-hsv.onnx      the five kinds too

White cells by each --detector of classes WBC, RBC, platelet: mAP@0.5:0.95, share found at IoU 0.5. Labs with masks: the
a*b* distance of eosinophils' and of lymphocytes' cytoplasm to neutrophils'. By each --kinds-detector: mAP@0.5,
mAP@0.5:0.95, mean error of a kind's share in points and the largest. Lab B: each class's mAP@0.5:0.95. No intervals:
`make evaluate ARGS=--labs` has them.
"""

import argparse
import os
import sys
from pathlib import Path

from cells import look
from dataset import ImageSet, split_folder
from detections import DetectorFile, find
from kind_colors import PAIRS, cytoplasm
from kind_figures import best_threshold, count, found, white_cells
from kinds import KindLab, parse_factor, read_lab
from metrics import Sample

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
DETECTORS = ["detector-lab-a.onnx", "detector-lab-a-no-hsv.onnx"]
KIND_LABS = ["lab-c", "lab-d", "lab-f"]


def kind_line(lab: KindLab, detectors: list[DetectorFile], kinds_detectors: list[DetectorFile],
              thresholds: dict[str, float], work: Path | None, threads: int) -> dict[str, float]:
    """The figures of a lab with kinds, by name."""
    figures = {}
    for detector in detectors:
        seen = look(detector, lab, work, threads, f"{lab.name}, {detector.name}")
        figures[f"{detector.name} mAP"] = Sample(found(seen, lab.fields, True), 1).measure()[-1, 3]
        figures[f"{detector.name} found"] = white_cells(seen, lab.fields).share_found()
    colors = cytoplasm(lab)
    if colors is not None:
        for first, second in PAIRS:
            figures[f"{first[:3]}-{second[:3]}"] = colors.distance(first, second)
    for detector in kinds_detectors:
        seen = look(detector, lab, work, threads, f"{lab.name}, {detector.name}")
        measured = Sample(found(seen, lab.fields, False), len(lab.kinds)).measure()[-1]
        figures[f"{detector.name} mAP@0.5"], figures[f"{detector.name} mAP"] = measured[2], measured[3]
        errors = count(seen, lab, thresholds[detector.name]).errors()
        figures[f"{detector.name} count off"], figures[f"{detector.name} at most"] = errors
    return figures


def class_line(images: ImageSet, detectors: list[DetectorFile], work: Path, threads: int) -> dict[str, float]:
    """Lab B: each class's mAP@0.5:0.95."""
    figures = {}
    for detector in detectors:
        measured = Sample(find(detector, images, work, threads, f"{images.name}, {detector.name}").found, 3).measure()
        for index, name in enumerate(("WBC", "RBC", "platelet")):
            figures[f"{detector.name} {name}"] = measured[index, 3]
    return figures


def thresholds(detectors: list[DetectorFile], lab: KindLab, work: Path | None, threads: int) -> dict[str, float]:
    """From which score on each detector's cells are counted, chosen on the training lab's test images."""
    return {detector.name: best_threshold(look(detector, lab, work, threads, f"{lab.name}, {detector.name}"),
                                          lab.fields, len(lab.kinds)) for detector in detectors}


def shown(name: str, figures: dict[str, float]) -> str:
    parts = []
    for key, value in figures.items():
        parts.append(f"{key} {value:.1f}" if value > 1 or "count" in key or "most" in key else f"{key} {value:.3f}")
    return f"{name}: " + ", ".join(parts)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED, help="folder of lab-a-kinds, lab-b, lab-c, lab-d, lab-f")
    parser.add_argument("--results", type=Path, help="folder with a folder of images for each lab")
    parser.add_argument("--lab", action="append", default=[], metavar="LAB=DIR", help="a lab's images; repeatable")
    parser.add_argument("--only", action="append", help="a lab's name; repeatable (default: all that there are)")
    parser.add_argument("--detector", type=Path, action="append", help="ONNX file of three classes; repeatable")
    parser.add_argument("--kinds-detector", type=Path, action="append", default=[], help="ONNX file of seven kinds")
    parser.add_argument("--limit", type=int, help="only the first so many fields a lab")
    parser.add_argument("--every", type=int, default=1, help="every so manieth field of labs with kinds, for a start")
    parser.add_argument("--magnify", type=parse_factor, action="append", default=[], metavar="LAB=FACTOR",
                        help="scale a lab by this, not to the training lab's size")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--work", type=Path, default=Path("evaluation-output") / "work", help="where results are kept")
    return parser.parse_args()


def folders(given: argparse.Namespace) -> dict[str, Path | None]:
    """Each lab to look at with its images; None for its own."""
    named = dict(text.split("=", 1) if "=" in text else sys.exit(f"--lab {text}: write LAB=DIR") for text in given.lab)
    unknown = set(named) - {"lab-b", *KIND_LABS}
    if unknown:
        raise SystemExit(f"--lab {', '.join(sorted(unknown))}: the labs are lab-b, {', '.join(KIND_LABS)}")
    result = {}
    for name in ["lab-b", *KIND_LABS]:
        folder = named.get(name) or (given.results / name if given.results and (given.results / name).is_dir() else None)
        if folder is not None:
            result[name] = Path(folder)
        elif not named and not given.results:
            result[name] = None
    if not result:
        raise SystemExit(f"{given.results}: has no folder lab-b, {', '.join(KIND_LABS)}")
    return {name: folder for name, folder in result.items() if not given.only or name in given.only}


def main() -> int:
    given = arguments()
    detectors = [DetectorFile(path.stem, path) for path in given.detector or [given.data / name for name in DETECTORS]]
    kinds_detectors = [DetectorFile(path.stem, path) for path in given.kinds_detector]
    limits = {}
    if kinds_detectors:
        test = read_lab(given.data / "lab-a-kinds", "lab-a-kinds", "test")
        limits = thresholds(kinds_detectors, test, given.work, given.threads)
    for name, folder in folders(given).items():
        if name == "lab-b":
            part = split_folder(given.data / name, "test")
            images = ImageSet.of(name, part / "images", part / "labels", given.limit)
            images = images.with_images(name, folder) if folder else images
            print(shown(name, class_line(images, detectors, given.work, given.threads)), flush=True)
            continue
        lab = read_lab(given.data / name, name).magnified(dict(given.magnify)).some(given.limit, given.every)
        lab = lab.with_images(folder) if folder else lab
        line = shown(name, kind_line(lab, detectors, kinds_detectors, limits, given.work, given.threads))
        print(f"{line} (cells {lab.cell:.0f} pixels, x {lab.magnification():.2f})", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
