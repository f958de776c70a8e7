"""What a detector finds in a set of images, with its figures and their resamplings; kept and taken up again."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from dataset import ImageSet, file_digest, key_of
from detector import Detector
from imaging import read_labels, read_rgb
from metrics import Found, Sample, draws, group_draws, resample, with_package
from precision import IOU_THRESHOLDS, correct_detections
from progress import Progress

# The defaults of the package's own validation, see score.py.
CONFIDENCE, OVERLAP, LIMIT, SHRINK = 0.001, 0.7, 300, "linear"


@dataclass
class DetectorFile:
    """A detector by its name in the tables, loaded when it is first needed."""

    name: str
    path: Path

    def __post_init__(self):
        self.digest = file_digest(self.path)
        self._loaded = None

    def loaded(self, threads: int) -> Detector:
        if self._loaded is None:
            self._loaded = Detector(self.path, threads)
        return self._loaded


@dataclass
class Detections:
    """Boxes (left, top, right, bottom, score, class) of each image, and which of them are right."""

    key: str
    boxes: list[np.ndarray]
    found: list[Found]


def save_whole(path: Path, **arrays) -> None:
    """Writes an npz beside its place and moves it there, so that an interruption leaves nothing half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    with open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    temporary.rename(path)


def find(detector: DetectorFile, images: ImageSet, work: Path, threads: int, title: str) -> Detections:
    """Detects in every image, or reads what was detected before."""
    key = key_of("detections 1", detector.digest, images.digest, CONFIDENCE, OVERLAP, LIMIT, SHRINK)
    path = work / "detections" / f"{key}.npz"
    truths = []
    for image, label in images.pairs:
        with Image.open(image) as opened:
            truths.append(read_labels(label, *opened.size))
    if not path.is_file():
        progress = Progress(title, len(images.pairs))
        boxes, correct = [], []
        model = detector.loaded(threads)
        for (image, _), truth in zip(images.pairs, truths):
            found = model.locate(read_rgb(image), CONFIDENCE, OVERLAP, LIMIT, SHRINK)
            boxes.append(found)
            correct.append(correct_detections(found, truth))
            progress.step()
        progress.end()
        save_whole(path, boxes=np.concatenate(boxes), correct=np.concatenate(correct),
                   ends=np.cumsum([len(b) for b in boxes]))
    with np.load(path) as kept:
        boxes = np.split(kept["boxes"], kept["ends"][:-1])
        correct = np.split(kept["correct"], kept["ends"][:-1])
    return Detections(key, boxes, [
        Found(c.reshape(-1, len(IOU_THRESHOLDS)), b[:, 4], b[:, 5], t[:, 0]) for c, b, t in zip(correct, boxes, truths)])


@dataclass
class Measured:
    """Figures, (classes + 1) x 4, and the same of every resampling of the images."""

    point: np.ndarray
    resampled: np.ndarray
    by_package: bool


def measure(found: Detections, class_count: int, resamples: int, seed: int, work: Path, title: str,
            groups: list[str] | None = None) -> Measured:
    """The figures and their resamplings; the same seed draws the same images for every row of a set.

    Images of one of the `groups` are not independent, and are drawn together.
    """
    sample = Sample(found.found, class_count)
    own = sample.measure()
    package = with_package(found.found, class_count)
    if package is not None and not np.allclose(own, package, rtol=0, atol=1e-6, equal_nan=True):
        raise SystemExit(f"{title}: ultralytics' own function gives {package.tolist()}, metrics.py {own.tolist()}")
    key = key_of("resampled 1", found.key, class_count, resamples, seed, *([groups] if groups else []))
    path = work / "resampled" / f"{key}.npz"
    if not path.is_file():
        progress = Progress(f"{title}, intervals", resamples)
        drawn = group_draws(groups, resamples, seed) if groups else draws(sample.image_count, resamples, seed)
        values = resample(sample, drawn, progress.step)
        progress.end()
        save_whole(path, values=values)
    with np.load(path) as kept:
        return Measured(own if package is None else package, kept["values"], package is not None)
