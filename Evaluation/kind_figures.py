"""Figures of white cells by kind: detection, cells found, the differential count, confusion; with their resamplings.

`truth` is a KindLab's fields, `seen` what a detector saw in each (cells.Seen).
"""

from dataclasses import dataclass

import numpy as np

from cells import Seen
from detector import pairwise_iou
from kinds import Field, KindLab
from metrics import CONFIDENCES, Found, Sample, best_confidence, confidence_curves
from precision import correct_detections

# From this score on a detection of one class counts as a white cell found, at an IoU above this.
SURE, FOUND_IOU = 0.25, 0.5


def found(seen: list[Seen], fields: list[Field], one_class: bool) -> list[Found]:
    """Which detections are right, for metrics.Sample; of one class, or kind by kind."""
    result = []
    for one, field in zip(seen, fields, strict=True):
        truth = field.truth
        if one_class:
            truth[:, 0] = 0
        result.append(Found(correct_detections(one.boxes, truth), one.boxes[:, 4], one.boxes[:, 5], truth[:, 0]))
    return result


@dataclass
class WhiteCells:
    """Of each labeled cell: the field it is in, and the IoU of the sure detection that overlaps it most (0: none)."""

    owners: np.ndarray
    overlaps: np.ndarray

    def share_found(self, drawn: np.ndarray | None = None) -> float:
        weights = np.ones(len(self.owners)) if drawn is None else drawn[self.owners]
        return float(weights @ (self.overlaps > FOUND_IOU) / max(weights.sum(), 1e-9))

    def mean_overlap(self, drawn: np.ndarray | None = None) -> float:
        """Mean IoU of the cells found; NaN where none is."""
        weights = (np.ones(len(self.owners)) if drawn is None else drawn[self.owners]) * (self.overlaps > FOUND_IOU)
        return float(weights @ self.overlaps / weights.sum()) if weights.sum() else float("nan")


def white_cells(seen: list[Seen], fields: list[Field]) -> WhiteCells:
    owners, overlaps = [], []
    for index, (one, field) in enumerate(zip(seen, fields, strict=True)):
        sure = one.boxes[one.boxes[:, 4] >= SURE]
        owners += [index] * len(field.boxes)
        overlaps += pairwise_iou(field.boxes, sure[:, :4]).max(1, initial=0).tolist()
    return WhiteCells(np.array(owners, int), np.array(overlaps))


def best_threshold(seen: list[Seen], fields: list[Field], kind_count: int) -> float:
    """The score from which on cells count: where the smoothed mean F1 over the kinds is greatest, each cell seen once."""
    sample = Sample(found([Seen(one.cells, one.cells) for one in seen], fields, False), kind_count)
    labels = sample.labels.sum(0)
    curves = [confidence_curves(correct[:, 0], scores, int(labels[kind]))
              for kind, (correct, scores, _) in enumerate(sample.by_class) if labels[kind]]
    return float(CONFIDENCES[best_confidence(curves)])


@dataclass
class Count:
    """A differential count: how many cells of each kind each field has, and how many the detector sees."""

    kinds: list[str]
    true: np.ndarray  # fields x kinds
    seen: np.ndarray
    other: np.ndarray  # fields: cells that the detector takes for none of the kinds; they are left out

    @staticmethod
    def percent(counts: np.ndarray) -> np.ndarray:
        return 100 * counts / max(counts.sum(), 1)

    def shares(self, drawn: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Percent of each kind: the true, and the seen (all 0 where no cell is seen)."""
        weights = np.ones(len(self.true)) if drawn is None else drawn
        return self.percent(weights @ self.true), self.percent(weights @ self.seen)

    def errors(self, drawn: np.ndarray | None = None) -> tuple[float, float]:
        """Mean absolute error of a kind's share, and the largest, in percentage points."""
        true, seen = self.shares(drawn)
        return float(np.abs(true - seen).mean()), float(np.abs(true - seen).max())

    def worst(self) -> str:
        true, seen = self.shares()
        kind = int(np.abs(true - seen).argmax())
        return f"{self.kinds[kind]} {seen[kind] - true[kind]:+.1f}"


def count(seen: list[Seen], lab: KindLab, threshold: float) -> Count:
    """All detections from the threshold on count, each cell once, where they lie as little as where cells are labeled."""
    true = np.zeros((len(lab.fields), len(lab.kinds)), int)
    counted = np.zeros_like(true)
    other = np.zeros(len(lab.fields), int)
    for index, (one, field) in enumerate(zip(seen, lab.fields, strict=True)):
        true[index] = np.bincount(field.kinds, minlength=len(lab.kinds))
        kinds = one.cells[one.cells[:, 4] >= threshold, 5].astype(int)
        counts = np.bincount(kinds, minlength=len(lab.kinds) + 1)
        counted[index], other[index] = counts[: len(lab.kinds)], counts[len(lab.kinds)]
    return Count(lab.kinds, true, counted, other)


def confusion(seen: list[Seen], lab: KindLab, threshold: float) -> np.ndarray:
    """fields x kinds x (kinds, `other`, missed): what each labeled cell is seen as."""
    size = len(lab.kinds)
    result = np.zeros((len(lab.fields), size, size + 2), int)
    for index, (one, field) in enumerate(zip(seen, lab.fields, strict=True)):
        sure = one.cells[one.cells[:, 4] >= threshold]
        overlap = pairwise_iou(field.boxes, sure[:, :4])
        for cell, kind in enumerate(field.kinds):
            best = overlap[cell].argmax() if len(sure) else 0
            hit = len(sure) and overlap[cell, best] >= FOUND_IOU
            result[index, kind, int(sure[best, 5]) if hit else size + 1] += 1
    return result


def balanced_accuracy(matrix: np.ndarray) -> float:
    """Mean over the kinds that there are of the share seen as what they are; of a matrix without fields."""
    totals = matrix.sum(1)
    there = totals > 0
    return float((np.diagonal(matrix)[there] / totals[there]).mean()) if there.any() else float("nan")
