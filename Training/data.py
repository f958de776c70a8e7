"""Crops for training: real fields of one lab and phantoms, each in two random stains, and what is no smear at all."""

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Evaluation"))
from imaging import labeled_images, read_rgb  # noqa: E402

from masks import BACKGROUND, CYTOPLASM, IGNORED, NUCLEUS, PLATELET, RED_CELL, masks  # noqa: E402
from stains import amounts_of, stain  # noqa: E402


@dataclass
class Field:
    """A smear without its colors."""

    name: str
    amounts: np.ndarray
    rest: np.ndarray | None
    classes: np.ndarray


def read_image(path: Path) -> np.ndarray:
    """sRGB 0…1, height × width × 3."""
    return read_rgb(path).astype(np.float32) / 255


def read_boxes(path: Path) -> list[tuple]:
    rows = [line.split() for line in path.read_text().splitlines() if line.strip()]
    return [(int(row[0]), *map(float, row[1:5])) for row in rows]


def real_fields(folder: Path) -> list[Field]:
    fields = []
    for image, label in labeled_images(folder / "images", folder / "labels"):
        samples = read_image(image)
        fields.append(Field(image.stem, *amounts_of(samples), masks(samples, read_boxes(label))))
    return fields


def cell_fields(folder: Path, seen: Path) -> list[Field]:
    """Fields of which one white cell has a box: that cell by its box, all else as an earlier network saw it.

    - `seen`: classes of each image as `nctd segment --output` writes them
    """
    fields = []
    for image, label in labeled_images(folder / "images", folder / "labels"):
        samples = read_image(image)
        known = masks(samples, [box for box in read_boxes(label) if box[0] == 0])
        other = np.asarray(Image.open(seen / f"{image.stem}-classes.png").convert("L"))
        open_to = known == IGNORED
        near = ndimage.binary_dilation(np.isin(known, (CYTOPLASM, NUCLEUS)), iterations=6)
        take = open_to & ~near
        known[take] = other[take]
        # The pale middle of a red cell is red cell.
        pale = known == BACKGROUND
        known[pale & (other == RED_CELL)] = RED_CELL
        known[pale & (other != RED_CELL) & ndimage.binary_fill_holes(known == RED_CELL)] = IGNORED
        # An edge between two classes is certain for neither.
        edge = (ndimage.maximum_filter(other, 3) != ndimage.minimum_filter(other, 3)) & open_to
        known[edge] = IGNORED
        fields.append(Field(image.stem, *amounts_of(samples), known))
    return fields


def read_dyes(path: Path) -> np.ndarray:
    """Amounts of eosin, azure and hemoglobin from 16-bit PNG as `nctd phantom --dyes` writes it."""
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1].astype(np.float32) * (8 / 65535)


def phantom_fields(folder: Path) -> list[Field]:
    names = sorted(path.stem for path in (folder / "dyes").glob("*.png"))
    if not names:
        raise SystemExit(f"{folder}/dyes: no scenes; run nctd phantom --dyes")
    return [Field(name, read_dyes(folder / "dyes" / f"{name}.png"), None,
                  np.asarray(Image.open(folder / "masks" / f"{name}.png").convert("L"))) for name in names]


class Crops:
    """An endless, seeded stream of batches: (first views, second views, classes, amounts of dyes, is a smear)."""

    def __init__(self, real: list[Field], phantoms: list[Field], size: int, batch: int, phantom_share: float):
        self.real, self.phantoms, self.size, self.batch = real, phantoms, size, batch
        self.phantom_share = phantom_share

    def batch_of(self, seed: int):
        rng = np.random.default_rng(seed)
        items = [self.item(rng) for _ in range(self.batch)]
        first, second, classes, amounts, smear = zip(*items)
        planes = lambda views: np.ascontiguousarray(np.stack(views).transpose(0, 3, 1, 2))
        return (planes(first), planes(second), np.stack(classes).astype(np.int64), planes(amounts),
                np.array(smear, np.float32))

    def item(self, rng: np.random.Generator):
        if rng.random() < 0.1:
            image = no_smear(rng, self.size, self.real)
            nothing = np.full((self.size, self.size), IGNORED, np.uint8)
            return image, image, nothing, np.zeros_like(image), 0.0
        if rng.random() < self.phantom_share:
            field = self.phantoms[rng.integers(len(self.phantoms))]
        else:
            field = self.real[rng.integers(len(self.real))]
        amounts, rest, classes = self.crop(field, rng)
        if rng.random() < 0.35:
            amounts, classes = self.overlaid(amounts, classes, rng)
        views = [stain(amounts, rest, rng, classes) for _ in range(2)]
        if rng.random() < 0.15:
            views, classes = cluttered(views, classes, rng)
        return *views, classes, amounts, 1.0

    def overlaid(self, amounts: np.ndarray, classes: np.ndarray, rng: np.random.Generator):
        """Red cells of another field above those of this one, as in a crowded smear: densities add up."""
        pool = self.phantoms if rng.random() < 0.5 else self.real
        others, _, seen = self.crop(pool[rng.integers(len(pool))], rng)
        free = ~cv2.dilate((classes >= CYTOPLASM).astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
        red = (seen == RED_CELL) & free
        classes = np.where(red, RED_CELL, np.where((seen == IGNORED) & free, IGNORED, classes)).astype(np.uint8)
        amounts = amounts + others * cv2.GaussianBlur(red.astype(np.float32), (0, 0), 0.8)[..., None]
        return amounts, classes

    def crop(self, field: Field, rng: np.random.Generator):
        """A piece at a random scale, turned and mirrored; about a white cell or a platelet half of the time."""
        zoom = float(np.exp(rng.uniform(np.log(0.5), np.log(1.7))))
        height, width = field.classes.shape
        side = min(int(round(self.size / zoom)), height, width)
        center = None
        if rng.random() < 0.5:
            wanted = (3,) if rng.random() < 0.6 else (4,) if rng.random() < 0.8 else (2,)
            places = np.flatnonzero(np.isin(field.classes, wanted))
            if len(places):
                center = divmod(int(places[rng.integers(len(places))]), width)
        if center is None:
            center = (rng.integers(height), rng.integers(width))
        jitter = rng.integers(-side // 3, side // 3 + 1, 2)
        top = int(np.clip(center[0] + jitter[0] - side // 2, 0, height - side))
        left = int(np.clip(center[1] + jitter[1] - side // 2, 0, width - side))
        window = (slice(top, top + side), slice(left, left + side))
        factor = self.size / side
        grid = [np.clip(((np.arange(self.size) + 0.5) / factor).astype(int), 0, side - 1)] * 2
        classes = field.classes[window][np.ix_(*grid)]
        resize = lambda plane: bilinear(plane[window], self.size)
        amounts, rest = resize(field.amounts), None if field.rest is None else resize(field.rest)
        turn, mirror = rng.integers(4), rng.random() < 0.5
        pose = lambda array: np.ascontiguousarray(np.rot90(array[:, ::-1] if mirror else array, turn))
        return pose(amounts), None if rest is None else pose(rest), pose(classes)


def cluttered(views: list[np.ndarray], classes: np.ndarray, rng: np.random.Generator):
    """Writing, a scale bar, specks of dirt: none of it is a cell, whatever its color."""
    size = classes.shape[0]
    drawn = np.zeros((size, size), np.uint8)
    place = lambda: tuple(int(value) for value in rng.integers(0, size, 2))
    for _ in range(int(rng.integers(1, 4))):
        kind = rng.random()
        if kind < 0.35:
            text = "".join(rng.choice(list("0123456789 umxX.ABkV"), int(rng.integers(2, 9))))
            cv2.putText(drawn, text, place(), cv2.FONT_HERSHEY_SIMPLEX, rng.uniform(0.3, 1.0), 255, int(rng.integers(1, 3)))
        elif kind < 0.6:
            x, y = place()
            cv2.rectangle(drawn, (x, y), (x + int(rng.integers(20, size)), y + int(rng.integers(2, 6))), 255, -1)
        else:
            for _ in range(int(rng.integers(1, 8))):
                cv2.circle(drawn, place(), int(rng.integers(1, 7)), 255, -1)
    cover = cv2.GaussianBlur(drawn, (0, 0), rng.uniform(0.4, 1.0)).astype(np.float32)[..., None] / 255
    ink = np.float32(rng.choice([rng.uniform(0, 0.25), rng.uniform(0.85, 1.0)]))
    color = np.clip(ink + rng.normal(0, 0.03, 3), 0, 1).astype(np.float32)
    return ([view * (1 - cover) + color * cover for view in views],
            np.where(drawn > 0, BACKGROUND, classes).astype(np.uint8))


def bilinear(plane: np.ndarray, size: int) -> np.ndarray:
    """A square piece at another size; smoothed first where it shrinks."""
    if plane.shape[0] > size * 1.1:
        plane = ndimage.gaussian_filter(plane, (*[0.4 * plane.shape[0] / size] * 2, 0))
    channels = [np.asarray(Image.fromarray(np.ascontiguousarray(plane[..., c])).resize((size, size), Image.BILINEAR))
                for c in range(plane.shape[2])]
    return np.stack(channels, axis=2)


def no_smear(rng: np.random.Generator, size: int, real: list[Field]) -> np.ndarray:
    """What a camera may deliver that is no smear: patterns, print, noise of any color, pieces shuffled."""
    kind = rng.integers(6)
    colors = rng.random((3, 3)).astype(np.float32)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    if kind == 0:
        image = colors[0] * (1 - x)[..., None] + colors[1] * (x * (1 - y))[..., None] + colors[2] * (x * y)[..., None]
    elif kind == 1:
        cell = rng.uniform(0.03, 0.2)
        board = ((x // cell + y // cell) % 2)[..., None]
        image = colors[0] * board + colors[1] * (1 - board)
    elif kind == 2:
        stroke, gap = rng.integers(1, 4), rng.integers(8, 30)
        ink = np.repeat(np.repeat(rng.random((size, size)) < 0.45, stroke, 0), stroke, 1)[:size, :size]
        ink &= ((np.arange(size) % gap) < gap * 0.6)[:, None]
        image = np.where(ink[..., None], colors[0] * 0.3, 0.7 + 0.3 * colors[1])
    elif kind == 3:
        image = rng.random((size, size, 3))
        if rng.random() < 0.6:
            image = ndimage.gaussian_filter(image, (*[rng.uniform(0.5, 12)] * 2, 0))
            image = (image - image.min()) / (np.ptp(image) + 1e-6)
    elif kind == 4:
        # Straight-edged shapes: a desk, a screen, a room.
        image = np.broadcast_to(colors[0], (size, size, 3)).copy()
        for _ in range(rng.integers(3, 20)):
            angle, offset = rng.uniform(0, np.pi), rng.uniform(-0.5, 0.5)
            side = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) > offset
            other = (x - 0.5) * np.sin(angle) - (y - 0.5) * np.cos(angle) > rng.uniform(-0.5, 0.5)
            image[side & other] = rng.random(3)
    else:
        field = real[rng.integers(len(real))]
        tile = int(rng.choice([4, 6, 8, 12]))
        count = size // tile + 1
        rows = rng.integers(0, field.classes.shape[0] - tile, (count, count))
        columns = rng.integers(0, field.classes.shape[1] - tile, (count, count))
        blocks = [[field.amounts[r:r + tile, c:c + tile] for r, c in zip(*pair)] for pair in zip(rows, columns)]
        amounts = np.concatenate([np.concatenate(line, 1) for line in blocks])[:size, :size]
        image = stain(amounts, None, rng)
    return np.clip(image + rng.normal(0, rng.uniform(0, 0.02), (size, size, 3)), 0, 1).astype(np.float32)
