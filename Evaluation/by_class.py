"""Protocol d beyond detection: whether each class comes back to its own color, and nuclei keep their texture.

Classes are those that the network sees in the image before it was restained, the same for every row.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from dataset import ImageSet
from distance import lab as cielab
from imaging import read_rgb
from program import Program, Row
from tables import markdown_row

CLASSES = ["background", "red cell", "cytoplasm", "nucleus", "platelet"]
NUCLEUS = CLASSES.index("nucleus")
# A class of fewer pixels has no color; a class is back where its median is as near as this, in units of CIELAB.
LEAST_PIXELS, NEAR = 100, 4


def figures(images: ImageSet, truth: ImageSet, classes: Path) -> tuple[np.ndarray, np.ndarray]:
    """Of each image and class the distance of the medians in CIELAB, NaN where there is hardly any; and of each image the
    deviation of lightness in its nuclei over that of the truth."""
    distances, contrasts = [], []
    for (shown, label), (true, _) in zip(images.pairs, truth.pairs):
        with Image.open(classes / f"{label.stem}-classes.png") as opened:
            numbers = np.asarray(opened.convert("L"))
        result, right = cielab(read_rgb(shown)), cielab(read_rgb(true))
        row = []
        for number in range(len(CLASSES)):
            mine = numbers == number
            off = np.median(result[mine], axis=0) - np.median(right[mine], axis=0) if mine.sum() >= LEAST_PIXELS else np.nan
            row.append(np.linalg.norm(off))
        distances.append(row)
        mine = numbers == NUCLEUS
        contrasts.append(result[mine, 0].std() / right[mine, 0].std() if mine.sum() >= LEAST_PIXELS else np.nan)
    return np.array(distances), np.array(contrasts)


def report(program: Program, rows: list[Row], own: ImageSet, profile: Path, shifts: list[tuple[str, str]]) -> str:
    """A table over all drawn labs: median distance of each class, the share that is back, and the nuclei's contrast."""
    classes = program.classes(own)
    lines = ["# Protocol d: classes of lab A's test images, restained class by class, after each method", "",
             f"Distance of the medians in CIELAB, median over the images of {len(shifts)} drawn labs, and the share within "
             f"{NEAR}; nuclei: deviation of lightness over that of the image before it was restained, median and share from "
             "0.8 on.", "",
             markdown_row(["", *CLASSES, "nuclei's contrast"]), markdown_row(["---"] * (len(CLASSES) + 2))]
    for row in rows:
        if program.why_not(row):
            continue
        found = [figures(program.normalize(program.restain(own, *shift), row, profile)[0], own, classes)
                 for shift in shifts]
        distances, contrasts = (np.concatenate([one[i] for one in found]) for i in (0, 1))
        cells = []
        for number in range(len(CLASSES)):
            mine = distances[~np.isnan(distances[:, number]), number]
            cells.append(f"{np.median(mine):.1f}, {100 * (mine <= NEAR).mean():.0f} %" if len(mine) else "")
        seen = contrasts[~np.isnan(contrasts)]
        cells.append(f"{np.median(seen):.2f}, {100 * (seen >= 0.8).mean():.0f} %" if len(seen) else "")
        lines.append(markdown_row([row.name, *cells]))
    return "\n".join(lines) + "\n"
