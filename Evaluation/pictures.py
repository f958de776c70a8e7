"""A plot of the tables, and sheets of images with what the detector found in them."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from imaging import read_labels, read_rgb
from metrics import interval
from tables import Table

BOX_COLORS = ["#2040ff", "#d01010", "#008030", "#b06000", "#8000a0", "#007080"]
SHOWN_SCORE = 0.25


def plot(tables: list[Table], path: Path) -> bool:
    """mAP@0.5:0.95 of all with its interval, a panel a table; False, and a word, where there is no matplotlib."""
    try:
        import matplotlib
    except ImportError:
        print("no plot: matplotlib is not installed; run Evaluation/setup evaluate", file=sys.stderr)
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = min(3, len(tables))
    rows = -(-len(tables) // columns)
    height = 1.1 + 0.3 * max(len(table.lines) for table in tables)
    figure, axes = pyplot.subplots(rows, columns, figsize=(5.6 * columns, height * rows), squeeze=False)
    for axis in axes.flat[len(tables):]:
        axis.axis("off")
    for axis, table in zip(axes.flat, tables):
        lines = [line for line in table.lines if line.point is not None][::-1]
        for place, line in enumerate(lines):
            low, high = interval(line.resampled)
            value = line.point[-1, 3]
            color = {"original": "#666666", "color transfer": "#c2185b"}.get(line.row, "#1f77b4")
            axis.plot([low[-1, 3], high[-1, 3]], [place, place], color=color, linewidth=2)
            axis.plot([value], [place], "o", color=color)
            axis.annotate(f"{value:.3f}", (value, place), textcoords="offset points", xytext=(0, 5), ha="center",
                          fontsize=7)
        axis.axvline(table.original.point[-1, 3], color="#666666", linewidth=0.7, linestyle="--")
        if table.unshifted is not None:
            axis.axvline(table.unshifted, color="#2e7d32", linewidth=0.7, linestyle=":")
        axis.set_yticks(range(len(lines)), [line.row for line in lines], fontsize=8)
        axis.set_ylim(-0.6, len(lines) - 0.2)
        axis.set_xlim(0, 1)
        axis.set_title(table.title, fontsize=8)
        axis.tick_params(axis="x", labelsize=7)
        axis.grid(axis="x", linewidth=0.3)
    figure.supxlabel("mAP@0.5:0.95, all classes; bars: 95 % bootstrap over images; dashed: original; "
                     "dotted: without the shift", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=130, metadata={"Software": None})
    pyplot.close(figure)
    return True


def drawn(pixels: np.ndarray, boxes: np.ndarray, truth: np.ndarray, width: int) -> Image.Image:
    """An image with labels (thin white) and detections (colored by class) in it, scaled to a width."""
    scale = width / pixels.shape[1]
    picture = Image.fromarray(pixels).resize((width, round(pixels.shape[0] * scale)), Image.Resampling.BILINEAR)
    pen = ImageDraw.Draw(picture)
    for row in truth:
        pen.rectangle([v * scale for v in row[1:5]], outline="white", width=1)
    for left, top, right, bottom, score, category in boxes[boxes[:, 4] >= SHOWN_SCORE]:
        color = BOX_COLORS[int(category) % len(BOX_COLORS)]
        corners = [left * scale, top * scale, max(left, right) * scale, max(top, bottom) * scale]
        pen.rectangle(corners, outline=color, width=2)
        pen.text((corners[0] + 2, corners[1] + 1), f"{score:.2f}", fill=color, font=ImageFont.load_default(10))
    return picture


def sheet(columns: list[tuple[str, list[tuple[Path, Path]], list[np.ndarray]]], chosen: list[tuple[int, str]],
          classes: list[str], path: Path, width: int = 300) -> None:
    """Chosen images down, methods across.

    `columns`: a method's name, its images with labels, and the boxes found in each. `chosen`: an image's index and
    what to say of it.
    """
    rows = []
    for index, remark in chosen:
        cells = []
        for _, pairs, boxes in columns:
            pixels = read_rgb(pairs[index][0])
            cells.append(drawn(pixels, boxes[index], read_labels(pairs[index][1], *pixels.shape[1::-1]), width))
        rows.append((f"{columns[0][1][index][1].stem}: {remark}", cells))
    head, caption, gap = 40, 16, 4
    total = sum(max(c.height for c in cells) + caption + gap for _, cells in rows)
    page = Image.new("RGB", (len(columns) * (width + gap), head + total), "white")
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(12)
    x = 2
    for index, name in enumerate(classes):
        pen.text((x, 2), name, fill=BOX_COLORS[index % len(BOX_COLORS)], font=font)
        x += 12 + pen.textlength(name, font=font)
    pen.text((x, 2), f"white: labels; detections from score {SHOWN_SCORE}", fill="black", font=font)
    for column, (name, _, _) in enumerate(columns):
        pen.text((column * (width + gap) + 2, 20), name, fill="black", font=font)
    top = head
    for remark, cells in rows:
        pen.text((2, top), remark, fill="black", font=font)
        for column, cell in enumerate(cells):
            page.paste(cell, (column * (width + gap), top + caption))
        top += caption + gap + max(c.height for c in cells)
    page.save(path)
