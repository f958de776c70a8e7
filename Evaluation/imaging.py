"""Reads images and YOLO labels, and fits an image into the detector's square.

The square keeps the image's proportions, pads with gray 114 and resizes the way the detector's training code does,
because a detector is sensitive to how its input was resized.
"""

from pathlib import Path

import numpy as np
from PIL import Image

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp"}
PADDING_GRAY = 114


def linear_weights(size_in: int, size_out: int) -> np.ndarray:
    """The size_out x size_in matrix of linear interpolation at pixel centers, without smoothing beforehand."""
    position = (np.arange(size_out) + 0.5) * size_in / size_out - 0.5
    position = position.clip(0, size_in - 1)
    left = np.floor(position).astype(int)
    right = np.minimum(left + 1, size_in - 1)
    share = position - left
    weights = np.zeros((size_out, size_in), np.float32)
    np.add.at(weights, (np.arange(size_out), left), 1 - share)
    np.add.at(weights, (np.arange(size_out), right), share)
    return weights


def area_weights(size_in: int, size_out: int) -> np.ndarray:
    """The size_out x size_in matrix that averages the input pixels which each output pixel covers."""
    edges = np.arange(size_out + 1) * size_in / size_out
    pixels = np.arange(size_in)
    covered = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    covered = covered.clip(0, None)
    return (covered / covered.sum(1, keepdims=True)).astype(np.float32)


def resize(pixels: np.ndarray, height: int, width: int, shrink: str = "area") -> np.ndarray:
    """Resizes height x width x channels in 0...255; enlarging is always linear, shrinking is "area" or "linear"."""
    if pixels.shape[:2] == (height, width):
        return pixels.astype(np.float32)
    shrinks = max(height, width) < max(pixels.shape[:2])
    weights = area_weights if shrinks and shrink == "area" else linear_weights
    rows = np.tensordot(weights(pixels.shape[0], height), pixels.astype(np.float32), 1)
    both = np.tensordot(weights(pixels.shape[1], width), rows, (1, 1)).transpose(1, 0, 2)
    return np.rint(both).clip(0, 255)


def letterbox(pixels: np.ndarray, side: int, shrink: str = "area") -> tuple[np.ndarray, float, float, float]:
    """Fits an RGB image into a side x side square.

    Returns the square (3 x side x side, 0...1), the scale of each axis being the same up to rounding, and the left
    and top padding in pixels of the square.
    """
    scale = side / max(pixels.shape[:2])
    height = min(int(np.ceil(pixels.shape[0] * scale)), side)
    width = min(int(np.ceil(pixels.shape[1] * scale)), side)
    left = round((side - width) / 2 - 0.1)
    top = round((side - height) / 2 - 0.1)
    square = np.full((side, side, 3), PADDING_GRAY, np.float32)
    square[top : top + height, left : left + width] = resize(pixels, height, width, shrink)
    return square.transpose(2, 0, 1) / 255, scale, left, top


def read_rgb(path: Path) -> np.ndarray:
    """The image as height x width x 3 bytes; 16-bit files are reduced to 8 bits."""
    with Image.open(path) as image:
        if image.mode.startswith("I"):
            return np.repeat((np.asarray(image) // 257).astype(np.uint8)[..., None], 3, axis=2)
        return np.asarray(image.convert("RGB"))


def read_labels(path: Path, width: int, height: int) -> np.ndarray:
    """Labels as rows of (class, left, top, right, bottom) in pixels, from lines `class cx cy w h` relative to 1."""
    rows = [line.split() for line in path.read_text().splitlines() if line.strip()]
    if any(len(row) != 5 for row in rows):
        raise SystemExit(f"{path}: every line must hold `class cx cy w h`; remove or mend the others")
    values = np.array(rows, np.float64).reshape(-1, 5)
    values = np.unique(values, axis=0)
    center, size = values[:, 1:3], values[:, 3:5]
    corners = np.concatenate([center - size / 2, center + size / 2], axis=1)
    return np.concatenate([values[:, :1], corners * [width, height, width, height]], axis=1)


def stem(path: Path) -> str:
    """The name without its image extensions, of which a result may have two (`a.jpg.png`)."""
    name = path.name
    while Path(name).suffix.lower() in IMAGE_SUFFIXES:
        name = Path(name).stem
    return name


def labeled_images(images: Path, labels: Path) -> list[tuple[Path, Path]]:
    """Every label file with its image, in the order of the names; an image that is missing stops the program."""
    found: dict[str, Path] = {}
    for path in sorted(images.rglob("*")):
        if path.is_file() and path.suffix.lower() in IMAGE_SUFFIXES:
            if stem(path) in found:
                raise SystemExit(f"{images}: both {found[stem(path)]} and {path} belong to label {stem(path)}.txt")
            found[stem(path)] = path
    wanted = sorted(labels.glob("*.txt"))
    missing = [path.stem for path in wanted if path.stem not in found]
    if not wanted:
        raise SystemExit(f"{labels}: holds no label file (NAME.txt); give the folder of YOLO labels")
    if missing:
        raise SystemExit(f"{images}: no image for {len(missing)} of {len(wanted)} labels, the first is {missing[0]}")
    return [(found[path.stem], path) for path in wanted]
