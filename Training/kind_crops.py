"""Windows about white cells of a known kind, for training: as the engine makes them, in endless random colors.

`nctd segment --crops --json` writes what it sees of each white cell; a labeled box says which kind a cell is. Colors
are varied class by class (background, red cells, cytoplasm, nucleus each on its own), then all together, so that no
color decides alone; then turned, scaled and moved, blurred, sharpened, made noisy, and the masks made worse.
"""

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from torch.nn import functional as F

from kind_network import KINDS, SIDE, UNIT, USUAL_BACKGROUND

# Channels of a crop.
LAB, CLASSES, OWN, NUCLEUS = slice(0, 3), slice(3, 8), slice(8, 9), slice(9, 10)
# A cell is the one of a box from this overlap on.
LEAST_OVERLAP = 0.3


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes: left, top, right, bottom."""
    width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - both)


@dataclass
class Cells:
    """Planes N × 10 × 96 × 96 (half precision), colors N × 3 (NaN where a field has none), sizes N × 2, kinds N."""

    planes: torch.Tensor
    background: torch.Tensor
    red_cell: torch.Tensor
    sizes: torch.Tensor
    kinds: torch.Tensor
    # Name of the field that a cell comes from, the same in all of its stains.
    fields: list[str]

    def __len__(self) -> int:
        return len(self.kinds)

    def take(self, chosen: torch.Tensor) -> "Cells":
        index = chosen.nonzero()[:, 0] if chosen.dtype == torch.bool else chosen
        return Cells(self.planes[index], self.background[index], self.red_cell[index], self.sizes[index],
                     self.kinds[index], [self.fields[i] for i in index.tolist()])


def read_cells(sets: list[tuple[Path, Path]]) -> Cells:
    """The cells of data sets whose kinds are known.

    Each set: a folder with images/, labels/ (the first box of a field is the cell of known kind), and beside or above it
    kinds.csv; and what `nctd segment FOLDER/images --crops --json` printed, run in the folder that its paths are relative
    to.
    """
    found = [cell for data, report in sets for cell in cells_of(data, report)]
    *values, fields = zip(*found)
    return Cells(*(torch.from_numpy(np.stack(value)) for value in values), list(fields))


def cells_of(data: Path, report: Path) -> list[tuple]:
    table = next((folder / "kinds.csv" for folder in (data, data.parent) if (folder / "kinds.csv").is_file()), None)
    if table is None:
        raise SystemExit(f"{data}: no kinds.csv there or above; name a data set with kinds")
    with open(table, newline="") as file:
        kinds = {row["image"]: row["kind"] for row in csv.DictReader(file) if row.get("part", data.name) == data.name}
    found = []
    for entry in json.loads(report.read_text())["results"]:
        image = Path(entry["input"])
        if kinds.get(image.name) not in KINDS:
            continue
        crops = load_file(report.parent / entry["crops"])
        row = (data / "labels" / f"{image.stem}.txt").read_text().split("\n")[0].split()
        center, size = np.array(row[1:3], float), np.array(row[3:5], float)
        box = np.concatenate([center - size / 2, center + size / 2]) * ([entry["width"], entry["height"]] * 2)
        overlaps = [overlap(cell, box) for cell in crops["boxes"]]
        if not overlaps or max(overlaps) < LEAST_OVERLAP:
            continue
        cell = int(np.argmax(overlaps))
        none = np.full(3, np.nan, np.float32)
        name = "-".join(image.stem.split("-")[:2])
        found.append((crops["crops"][cell].transpose(2, 0, 1).astype(np.float16), crops.get("background", none),
                      crops.get("red_cell", none), crops["sizes"][cell], KINDS.index(kinds[image.name]), name))
    if not found:
        raise SystemExit(f"{report}: no cell of it is one that {table} names; segment {data}/images")
    return found


def inputs(lab, own, nucleus, background, red_cell) -> torch.Tensor:
    """What the network sees, N × 8 × H × W."""
    view = lambda colors: colors[:, :, None, None]
    unit = torch.tensor(UNIT)[None, :, None, None]
    background = torch.where(background.isnan(), torch.tensor(USUAL_BACKGROUND), background)
    from_red = torch.where(view(red_cell.isnan()), torch.zeros(()), (lab - view(red_cell.nan_to_num())) / unit)
    return torch.cat([(lab - view(background)) / unit, from_red, own, nucleus], dim=1)


def plain(cells: Cells) -> tuple[torch.Tensor, torch.Tensor]:
    """Windows and sizes as the engine has them."""
    planes = cells.planes.float()
    edge = (planes.shape[2] - SIDE) // 2
    planes = planes[:, :, edge:edge + SIDE, edge:edge + SIDE]
    return inputs(planes[:, LAB], planes[:, OWN], planes[:, NUCLEUS], cells.background, cells.red_cell), cells.sizes


class Augmentation:
    """Random views of cells. `by_class` and `together` scale how far colors go."""

    def __init__(self, generator: torch.Generator, by_class: float, together: float):
        self.generator, self.by_class, self.together = generator, by_class, together

    def normal(self, *shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=self.generator)

    def uniform(self, *shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=self.generator)

    def __call__(self, cells: Cells) -> tuple[torch.Tensor, torch.Tensor]:
        count = len(cells)
        planes = self.posed(cells.planes.float())
        lab, background, red_cell = self.stained(planes, cells.background, cells.red_cell)
        lab = self.filmed(lab)
        own, nucleus = self.misjudged(planes[:, OWN], planes[:, NUCLEUS])
        red_cell = torch.where(self.uniform(count, 1) < 0.15, torch.tensor(math.nan), red_cell)
        sizes = cells.sizes + self.normal(count, 1) * 0.25 + self.normal(count, 2) * 0.12
        sizes = torch.where(self.uniform(count, 1) < 0.15, torch.zeros(()), sizes)
        return inputs(lab, own, nucleus, background, red_cell), sizes

    def posed(self, planes: torch.Tensor) -> torch.Tensor:
        """Turned, mirrored, scaled and moved."""
        count = len(planes)
        angle = self.uniform(count) * 2 * math.pi
        zoom = torch.exp((self.uniform(count) * 2 - 1) * 0.3)
        aspect = torch.exp(self.normal(count) * 0.05)
        mirror = torch.where(self.uniform(count) < 0.5, -1.0, 1.0)
        shift = self.normal(count, 2) * 0.06
        share = SIDE / planes.shape[2]
        c, s = torch.cos(angle) * share / zoom, torch.sin(angle) * share / zoom
        rows = [torch.stack([c * mirror * aspect, -s, shift[:, 0]], 1),
                torch.stack([s * mirror * aspect, c, shift[:, 1]], 1)]
        grid = F.affine_grid(torch.stack(rows, 1), (count, 1, SIDE, SIDE), align_corners=False)
        return F.grid_sample(planes, grid, mode="bilinear", padding_mode="border", align_corners=False)

    def stained(self, planes, background, red_cell):
        """Another stain: each class's colors moved and spread on their own, then all about the background."""
        lab, count = planes[:, LAB], len(planes)
        amount = self.uniform(count, 1, 1) * self.by_class
        spread = torch.tensor([6.0, 7.0, 7.0])
        shift = self.normal(count, 5, 3) * spread * amount
        # One dye colors red cells and cytoplasm: a part of their change is common.
        shift[:, 1:3] += self.normal(count, 1, 3) * spread * amount * 0.6
        gain = torch.exp(self.normal(count, 5, 3) * 0.2 * amount)
        soft = F.avg_pool2d(F.pad(planes[:, CLASSES], (1, 1, 1, 1), mode="replicate"), 3, 1)
        soft = soft / soft.sum(1, keepdim=True).clamp(min=1e-3)
        mean = torch.einsum("nkhw,nchw->nkc", soft, lab) / soft.sum((2, 3)).clamp(min=1e-3)[..., None]
        mean[:, 0] = torch.where(background.isnan(), mean[:, 0], background)
        mean[:, 1] = torch.where(red_cell.isnan(), mean[:, 1], red_cell)
        offset = mean - gain * mean + shift
        lab = lab * torch.einsum("nkhw,nkc->nchw", soft, gain) + torch.einsum("nkhw,nkc->nchw", soft, offset)
        background, red_cell = background + shift[:, 0], red_cell + shift[:, 1]
        center = torch.where(background.isnan(), mean[:, 0], background)
        hue = self.normal(count) * 0.25 * self.together
        saturation = torch.exp(self.normal(count) * 0.25 * self.together)
        light = torch.exp(self.normal(count) * 0.18 * self.together)

        def changed(colors: torch.Tensor) -> torch.Tensor:
            wide = (-1, *[1] * (colors.dim() - 2))
            away = colors - center.view(count, 3, *wide[1:])
            c, s, k = torch.cos(hue).view(wide), torch.sin(hue).view(wide), saturation.view(wide)
            parts = [away[:, 0] * light.view(wide), (away[:, 1] * c - away[:, 2] * s) * k,
                     (away[:, 1] * s + away[:, 2] * c) * k]
            return torch.stack(parts, 1) + center.view(count, 3, *wide[1:])

        return changed(lab), background, changed(red_cell)

    def filmed(self, lab: torch.Tensor) -> torch.Tensor:
        """Another camera, alike for a quarter of the batch each: resolution, focus, sharpening, coarse color; noise."""
        around = lambda views, edge: F.pad(views, (edge,) * 4, mode="replicate")
        parts = []
        for part in lab.chunk(4):
            choice = float(self.uniform(1))
            if choice < 0.35:
                small = int(torch.randint(22, 56, (1,), generator=self.generator))
                part = F.interpolate(F.interpolate(part, size=small, mode="area"), size=SIDE, mode="bilinear")
            elif choice < 0.55:
                sigma = 0.4 + float(self.uniform(1)) * 1.2
                kernel = torch.exp(-torch.arange(-3, 4).float() ** 2 / (2 * sigma * sigma))
                kernel = kernel[:, None] * kernel / kernel.sum() ** 2
                part = F.conv2d(around(part, 3), kernel.expand(3, 1, 7, 7), groups=3)
            elif choice < 0.7:
                part = part + (part - F.avg_pool2d(around(part, 1), 3, 1)) * float(self.uniform(1)) * 1.2
            if float(self.uniform(1)) < 0.4:
                coarse = F.interpolate(F.avg_pool2d(part[:, 1:], 4), size=SIDE, mode="bilinear")
                part = torch.cat([part[:, :1], coarse], 1)
            parts.append(part)
        lab = torch.cat(parts)
        amount = self.uniform(len(lab))[:, None, None, None] * torch.tensor([2.5, 2.0, 2.0])[None, :, None, None]
        return lab + self.normal(*lab.shape) * amount

    def misjudged(self, own: torch.Tensor, nucleus: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Masks as another lab's stain makes them: too wide, too narrow, or not there."""
        grown = lambda mask, size: F.max_pool2d(mask, size, 1, size // 2)
        pairs = []
        for cell, core in zip(own.chunk(8), nucleus.chunk(8)):
            choice = float(self.uniform(1))
            if choice < 0.25:
                cell = grown(cell, 5)
            elif choice < 0.45:
                cell = torch.maximum(-grown(-cell, 5), core)
            choice = float(self.uniform(1))
            core = grown(core, 3) if choice < 0.2 else -grown(-core, 3) if choice < 0.4 else core
            pairs.append((cell, core))
        own, nucleus = (torch.cat(masks) for masks in zip(*pairs))
        hidden = self.uniform(len(own))[:, None, None, None] < 0.15
        return own.masked_fill(hidden, 0), nucleus.masked_fill(hidden, 0)
