#!/usr/bin/env python3
"""A data set of white cells as other labs would have it: each field in random stains, lights and cameras.

    nctd segment DATA/train/images --output seen
    Training/restained.py --data DATA/train --seen seen --views 2 --output restained

What a network makes of another lab's fields, with the classes that it gets wrong there, is what the network for kinds has
to live with (Training/kinds.py). DATA: images/, labels/ and kinds.csv. Writes images/, labels/ and kinds.csv.
"""

import argparse
import csv
import shutil
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from data import cell_fields
from stains import stain

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Evaluation"))
from progress import Progress  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seen", type=Path, required=True, help="what nctd segment DATA/images --output wrote")
    parser.add_argument("--views", type=int, default=2, help="stains a field (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    table = next(folder / "kinds.csv" for folder in (options.data, options.data.parent)
                 if (folder / "kinds.csv").is_file())
    with open(table, newline="") as file:
        kinds = {Path(row["image"]).stem: row["kind"] for row in csv.DictReader(file)
                 if row.get("part", options.data.name) == options.data.name}
    for name in ("images", "labels"):
        (options.output / name).mkdir(parents=True, exist_ok=True)
    fields = cell_fields(options.data, options.seen)
    progress = Progress("restaining", len(fields))
    rows = []
    for number, field in enumerate(fields):
        rng = np.random.default_rng([options.seed, number])
        for view in range(options.views):
            name = f"{field.name}-{view}"
            pixels = stain(field.amounts, field.rest, rng, field.classes)
            Image.fromarray(np.round(pixels * 255).astype(np.uint8)).save(options.output / "images" / f"{name}.png")
            shutil.copy(options.data / "labels" / f"{field.name}.txt", options.output / "labels" / f"{name}.txt")
            rows.append((f"{name}.png", kinds[field.name]))
        progress.step()
    progress.end()
    with open(options.output / "kinds.csv", "w", newline="") as file:
        csv.writer(file).writerows([("image", "kind"), *rows])


if __name__ == "__main__":
    main()
