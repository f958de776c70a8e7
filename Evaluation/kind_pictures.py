"""Pictures of kinds: what each is seen as, before and after; and a sheet of cells by lab and kind, before and after."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from imaging import PADDING_GRAY, read_rgb
from kinds import CELL, KindLab

SHORT = {"segmented_neutrophil": "seg", "band_neutrophil": "band", "neutrophil": "neu", "lymphocyte": "lym",
         "monocyte": "mon", "eosinophil": "eos", "basophil": "bas", "other": "other"}


def font(size: int):
    return ImageFont.load_default(size)


def confusion_picture(panels: list[tuple[str, list[tuple[str, np.ndarray]]]], kinds: list[str], path: Path) -> None:
    """A line of panels a title: each a name and a matrix kinds x (kinds, other, missed), as shares of its rows."""
    side, left, top, gap = 34, 46, 44, 18
    columns = [*kinds, "other", "missed"]
    width, height = left + side * len(columns) + gap, top + side * len(kinds) + gap
    across = max(len(line) for _, line in panels)
    page = Image.new("RGB", (across * width + gap, len(panels) * (height + 20) + gap), "white")
    pen = ImageDraw.Draw(page)
    for row, (title, line) in enumerate(panels):
        y0 = row * (height + 20) + 6
        pen.text((gap, y0), title, fill="black", font=font(13))
        for column, (name, matrix) in enumerate(line):
            x, y = gap + column * width, y0 + 18
            hit = np.diagonal(matrix).sum() / max(matrix.sum(), 1)
            pen.text((x, y), f"{name}: {100 * hit:.0f} % right", fill="black", font=font(12))
            shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
            for j, kind in enumerate(columns):
                pen.text((x + left + j * side + 2, y + 20), SHORT.get(kind, kind), fill="black", font=font(10))
            for i, kind in enumerate(kinds):
                pen.text((x, y + top + i * side + 10), SHORT[kind], fill="black", font=font(10))
                for j in range(len(columns)):
                    share = shares[i, j]
                    color = (0.55, 0.75, 0.95) if i == j else (0.95, 0.6, 0.5)
                    fill = tuple(int(255 * (1 - share * (1 - c))) for c in color)
                    corner = (x + left + j * side, y + top + i * side)
                    pen.rectangle([corner, (corner[0] + side - 2, corner[1] + side - 2)], fill=fill)
                    if matrix[i, j]:
                        pen.text((corner[0] + 4, corner[1] + 10), str(matrix[i, j]), fill="black", font=font(11))
    page.save(path)


def thumbnail(lab: KindLab, index: int, cell: int, side: int) -> Image.Image:
    """A cell with its surroundings, 1.5 times as wide as the lab's median cell."""
    field = lab.fields[index]
    left, top, right, bottom = field.boxes[cell]
    span = 1.5 * (CELL if lab.own else lab.cell)
    x, y = (left + right - span) / 2, (top + bottom - span) / 2
    return Image.fromarray(read_rgb(field.image)).transform(
        (side, side), Image.Transform.AFFINE, (span / side, 0, x, 0, span / side, y), Image.Resampling.BICUBIC,
        fillcolor=(PADDING_GRAY,) * 3)


def spread_out(items: list, count: int) -> list:
    """So many of them, evenly from first to last."""
    if len(items) <= count:
        return items
    return [items[round(i)] for i in np.linspace(0, len(items) - 1, count)]


def cell_sheet(training: KindLab, pairs: list[tuple[KindLab, KindLab]], title: str, path: Path, side: int = 84,
               count: int = 10, known: int = 3) -> None:
    """For each lab (before, after) and kind: up to `count` cells, before above after; first some of the training lab."""
    of_training = {"neutrophil": "segmented_neutrophil"}
    lines = [(kind, before, after) for before, after in pairs for kind in before.kinds]
    label, gap = 92, 3
    line_height = 2 * (side + gap) + 14
    page = Image.new("RGB", (label + (known + count) * (side + gap) + 24, 40 + line_height * len(lines)), "white")
    pen = ImageDraw.Draw(page)
    pen.text((4, 4), title, fill="black", font=font(14))
    pen.text((label, 22), "training lab", fill="black", font=font(12))
    pen.text((label + known * (side + gap) + 20, 22), "above: as it came, below: normalized", fill="black", font=font(12))
    for row, (kind, before, after) in enumerate(lines):
        top = 40 + row * line_height
        pen.text((4, top + side - 14), before.name, fill="black", font=font(13))
        pen.text((4, top + side + 2), kind, fill="black", font=font(13))
        if row and kind == before.kinds[0]:
            pen.line([(0, top - 8), (page.width, top - 8)], fill="black")
        own = training.kinds.index(of_training.get(kind, kind))
        for place, (index, cell) in enumerate(spread_out(cells_of(training, own), known)):
            page.paste(thumbnail(training, index, cell, side), (label + place * (side + gap), top + side // 2))
        for place, (index, cell) in enumerate(spread_out(cells_of(before, before.kinds.index(kind)), count)):
            x = label + known * (side + gap) + 20 + place * (side + gap)
            page.paste(thumbnail(before, index, cell, side), (x, top))
            page.paste(thumbnail(after, index, cell, side), (x, top + side + gap))
    page.save(path)


def cells_of(lab: KindLab, kind: int) -> list[tuple[int, int]]:
    """Field and cell of each cell of a kind."""
    return [(i, c) for i, field in enumerate(lab.fields) for c in np.flatnonzero(field.kinds == kind)]
