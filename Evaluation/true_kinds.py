"""What a change of color would reach that knew every white cell's outline and kind: the ceiling of the tables by kind.

Each cell's cytoplasm and nucleus, by true masks, get mean and deviation that the training lab's palette has for the true
kind, in what color transfer made of the field. They come from the colors of the cell itself (`capture`), or from those
of all cells of its kind in the lab (`session`), so that what is the cell's own stays. Ratios of deviations are bound to
0.5 to 2, as the program binds them.
"""

import json
import tomllib
from pathlib import Path

import numpy as np
from PIL import Image

from distance import lab as cielab, srgb
from imaging import read_rgb
from kinds import KindLab

PARTS = {"cytoplasm": 128, "nucleus": 255}
# The training lab tells the two neutrophils apart, other labs do not.
BOTH = {"neutrophil": ["segmented_neutrophil", "band_neutrophil"]}
LEAST_PIXELS, GREATEST_RATIO = 20, 2


def palette_of(profile: Path) -> dict:
    """The training lab's palette that a profile names."""
    name = tomllib.loads(profile.read_text()).get("palette")
    if name is None:
        raise SystemExit(f"{profile}: names no palette; `nctd profile suggest --copy` writes one")
    return json.loads((profile.parent / name).read_text())


def target(palette: dict, part: str, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation within a cell."""
    known = [palette[part][name] for name in BOTH.get(kind, [kind])]
    weights = np.array([one["count"] + 1e-6 for one in known])
    means, within = (np.array([one[key] for one in known]) for key in ("mean", "within"))
    return weights @ means / weights.sum(), np.sqrt(weights @ within**2 / weights.sum())


def blurred(mask: np.ndarray) -> np.ndarray:
    """A mask of 0 and 1 whose edge passes over a pixel on both sides."""
    for axis in (0, 1):
        padded = np.pad(mask, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        before, after = (np.take(padded, range(start, start + mask.shape[axis]), axis) for start in (0, 2))
        mask = before / 4 + mask / 2 + after / 4
    return mask


def colored(lab: KindLab, shown: KindLab, palette: dict, session: bool, folder: Path) -> KindLab | None:
    """The lab's cells so colored in the images of another row; None where the lab has no masks of single cells."""
    if any(field.mask is None or len(field.kinds) != 1 for field in lab.fields):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    read, known = [], {}
    for field in lab.fields:
        with Image.open(field.mask) as opened:
            mask = np.asarray(opened.convert("L"))
        colors, kind = cielab(read_rgb(field.image)), lab.kinds[int(field.kinds[0])]
        read.append((mask, colors, kind))
        for part, value in PARTS.items():
            pixels = colors[mask == value]
            if len(pixels) >= LEAST_PIXELS:
                known.setdefault((part, kind), []).append((pixels.mean(0), pixels.std(0)))
    for field, after, (mask, colors, kind) in zip(lab.fields, shown.fields, read):
        result = cielab(read_rgb(after.image))
        for part, value in PARTS.items():
            inside = mask == value
            if inside.sum() < LEAST_PIXELS:
                continue
            if session:
                mean, deviation = (np.mean([one[i] for one in known[part, kind]], axis=0) for i in (0, 1))
            else:
                mean, deviation = colors[inside].mean(0), colors[inside].std(0)
            wanted, within = target(palette, part, kind)
            gain = np.clip(within / np.maximum(deviation, 0.1), 1 / GREATEST_RATIO, GREATEST_RATIO)
            share = blurred(inside.astype(float))[..., None]
            result += share * ((colors - mean) * gain + wanted - result)
        Image.fromarray(srgb(result)).save(folder / f"{field.name}.png")
    return shown.with_images(folder)
