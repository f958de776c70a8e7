"""Precision, recall and average precision of a set of images, and their bootstrap intervals.

The definitions are those of the ultralytics package (`ultralytics.utils.metrics.ap_per_class`): precision and recall
are read at the one confidence, for all classes, where the mean F1 over the classes is greatest after smoothing. Where
that package is installed, the point values come from its own function; the intervals always come from this file, which
agrees with it to rounding.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from precision import IOU_THRESHOLDS, average_precision

FIGURES = ["precision", "recall", "ap50", "ap"]
CONFIDENCES = np.linspace(0, 1, 1000)
SMOOTHING = 101  # confidences averaged, a tenth of all


@dataclass
class Found:
    """What a detector found in one image: rows of correct flags (one an IoU threshold), and the image's labels."""

    correct: np.ndarray  # detections x thresholds, bool
    scores: np.ndarray
    categories: np.ndarray
    targets: np.ndarray  # the class of each label


class Sample:
    """The detections of several images, best score first, so that any drawing of the images can be measured."""

    def __init__(self, images: list[Found], class_count: int):
        self.image_count = len(images)
        self.class_count = class_count
        correct = np.concatenate([i.correct for i in images]) if images else np.zeros((0, len(IOU_THRESHOLDS)), bool)
        scores = np.concatenate([i.scores for i in images]) if images else np.zeros(0)
        categories = np.concatenate([i.categories for i in images]) if images else np.zeros(0)
        owners = np.repeat(np.arange(len(images)), [len(i.scores) for i in images]) if images else np.zeros(0, int)
        self.labels = np.stack([np.bincount(i.targets.astype(int), minlength=class_count) for i in images]) \
            if images else np.zeros((0, class_count), int)
        if self.labels.shape[1] > class_count:
            raise SystemExit(f"a label has class {self.labels.shape[1] - 1}, the classes are 0 to {class_count - 1}")
        self.by_class = []
        for category in range(class_count):
            mine = np.flatnonzero(categories == category)
            mine = mine[np.argsort(-scores[mine], kind="stable")]
            self.by_class.append((correct[mine], scores[mine], owners[mine]))

    def measure(self, drawn: np.ndarray | None = None) -> np.ndarray:
        """(classes + 1) x 4 figures, the last row for all; NaN for a class without labels.

        `drawn` says how often each image counts; once, if it is None.
        """
        labels = self.labels.sum(0) if drawn is None else drawn @ self.labels
        result = np.full((self.class_count + 1, len(FIGURES)), np.nan)
        curves = []
        for category, (correct, scores, owners) in enumerate(self.by_class):
            if labels[category] == 0:
                continue
            if drawn is not None:
                chosen = np.repeat(np.arange(len(scores)), drawn[owners])
                correct, scores = correct[chosen], scores[chosen]
            precision = average_precision(correct, scores, int(labels[category]))
            result[category, 2:] = precision[0], precision.mean()
            curves.append((category, *confidence_curves(correct[:, 0], scores, int(labels[category]))))
        if curves:
            best = best_confidence([(p, r) for _, p, r in curves])
            for category, p, r in curves:
                result[category, :2] = p[best], r[best]
            result[-1] = np.nanmean(result[:-1], axis=0)
        return result


def confidence_curves(hits: np.ndarray, scores: np.ndarray, label_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall of one class against the least confidence; `scores` descend."""
    if not len(scores):
        return np.zeros_like(CONFIDENCES), np.zeros_like(CONFIDENCES)
    found = hits.cumsum()
    recall = np.interp(-CONFIDENCES, -scores, found / label_count, left=0)
    precision = np.interp(-CONFIDENCES, -scores, found / np.arange(1, len(hits) + 1), left=1)
    return precision, recall


def best_confidence(curves: list[tuple[np.ndarray, np.ndarray]]) -> int:
    """The index of the confidence where the smoothed mean F1 is greatest."""
    f1 = np.mean([2 * p * r / (p + r + 1e-16) for p, r in curves], axis=0)
    window = np.ones(SMOOTHING) / SMOOTHING
    return int(np.convolve(np.pad(f1, SMOOTHING // 2, mode="edge"), window, mode="valid").argmax())


def draws(image_count: int, resamples: int, seed: int) -> np.ndarray:
    """resamples x images: how often each image is drawn when as many as there are are drawn with replacement."""
    generator = np.random.default_rng(seed)
    picks = generator.integers(0, image_count, (resamples, image_count))
    return np.stack([np.bincount(row, minlength=image_count) for row in picks])


def group_draws(groups: list[str], resamples: int, seed: int) -> np.ndarray:
    """resamples x images: how often each image counts when whole groups of images are drawn with replacement.

    Images of a slide are not independent; a lab without groups has one a field, and this is `draws`.
    """
    names, members = np.unique(groups, return_inverse=True)
    generator = np.random.default_rng(seed)
    picks = generator.integers(0, len(names), (resamples, len(names)))
    return np.stack([np.bincount(row, minlength=len(names))[members] for row in picks])


def resample(sample: Sample, drawn: np.ndarray, tick=lambda: None) -> np.ndarray:
    """resamples x (classes + 1) x 4: the figures of every drawing."""
    result = []
    for row in drawn:
        result.append(sample.measure(row))
        tick()
    return np.stack(result)


def interval(values: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """The percentile interval along the first axis."""
    tail = 100 * (1 - level) / 2
    with warnings.catch_warnings():
        # A class without labels has no figure in any drawing, and no interval.
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        low, high = np.nanpercentile(values, [tail, 100 - tail], axis=0)
    return low, high


def with_package(images: list[Found], class_count: int) -> np.ndarray | None:
    """The same figures from ultralytics' own function; None where the package is not installed."""
    try:
        from ultralytics.utils.metrics import ap_per_class
    except ImportError:
        return None
    targets = np.concatenate([i.targets for i in images])
    scores = np.concatenate([i.scores for i in images]).astype(np.float64)
    # It sorts equal scores as it happens, and they are right and wrong ones: here, in the order of the images.
    order = np.argsort(-scores, kind="stable")
    scores[order] -= np.arange(len(scores)) * 1e-13
    _, _, p, r, _, ap, classes, *_ = ap_per_class(
        np.concatenate([i.correct for i in images]), scores,
        np.concatenate([i.categories for i in images]), targets)
    result = np.full((class_count + 1, len(FIGURES)), np.nan)
    for row, category in enumerate(classes):
        result[category] = p[row], r[row], ap[row, 0], ap[row].mean()
    result[-1] = np.nanmean(result[:-1], axis=0)
    return result


def image_figures(found: Found, confidence: float = 0.25) -> dict[str, float]:
    """One image by itself: mean AP@0.5:0.95 over the classes that it has, and F1 at IoU 0.5 and a fixed confidence."""
    precisions = []
    for category in np.unique(found.targets):
        mine = found.categories == category
        precisions.append(average_precision(found.correct[mine], found.scores[mine],
                                            int((found.targets == category).sum())).mean())
    sure = found.scores >= confidence
    hits = int(found.correct[sure, 0].sum())
    total = int(sure.sum()) + len(found.targets)
    return {"ap": float(np.mean(precisions)) if precisions else float("nan"),
            "f1": 2 * hits / total if total else float("nan")}
