"""White cells that a detector sees in a lab's fields, at the size that the detector knows them in.

A field is scaled so that the lab's white cells have the training lab's size. A detector whose input may have any size
(any_size.py makes one) sees it at once. For another, what is smaller than its input lies on gray; what is larger is seen
through overlapping windows, and a box that a window's inner edge cuts is left to the window that has all of it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dataset import key_of
from detections import CONFIDENCE, LIMIT, OVERLAP, DetectorFile, save_whole
from detector import Detector, suppress
from imaging import PADDING_GRAY, read_rgb, resize
from kinds import CELL, FIELD, KindLab, SEVEN, to_kinds
from progress import Progress

# The two boxes of one cell seen as two kinds overlap by more than this; least score of a cell.
ONE_CELL, LEAST = 0.5, 0.05
# Windows overlap by the width of nearly every white cell; a box so near to a window's inner edge is cut by it.
WINDOW_OVERLAP, EDGE = 1.35 * CELL / FIELD, 2


@dataclass
class Seen:
    """What a detector sees in a field: rows of (left, top, right, bottom, score, kind), best score first."""

    boxes: np.ndarray  # suppressed kind by kind, as average precision has it
    cells: np.ndarray  # each cell once, with its likeliest kind; the number after the last kind is `other`


def windows(size: int, side: int) -> list[int]:
    """Where windows of `side` pixels begin that cover `size` pixels; one, centered, where there is room."""
    if size <= side:
        return [-round((side - size) / 2 - 0.1)]
    step = side * (1 - WINDOW_OVERLAP)
    count = int(np.ceil((size - side) / step)) + 1
    return [int(v) for v in np.rint(np.linspace(0, size - side, count))]


def proposals(detector: Detector, pixels: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Boxes in pixels of the image and their scores by class, of all windows, before any suppression across them."""
    height, width = (max(1, round(size * scale)) for size in pixels.shape[:2])
    scaled = resize(pixels, height, width, "linear")
    ratio = np.tile([width / pixels.shape[1], height / pixels.shape[0]], 2)
    tall, wide = (-(-size // 32) * 32 if detector.any_size else detector.side for size in (height, width))
    all_boxes, all_scores = [np.zeros((0, 4))], []
    for top in windows(height, tall):
        for left in windows(width, wide):
            square = np.full((tall, wide, 3), PADDING_GRAY, np.float32)
            part = scaled[max(top, 0) : top + tall, max(left, 0) : left + wide]
            y, x = max(-top, 0), max(-left, 0)
            square[y : y + part.shape[0], x : x + part.shape[1]] = part
            boxes, scores = detector.proposals(square.transpose(2, 0, 1) / 255)
            keep = scores.max(1) > CONFIDENCE
            for axis, begin, size, side in ((0, left, width, wide), (1, top, height, tall)):
                keep &= (begin <= 0) | (boxes[:, axis] > EDGE)
                keep &= (begin + side >= size) | (boxes[:, axis + 2] < side - EDGE)
            boxes, scores = boxes[keep] + [left, top, left, top], scores[keep]
            # The other windows cannot bring a box back that a better one of the same window suppresses.
            near = suppress_any(boxes, scores)
            all_boxes.append(boxes[near] / ratio)
            all_scores.append(scores[near])
    return np.concatenate(all_boxes), np.concatenate(all_scores)


def suppress_any(boxes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Indices of the boxes that are kept for at least one class."""
    kept = [np.zeros(0, int)]
    for category in range(scores.shape[1]):
        chosen = np.flatnonzero(scores[:, category] > CONFIDENCE)
        kept.append(chosen[suppress(boxes[chosen], scores[chosen, category], OVERLAP)])
    return np.unique(np.concatenate(kept))


def reduce(boxes: np.ndarray, scores: np.ndarray, kinds: list[str]) -> Seen:
    """Proposals with scores by kind. A detector of seven kinds also has `other` where the lab's kinds do not."""
    of_kinds = to_kinds(scores, kinds) if scores.shape[1] == len(SEVEN) else scores[:, :1]
    rows = [np.zeros((0, 6))]
    for kind in range(of_kinds.shape[1]):
        chosen = np.flatnonzero(of_kinds[:, kind] > CONFIDENCE)
        kept = chosen[suppress(boxes[chosen], of_kinds[chosen, kind], OVERLAP)]
        rows.append(np.column_stack([boxes[kept], of_kinds[kept, kind], np.full(len(kept), kind)]))
    found = np.concatenate(rows)
    found = found[np.argsort(-found[:, 4], kind="stable")][:LIMIT]
    every = of_kinds
    if scores.shape[1] == len(SEVEN) and of_kinds.shape[1] < len(SEVEN):
        every = np.column_stack([of_kinds, scores[:, SEVEN.index("other")]])
    best = every.max(1) if len(every) else np.zeros(0)
    chosen = np.flatnonzero(best > LEAST)
    kept = chosen[suppress(boxes[chosen], best[chosen], ONE_CELL)]
    return Seen(found, np.column_stack([boxes[kept], best[kept], every[kept].argmax(1)]).reshape(-1, 6))


def drop_ignored(rows: np.ndarray, truth: np.ndarray, ignored: np.ndarray) -> np.ndarray:
    """Detections without those that lie by half in a region to ignore; one that is nearer to a labeled cell stays."""
    if not len(ignored) or not len(rows):
        return rows
    area = np.maximum((rows[:, 2:4] - rows[:, :2]).prod(1), 1e-9)

    def inside(boxes: np.ndarray) -> np.ndarray:
        low = np.maximum(rows[:, None, :2], boxes[None, :, :2])
        high = np.minimum(rows[:, None, 2:4], boxes[None, :, 2:])
        return ((high - low).clip(0, None).prod(2) / area[:, None]).max(1, initial=0)

    share = inside(ignored)
    return rows[~((share >= 0.5) & (share > inside(truth)))]


def look(detector: DetectorFile, lab: KindLab, work: Path | None, threads: int, title: str) -> list[Seen]:
    """What the detector sees in each field; kept in `work`, and read from there when it was seen before."""
    loaded = detector.loaded(threads)
    scale = lab.scale(loaded.side)
    path = None
    if work is not None:
        key = key_of("cells 1", detector.digest, lab.digest, lab.kinds, scale, CONFIDENCE, OVERLAP, LIMIT, ONE_CELL, LEAST)
        path = work / "cells" / f"{key}.npz"
    if path is None or not path.is_file():
        progress = Progress(title, len(lab.fields))
        seen = []
        for field in lab.fields:
            seen.append(reduce(*proposals(loaded, read_rgb(field.image), scale), lab.kinds))
            progress.step()
        progress.end()
        if path is None:
            return cleared(seen, lab)
        save_whole(path, boxes=np.concatenate([s.boxes for s in seen]), cells=np.concatenate([s.cells for s in seen]),
                   box_ends=np.cumsum([len(s.boxes) for s in seen]), cell_ends=np.cumsum([len(s.cells) for s in seen]))
    with np.load(path) as kept:
        seen = [Seen(boxes, cells) for boxes, cells in zip(np.split(kept["boxes"], kept["box_ends"][:-1]),
                                                           np.split(kept["cells"], kept["cell_ends"][:-1]))]
    return cleared(seen, lab)


def cleared(seen: list[Seen], lab: KindLab) -> list[Seen]:
    return [Seen(*(drop_ignored(rows, field.boxes, field.ignored) for rows in (one.boxes, one.cells)))
            for one, field in zip(seen, lab.fields)]
