#!/usr/bin/env python3
"""Measures the classes that `nctd segment` gives, with the correction by the field's colors and without.

    Evaluation/segmentation.py                            phantoms, and the labs of ../shared/data
    Evaluation/segmentation.py --lab-a DIR --lab-b DIR

Intersection over union by class, over all pixels of a set, against the true masks of phantoms that no training has seen
and against masks made from the boxes and colors of two labs' images (Training/masks.py); and the share of white cells'
boxes with a nucleus in them. The intervals are of the correction's change, over drawings of the images with
replacement. Writes segmentation.md, .csv and .json. A data set has train/ and test/, each with images/ and labels/.
"""

import argparse
import csv
import io
import json
import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

from dataset import file_digest, split_folder
from imaging import labeled_images, read_labels, read_rgb
from metrics import draws, interval
from progress import Progress
from tables import markdown_row, none_if_nan, number, replace, span

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Training"))
from masks import CLASSES, IGNORED, NUCLEUS, masks  # noqa: E402

STAINS = ["lab-a", "lab-b", "pale", "dark", "random"]
# The training's phantoms begin at seed 1001.
FIRST_SEED, SCENES = 9001, 10
# The share of a white cell's box that must be nucleus.
LEAST_NUCLEUS = 0.05
WAYS = {"the network's own": ["--uncorrected"], "corrected": []}


def counts(seen: np.ndarray, known: np.ndarray) -> np.ndarray:
    """3 x classes: pixels that are a class in both, in what was seen, and in what is known; ignored pixels left out."""
    judged = known != IGNORED
    seen, known = seen[judged], known[judged]
    tally = lambda labels: np.bincount(labels, minlength=len(CLASSES))
    return np.stack([tally(seen[seen == known]), tally(seen), tally(known)])


def overlap(count: np.ndarray) -> np.ndarray:
    """Intersection over union of counts ... x 3 x classes; NaN for a class that is in neither."""
    both, seen, known = (count[..., row, :].astype(float) for row in range(3))
    either = seen + known - both
    return np.divide(both, either, out=np.full(both.shape, np.nan), where=either > 0)


def boxes_of(label: Path) -> list[tuple]:
    """(class, cx, cy, w, h) of a YOLO label, relative to the image."""
    return [(int(kind), (left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
            for kind, left, top, right, bottom in read_labels(label, 1, 1)]


def with_nucleus(seen: np.ndarray, corners: np.ndarray) -> tuple[int, int]:
    """How many white cells' boxes, (class, left, top, right, bottom) in pixels, have a nucleus in them, and of how many."""
    found = total = 0
    for kind, *box in corners:
        if kind != 0:
            continue
        left, top, right, bottom = (max(0, round(edge)) for edge in box)
        window = seen[top:bottom, left:right]
        total += 1
        found += bool(window.size and (window == NUCLEUS).mean() >= LEAST_NUCLEUS)
    return found, total


@dataclass
class Scene:
    """An image, its true classes and, of a lab, its boxes in pixels."""

    image: Path
    known: np.ndarray
    corners: np.ndarray | None = None


@dataclass
class Measured:
    """One set of images, segmented one way."""

    images: str
    way: str
    count: np.ndarray  # images x 3 x classes
    nuclei: tuple[int, int] = (0, 0)

    def overlaps(self, drawn: np.ndarray | None = None) -> np.ndarray:
        """By class; for drawings of the images, resamples x classes."""
        total = self.count.sum(0) if drawn is None else np.tensordot(drawn, self.count, 1)
        return overlap(total)


@dataclass
class Study:
    nctd: Path
    folder: Path
    threads: int
    commands: list[str] = field(default_factory=list)

    def run(self, *arguments) -> None:
        command = [str(self.nctd), *map(str, arguments)]
        self.commands.append(shlex.join(["nctd", *map(hidden, command[1:])]))
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            raise SystemExit(f"{self.commands[-1]} ended with {result.returncode}:\n{result.stderr.strip()}")

    def phantoms(self, first: int, scenes: int) -> list[Scene]:
        """As many scenes for each stain, no two alike."""
        result = []
        for index, stain in enumerate(STAINS):
            folder = self.folder / "phantoms" / stain
            self.run("phantom", "--output", folder, "--count", scenes, "--seed", first + index * scenes, "--stain", stain,
                     "--scale", "0.6,1.6", "--overwrite")
            for image in sorted((folder / "images").iterdir()):
                with Image.open(folder / "masks" / image.name) as mask:
                    result.append(Scene(image, np.asarray(mask.convert("L"))))
        return result

    def lab(self, name: str, folder: Path, limit: int | None) -> list[Scene]:
        pairs = labeled_images(folder / "images", folder / "labels")[:limit]
        progress = Progress(f"{name}, masks from boxes and colors", len(pairs))
        result = []
        for image, label in pairs:
            pixels = read_rgb(image)
            height, width = pixels.shape[:2]
            result.append(Scene(image, masks(pixels.astype(np.float32) / 255, boxes_of(label)),
                                read_labels(label, width, height)))
            progress.step()
        progress.end()
        return result

    def measure(self, name: str, scenes: list[Scene]) -> list[Measured]:
        """A set, segmented both ways."""
        result = []
        for number, (way, options) in enumerate(WAYS.items()):
            # Names of several folders repeat, so each folder has its own results.
            found = {}
            for folder in dict.fromkeys(scene.image.parent for scene in scenes):
                output = self.folder / f"classes-{number}" / name / folder.parent.name
                self.run("segment", *[s.image for s in scenes if s.image.parent == folder], "--output", output,
                         "--threads", self.threads, *options)
                found[folder] = output
            count, nuclei, boxes = [], 0, 0
            for scene in scenes:
                with Image.open(found[scene.image.parent] / f"{scene.image.stem}-classes.png") as file:
                    seen = np.asarray(file)
                count.append(counts(seen, scene.known))
                if scene.corners is not None:
                    inside, total = with_nucleus(seen, scene.corners)
                    nuclei, boxes = nuclei + inside, boxes + total
            result.append(Measured(name, way, np.stack(count), (nuclei, boxes)))
        return result


def hidden(text: str) -> str:
    """An argument without the folders that say where somebody keeps their data."""
    return Path(text).name if text.startswith("/") else text


def changes(own: Measured, corrected: Measured, resamples: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By class: what the correction adds to the overlap, and the 95 % interval over the same drawings of the images."""
    drawn = draws(len(own.count), resamples, seed)
    low, high = interval(corrected.overlaps(drawn) - own.overlaps(drawn))
    return corrected.overlaps() - own.overlaps(), low, high


def markdown(results: list[list[Measured]], record: dict) -> str:
    """A table of all sets, three rows each."""
    head = ["", *CLASSES, "mean", "white cells"]
    rows = [markdown_row(head), markdown_row(["---"] * len(head))]
    for own, corrected in results:
        for measured in (own, corrected):
            values = measured.overlaps()
            found, total = measured.nuclei
            rows.append(markdown_row([f"{measured.images}: {measured.way}", *map(number, [*values, np.nanmean(values)]),
                                      f"{found} of {total}" if total else "–"]))
        change = zip(*changes(own, corrected, record["resamples"], record["seed"]))
        rows.append(markdown_row([
            "change, 95 %", *["–" if np.isnan(c) else f"{c:+.3f} ({span(l, h, signed=True)})" for c, l, h in change],
            "", ""]))
    return "\n".join([
        "Intersection over union by class; white cells: boxes of which at least "
        f"{100 * LEAST_NUCLEUS:.0f} % are nucleus.", "", *rows, "",
        f"Made by `{record['command']}`; {record['nctd']}; phantoms of seeds {record['seeds'][0]} to "
        f"{record['seeds'][1]}, {record['scenes']} in each stain; intervals: {record['resamples']} drawings, seed "
        f"{record['seed']}.", ""])


def records(results: list[list[Measured]], record: dict) -> list[dict]:
    """One record a set, way and class, and one for the white cells' boxes."""
    rows = []
    for own, corrected in results:
        change = changes(own, corrected, record["resamples"], record["seed"])
        for measured in (own, corrected):
            both, seen, known = measured.count.sum(0).tolist()
            for index, name in enumerate(CLASSES):
                row = {"images": measured.images, "way": measured.way, "class": name,
                       "iou": none_if_nan(measured.overlaps()[index]), "pixels_both": both[index],
                       "pixels_seen": seen[index], "pixels_known": known[index]}
                if measured is corrected:
                    row |= {key: none_if_nan(part[index]) for key, part in zip(CHANGE, change)}
                rows.append(row)
            if measured.nuclei[1]:
                rows.append({"images": measured.images, "way": measured.way, "class": "white cell's box",
                             "boxes_with_nucleus": measured.nuclei[0], "boxes": measured.nuclei[1]})
    return rows


CHANGE = ["change", "change_low", "change_high"]
COLUMNS = ["images", "way", "class", "iou", *CHANGE, "pixels_both", "pixels_seen", "pixels_known", "boxes_with_nucleus",
           "boxes"]


def write(folder: Path, results: list[list[Measured]], record: dict) -> str:
    """segmentation.md, .csv and .json in a folder; returns the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    text, rows = markdown(results, record), records(results, record)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    replace(folder / "segmentation.md", text)
    replace(folder / "segmentation.csv", out.getvalue())
    replace(folder / "segmentation.json",
            json.dumps({"record": record, "figures": rows}, indent=1, ensure_ascii=False) + "\n")
    return text


def arguments() -> argparse.Namespace:
    shared = ROOT.parent / "shared" / "data"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lab-a", type=Path, default=shared / "lab-a", help="the lab the network was trained on")
    parser.add_argument("--lab-b", type=Path, default=shared / "lab-b", help="another lab")
    parser.add_argument("--split", default="test", help="the part of each data set to measure (default: %(default)s)")
    parser.add_argument("--limit", type=int, help="measure only the first so many images of each lab")
    parser.add_argument("--scenes", type=int, default=SCENES, help="phantoms a stain (default: %(default)s)")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED,
                        help="of the phantoms, each next one adds 1 (default: %(default)s)")
    parser.add_argument("--resamples", type=int, default=1000, help="bootstrap resamplings (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the resamplings (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--nctd", type=Path, default=ROOT / ".build" / "release" / "nctd", help="the binary")
    parser.add_argument("--output", type=Path, default=ROOT / "evaluation-output", help="where the report goes")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    if given.scenes < 1 or given.resamples < 2 or (given.limit is not None and given.limit < 1):
        raise SystemExit("--scenes and --limit must be at least 1 and --resamples at least 2")
    for path, remedy in [(given.lab_a, "name labs with --lab-a and --lab-b"),
                         (given.lab_b, "name labs with --lab-a and --lab-b"),
                         (given.nctd, "build it with `make build`, or name it with --nctd")]:
        if not path.exists():
            raise SystemExit(f"{path} is not there; {remedy}")
    folders = {name: split_folder(lab, given.split) for name, lab in (("lab A", given.lab_a), ("lab B", given.lab_b))}
    with tempfile.TemporaryDirectory() as work:
        study = Study(given.nctd.resolve(), Path(work), given.threads)
        results = [study.measure("phantoms", study.phantoms(given.first_seed, given.scenes))]
        for name, folder in folders.items():
            results.append(study.measure(name, study.lab(name, folder, given.limit)))
    program = subprocess.run([given.nctd, "--version"], capture_output=True, text=True, check=True)
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True)
    record = {
        "command": " ".join(["Evaluation/segmentation.py", *map(shlex.quote, map(hidden, sys.argv[1:]))]),
        "nctd": program.stdout.strip(), "nctd_sha256": file_digest(given.nctd), "commit": commit.stdout.strip() or None,
        "seed": given.seed, "resamples": given.resamples, "scenes": given.scenes,
        "seeds": [given.first_seed, given.first_seed + given.scenes * len(STAINS) - 1], "stains": STAINS,
        "split": given.split, "images": {own.images: len(own.count) for own, _ in results},
        "commands": [text if len(text) < 400 else text[:400] + " …" for text in study.commands],
        "packages": {name: version(name) for name in ("numpy", "pillow", "scipy")},
    }
    print(write(given.output, results, record))
    print(f"report: {given.output}/segmentation.md, .csv, .json", file=sys.stderr)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\ninterrupted; run the same command again", file=sys.stderr)
        sys.exit(130)
