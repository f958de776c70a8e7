"""Runs a YOLO detector in ONNX form and reduces what it proposes to boxes."""

from pathlib import Path

import numpy as np
import onnxruntime

from imaging import letterbox


def pairwise_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of every box of `first` (n x 4 corners) with every box of `second` (m x 4)."""
    corner_min = np.maximum(first[:, None, :2], second[None, :, :2])
    corner_max = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = (corner_max - corner_min).clip(0, None).prod(2)
    area_first = (first[:, 2:] - first[:, :2]).prod(1)
    area_second = (second[:, 2:] - second[:, :2]).prod(1)
    return shared / (area_first[:, None] + area_second[None] - shared + 1e-9)


def suppress(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
    """Greedy non-maximum suppression: indices of the kept boxes, best score first."""
    left = np.argsort(-scores, kind="stable")
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[pairwise_iou(boxes[best : best + 1], boxes[left])[0] <= threshold]
    return np.array(kept, int)


class Detector:
    """A detector with input 1 x 3 x side x side (RGB, 0...1) and output 1 x (4 + classes) x proposals.

    A proposal is cx, cy, w, h in pixels of the input, then one score a class. A file may leave height and width open
    (multiples of 32, `any_size`); `side` is then what the training lab's images are brought to.
    """

    def __init__(self, path: Path, threads: int, open_side: int = 320):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        self.any_size = not isinstance(self.input.shape[-1], int)
        self.side = open_side if self.any_size else int(self.input.shape[-1])

    def locate(self, pixels: np.ndarray, confidence: float, overlap: float, limit: int, shrink: str) -> np.ndarray:
        """Boxes in an image of any size, in its own pixels; as `detect`, and `shrink` as `letterbox` has it."""
        square, scale, left, top = letterbox(pixels, self.side, shrink)
        boxes = self.detect(square, confidence, overlap, limit)
        boxes[:, :4] = (boxes[:, :4] - [left, top, left, top]) / scale
        return boxes

    def proposals(self, square: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Corners (n x 4) in pixels of the square, and a score for each class (n x classes), of all that is proposed."""
        output = self.session.run(None, {self.input.name: square[None].astype(np.float32)})[0][0].T
        centers, sizes = output[:, :2], output[:, 2:4]
        return np.concatenate([centers - sizes / 2, centers + sizes / 2], axis=1), output[:, 4:]

    def detect(self, square: np.ndarray, confidence: float, overlap: float, limit: int) -> np.ndarray:
        """Boxes in a letterboxed image as rows of (left, top, right, bottom, score, class), best score first.

        A proposal counts once for each class whose score passes `confidence`; suppression is a class at a time.
        """
        corners, scores = self.proposals(square)
        found = []
        for category in range(scores.shape[1]):
            chosen = np.flatnonzero(scores[:, category] > confidence)
            kept = chosen[suppress(corners[chosen], scores[chosen, category], overlap)]
            column = np.full((len(kept), 1), category)
            found.append(np.concatenate([corners[kept], scores[kept, category : category + 1], column], axis=1))
        boxes = np.concatenate(found)
        return boxes[np.argsort(-boxes[:, 4], kind="stable")][:limit]
