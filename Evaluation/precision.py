"""Average precision, as the training code of the YOLO family defines it.

The most confident detection chooses first: each claims, of its class's labels that are still free, the one that it
overlaps most (as COCO does). The precision at each recall is the best at that recall or a higher one, and 0 beyond the
last recall reached; it is read at 101 recalls from 0 to 1 and integrated by trapezoids.
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
    columns = np.arange(len(IOU_THRESHOLDS))
    claimed = np.zeros((len(labels), len(IOU_THRESHOLDS)), bool)
    for row in np.flatnonzero((overlap >= IOU_THRESHOLDS[0]).any(0)):
        free = np.where(claimed, 0, overlap[:, row, None])
        best = free.argmax(0)
        correct[row] = free[best, columns] >= IOU_THRESHOLDS
        claimed[best, columns] |= correct[row]
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
        at_recall = np.concatenate([[0.0], recall[:, column], [recall[-1, column], 1.0]])
        envelope = np.concatenate([[1.0], precision[:, column], [0.0, 0.0]])
        envelope = np.maximum.accumulate(envelope[::-1])[::-1]
        result[column] = np.trapezoid(np.interp(sampled, at_recall, envelope), sampled)
    return result
