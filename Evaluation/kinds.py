"""Labs whose white cells have a known kind: their images, boxes, kinds and masks, and at which size a detector sees them.

A folder of such a lab has images/, labels/ (YOLO; only boxes of white cells, whatever their class) and kinds.csv, which
has the columns image and kind, `index` (row of the label file) where an image has several cells, and `part` where the
folder is parted into train/ and test/. Beside these may lie masks/ (0 all else, 128 cytoplasm, 255 nucleus) and
unlabelled.csv, boxes of further white cells: what a detector finds there is neither right nor wrong.
"""

import csv
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from dataset import file_digest, key_of, labeled_images_of
from imaging import labeled_images

# The paper's seven kinds, in the order of the detectors' classes.
SEVEN = ["segmented_neutrophil", "band_neutrophil", "lymphocyte", "monocyte", "eosinophil", "basophil", "other"]
# What labs that do not tell the two neutrophils apart are measured by, and which of them each of the seven is.
FIVE = ["neutrophil", "lymphocyte", "monocyte", "eosinophil", "basophil"]
TO_FIVE = [0, 0, 1, 2, 3, 4, None]
# The side of a white cell's box (the root of its area) in the training lab, in pixels, and its images' larger side.
CELL, FIELD = 133, 363
# Small images are not enlarged past their own pixels (in an input of 320): that blurs them more than any image that a
# detector has learned from, and costs more than cells of another size do.
LARGEST = FIELD / 320


@dataclass
class Field:
    """An image with its cells; boxes are left, top, right, bottom in pixels of the image as the lab has it."""

    name: str
    image: Path
    size: tuple[int, int]  # width, height
    boxes: np.ndarray  # cells x 4
    kinds: np.ndarray  # an index into the lab's kinds for each cell
    ignored: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))
    mask: Path | None = None
    group: str = ""  # images of a group are not independent

    @property
    def truth(self) -> np.ndarray:
        """Rows of (kind, left, top, right, bottom)."""
        return np.concatenate([self.kinds[:, None].astype(float), self.boxes], axis=1)

    def shown_as(self, image: Path) -> "Field":
        """The same field with another image of the same size."""
        return replace(self, image=image)


@dataclass
class KindLab:
    """A lab's fields; `kinds` are the five or the seven."""

    name: str
    kinds: list[str]
    fields: list[Field]
    cell: float  # the median side of a white cell's box in the whole lab, in pixels
    own: bool = False  # the training lab itself, whose size is not changed
    factor: float | None = None  # by which to scale instead of to the training lab's size

    def magnification(self) -> float:
        """What brings the lab's white cells to the training lab's size as far as LARGEST, or the factor given instead."""
        return self.factor or (1.0 if self.own else min(CELL / self.cell, LARGEST))

    def scale(self, side: int) -> float:
        """Pixels of a detector's input for one of the image, where the training lab's images fill `side`."""
        return side / FIELD * self.magnification()

    @cached_property
    def digest(self) -> str:
        return key_of([(f.name, file_digest(f.image), f.truth.tolist(), f.ignored.tolist()) for f in self.fields])

    def with_images(self, folder: Path) -> "KindLab":
        """The same cells in images of the same names (of any type of image) from another folder, with their sizes."""
        pairs = labeled_images_of(folder, [(f.image, Path(f.name)) for f in self.fields])
        shown = []
        for lab_field, (image, _) in zip(self.fields, pairs):
            with Image.open(image) as opened:
                if opened.size != lab_field.size:
                    raise SystemExit(f"{image} has {opened.size} pixels, the lab's own image {lab_field.size}")
            shown.append(lab_field.shown_as(image))
        return replace(self, fields=shown)

    def magnified(self, factors: dict[str, float]) -> "KindLab":
        """With the factor that is given for its name, if one is."""
        return replace(self, factor=factors.get(self.name, self.factor))

    def some(self, limit: int | None = None, every: int = 1) -> "KindLab":
        """Every so manieth field, of those the first."""
        return replace(self, fields=self.fields[::every][:limit])


def parse_factor(text: str) -> tuple[str, float]:
    """Of an option LAB=FACTOR; ValueError says to argparse what is wrong."""
    name, _, value = text.partition("=")
    factor = float(value)
    if not name or not 0.05 <= factor <= 20:
        raise ValueError(text)
    return name, factor


def read_rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def yolo_boxes(rows: list[list[float]], width: int, height: int) -> np.ndarray:
    """Corners in pixels of rows cx, cy, w, h relative to 1, in their order."""
    values = np.array(rows, float).reshape(-1, 4)
    corners = np.concatenate([values[:, :2] - values[:, 2:] / 2, values[:, :2] + values[:, 2:] / 2], axis=1)
    return corners * [width, height, width, height]


def yolo_lines(one: Field) -> str:
    """A label file whose classes are the kinds."""
    width, height = one.size
    lines = []
    for kind, (left, top, right, bottom) in zip(one.kinds, one.boxes):
        lines.append(f"{kind} {(left + right) / 2 / width:.6f} {(top + bottom) / 2 / height:.6f} "
                     f"{(right - left) / width:.6f} {(bottom - top) / height:.6f}\n")
    return "".join(lines)


def read_lab(folder: Path, name: str, part: str | None = None) -> KindLab:
    """A lab, or a part of it. Kinds are the seven where kinds.csv names one that is not of the five."""
    rows = [row for row in read_rows(folder / "kinds.csv") if part is None or row["part"] == part]
    kinds = SEVEN if any(row["kind"] in set(SEVEN) - set(FIVE) for row in rows) else FIVE
    known: dict[str, dict[int, int]] = {}
    for row in rows:
        if row["kind"] not in kinds:
            raise SystemExit(f"{folder}/kinds.csv: {row['image']} is {row['kind']!r}; the kinds are {', '.join(kinds)}")
        known.setdefault(Path(row["image"]).stem, {})[int(row.get("index") or 0)] = kinds.index(row["kind"])
    further: dict[str, list[list[float]]] = {}
    if (folder / "unlabelled.csv").is_file():
        for row in read_rows(folder / "unlabelled.csv"):
            further.setdefault(Path(row["image"]).stem, []).append([float(row[key]) for key in ("cx", "cy", "w", "h")])
    groups = {}
    if (folder / "sources.csv").is_file():
        groups = {Path(row["image"]).stem: row["slide"] for row in read_rows(folder / "sources.csv")}
    place = folder / part if part else folder
    fields = []
    for image, label in labeled_images(place / "images", place / "labels"):
        with Image.open(image) as opened:
            width, height = opened.size
        lines = [line.split() for line in label.read_text().splitlines() if line.strip()]
        boxes = yolo_boxes([[float(v) for v in line[1:5]] for line in lines], width, height)
        mine = known.get(label.stem, {})
        if sorted(mine) != list(range(len(boxes))):
            raise SystemExit(f"{label}: has {len(boxes)} cells, kinds.csv names {len(mine)}; each needs its kind")
        mask = place / "masks" / f"{label.stem}.png"
        fields.append(Field(label.stem, image, (width, height), boxes,
                            np.array([mine[i] for i in range(len(boxes))], int),
                            yolo_boxes(further.get(label.stem, []), width, height),
                            mask if mask.is_file() else None, groups.get(label.stem, label.stem)))
    return KindLab(name, kinds, fields, cell_side(fields), own=part is not None)


def cell_side(fields: list[Field]) -> float:
    """The median over all cells of the root of a box's area."""
    return float(np.median(np.concatenate([np.sqrt((f.boxes[:, 2:] - f.boxes[:, :2]).prod(1)) for f in fields])))


def to_kinds(scores: np.ndarray, kinds: list[str]) -> np.ndarray:
    """Scores of the seven (proposals x 7) as scores of a lab's kinds.

    For the five: the two neutrophils are one, whose score is the higher; `other` is left out.
    """
    if kinds == SEVEN:
        return scores
    columns = [[seven for seven, five in enumerate(TO_FIVE) if five == index] for index in range(len(FIVE))]
    return np.stack([scores[:, column].max(1) for column in columns], axis=1)
