"""Average precision, as the training code of the YOLO family defines it.

A detection claims the label of its class that it overlaps most; of several that claim one label the most confident
has it. The precision at each recall is the best at that recall or a higher one, read at 101 recalls from 0 to 1 and
integrated by trapezoids.
"""

import numpy as np

from detector import pairwise_iou

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)


def correct_detections(detections: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """For each detection (best score first) and each IoU threshold, whether it finds a label.

    `detections`: rows of (left, top, right, bottom, score, class). `labels`: rows of (class, four corners).
    """
    correct = np.zeros((len(detections), len(IOU_THRESHOLDS)), bool)
    if not len(detections) or not len(labels):
        return correct
    overlap = pairwise_iou(labels[:, 1:], detections[:, :4])
    overlap[labels[:, :1] != detections[None, :, 5]] = 0
    claimed = overlap.argmax(0)
    strength = overlap.max(0)
    for column, threshold in enumerate(IOU_THRESHOLDS):
        taken = set()
        for row in np.flatnonzero(strength >= threshold):
            if claimed[row] not in taken:
                taken.add(claimed[row])
                correct[row, column] = True
    return correct


def average_precision(correct: np.ndarray, scores: np.ndarray, label_count: int) -> np.ndarray:
    """Average precision of one class at each IoU threshold; 0 where there is no detection, NaN without labels."""
    if label_count == 0:
        return np.full(len(IOU_THRESHOLDS), np.nan)
    if not len(scores):
        return np.zeros(len(IOU_THRESHOLDS))
    hits = correct[np.argsort(-scores, kind="stable")].cumsum(0)
    recall = hits / label_count
    precision = hits / np.arange(1, len(hits) + 1)[:, None]
    sampled = np.linspace(0, 1, 101)
    result = np.empty(len(IOU_THRESHOLDS))
    for column in range(len(IOU_THRESHOLDS)):
        at_recall = np.concatenate([[0.0], recall[:, column], [1.0]])
        envelope = np.concatenate([[1.0], precision[:, column], [0.0]])
        envelope = np.maximum.accumulate(envelope[::-1])[::-1]
        result[column] = np.trapezoid(np.interp(sampled, at_recall, envelope), sampled)
    return result
