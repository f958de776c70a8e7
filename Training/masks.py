"""Classes of pixels from boxes and colors: what a smear with boxes tells about each of its pixels.

A box says which kind of cell is there, color says which of its pixels belong to the cell: optical density is split by
Otsu's threshold (1979). Where the two do not agree a pixel is `IGNORED` and teaches nothing.
"""

import numpy as np
from scipy import ndimage

BACKGROUND, RED_CELL, CYTOPLASM, NUCLEUS, PLATELET = range(5)
CLASSES = ["background", "red cell", "cytoplasm", "nucleus", "platelet"]
IGNORED = 255


def linear(samples: np.ndarray) -> np.ndarray:
    """Linear light of sRGB samples 0…1."""
    return np.where(samples <= 0.04045, samples / 12.92, ((samples + 0.055) / 1.055) ** 2.4)


def light_of(image: np.ndarray) -> np.ndarray:
    """The empty field's linear color: the median of the pixels from the 90th to the 99th percentile of luminance."""
    luminance = image @ np.array([0.299, 0.587, 0.114])
    low, high = np.percentile(luminance, [90, 99])
    return np.clip(np.median(linear(image[(luminance >= low) & (luminance <= high)]), axis=0), 1e-4, 1)


def density(image: np.ndarray, light: np.ndarray | None = None) -> np.ndarray:
    """Optical density in red, green and blue against the empty field; `image` is sRGB 0…1, height × width × 3."""
    light = light_of(image) if light is None else light
    return np.log10(light / np.maximum(linear(image), 1e-4))


def otsu(values: np.ndarray, bins: int = 128) -> float:
    """The threshold that separates two classes best (greatest variance between them)."""
    counts, edges = np.histogram(values, bins=bins)
    middles = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(middles[np.nanargmax(between)])


def corners(box: tuple, width: int, height: int, margin: float = 0.0) -> tuple[slice, slice]:
    """Rows and columns of a YOLO box (cx, cy, w, h relative to the image), grown by a share of its size."""
    cx, cy, w, h = box
    w, h = w * (1 + margin), h * (1 + margin)
    left, right = round((cx - w / 2) * width), round((cx + w / 2) * width)
    top, bottom = round((cy - h / 2) * height), round((cy + h / 2) * height)
    return slice(max(0, top), min(height, bottom)), slice(max(0, left), min(width, right))


def ellipse(box: tuple, width: int, height: int, share: float) -> np.ndarray:
    """Pixels inside the ellipse that fits the box, its axes multiplied by `share`."""
    cx, cy, w, h = box
    y, x = np.mgrid[0:height, 0:width]
    return (((x + 0.5) / width - cx) / (w / 2 * share)) ** 2 + (((y + 0.5) / height - cy) / (h / 2 * share)) ** 2 <= 1


def masks(image: np.ndarray, boxes: list[tuple]) -> np.ndarray:
    """The class of every pixel of a smear, or `IGNORED`.

    - `image`: sRGB 0…1, height × width × 3
    - `boxes`: (class, cx, cy, w, h) as in a YOLO label; class 0 white cell, 1 red cell, 2 platelet
    """
    height, width = image.shape[:2]
    absorbed = ndimage.gaussian_filter(density(image), (1, 1, 0))
    stained = absorbed[..., 1]
    # The dye of nuclei is the only one that absorbs much red light.
    azure = absorbed[..., 0]
    white = [box[1:] for box in boxes if box[0] == 0]
    red = [box[1:] for box in boxes if box[0] == 1]
    platelets = [box[1:] for box in boxes if box[0] == 2]
    near_white = np.zeros((height, width), bool)
    for box in white:
        near_white[corners(box, width, height, 0.1)] = True
    level = otsu(np.clip(stained[~near_white], -0.1, 0.6)) if (~near_white).sum() > 1000 else otsu(stained)
    cell = stained > level
    result = np.full((height, width), IGNORED, np.uint8)

    in_red = np.zeros((height, width), bool)
    for box in red:
        in_red[corners(box, width, height, 0.06)] = True
    result[~cell & (stained < level * 0.8)] = BACKGROUND
    result[cell & in_red] = RED_CELL
    for box in red:
        # The pale middle of a red cell is red cell: a hole in what is stained inside the box.
        rows, columns = corners(box, width, height, 0.06)
        inside = ndimage.binary_fill_holes(ndimage.binary_closing(cell[rows, columns], iterations=2))
        middle = ellipse(box, width, height, 0.6)[rows, columns]
        view = result[rows, columns]
        view[inside & middle & (view != RED_CELL)] = RED_CELL

    for box in platelets:
        rows, columns = corners(box, width, height, 0.2)
        window = azure[rows, columns]
        view = result[rows, columns]
        if window.size < 30:
            continue
        body = (window > otsu(window)) & ellipse(box, width, height, 1.15)[rows, columns]
        view[ellipse(box, width, height, 1.3)[rows, columns] & (view != BACKGROUND)] = IGNORED
        view[body] = PLATELET

    for box in white:
        _white_cell(result, box, absorbed, level, in_red, width, height)
    return result


def _white_cell(result, box, absorbed, level, in_red, width, height) -> None:
    """Marks one white cell: nucleus by density, cytoplasm by place."""
    rows, columns = corners(box, width, height)
    azure, stained = absorbed[rows, columns, 0], absorbed[rows, columns, 1]
    if azure.size < 200:
        return
    view, red = result[rows, columns], in_red[rows, columns]
    inside, core = (ellipse(box, width, height, share)[rows, columns] for share in (1.02, 0.8))
    dark = azure + 0.5 * stained
    nucleus = (dark > otsu(dark[inside])) & inside
    nucleus = ndimage.binary_closing(ndimage.binary_opening(nucleus), iterations=2) & inside
    spots, count = ndimage.label(nucleus)
    if count == 0:
        return
    sizes = ndimage.sum_labels(nucleus, spots, range(1, count + 1))
    nucleus = np.isin(spots, 1 + np.flatnonzero(sizes > max(20, 0.05 * sizes.max())))
    # Whatever is stained and joined to the nucleus inside the ellipse, and the whole of the core.
    body = ndimage.binary_opening((stained > 0.4 * level) & inside, iterations=2) | core
    outside = view[inside & ~body]
    view[inside & ~body] = np.where(outside == BACKGROUND, BACKGROUND, IGNORED)
    rim = body & ~core & red
    view[body] = CYTOPLASM
    view[rim] = IGNORED
    view[core & red & ~ellipse(box, width, height, 0.65)[rows, columns]] = IGNORED
    # The edge of a nucleus is neither.
    edge = ndimage.binary_dilation(nucleus, iterations=1) & ~nucleus
    view[edge & body] = IGNORED
    view[nucleus] = NUCLEUS
