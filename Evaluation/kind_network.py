#!/usr/bin/env python3
"""Measures the kinds of white cells that `nctd segment` tells, against data sets that know them.

    Evaluation/kind_network.py ../shared/data/lab-a-kinds/test ../shared/data/lab-c ../shared/data/lab-d
    Evaluation/kind_network.py ../shared/data/lab-c --results normalized/    after the lab's palette: what sidecars say
    Evaluation/kind_network.py ../shared/data/lab-c --images normalized/     after the change of color

A data set has images/, labels/ (YOLO boxes) and kinds.csv (image, kind; index of the box where a field has several;
part), beside or above it. A cell is found where one of the engine's overlaps its box by 0.3. Balanced accuracy is the
mean over the kinds of the share that is told rightly, over the cells found, with 95 % of 1000 drawings of each kind's
cells; calibration the mean distance of confidence from accuracy over ten bins. Where a data set knows neutrophils
only, both neutrophils count as one, *other* is left out, and the rest makes one.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from kind_tables import bounds
from tables import markdown_row

KINDS = ["segmented_neutrophil", "band_neutrophil", "lymphocyte", "monocyte", "eosinophil", "basophil", "other"]
FIVE = ["neutrophil", *KINDS[2:6]]
LEAST_OVERLAP = 0.3


def known_boxes(data: Path) -> dict[str, list[tuple[list[float], str]]]:
    """By image the boxes of known kind: center and size relative to the image."""
    table = next((folder / "kinds.csv" for folder in (data, data.parent) if (folder / "kinds.csv").is_file()), None)
    if table is None:
        raise SystemExit(f"{data}: no kinds.csv there or above; name a data set with kinds")
    result: dict[str, list] = {}
    with open(table, newline="") as file:
        for row in csv.DictReader(file):
            if row.get("part", data.name) != data.name:
                continue
            lines = (data / "labels" / f"{Path(row['image']).stem}.txt").read_text().splitlines()
            box = [float(value) for value in lines[int(row.get("index") or 0)].split()[1:5]]
            result.setdefault(row["image"], []).append((box, row["kind"]))
    return result


def overlap(cell: list[int], box: list[float], width: int, height: int) -> float:
    """Intersection over union of a cell (left, top, width, height) and a YOLO box."""
    center, size = np.array(box[:2]) * [width, height], np.array(box[2:]) * [width, height]
    low, extent = np.array(cell[:2], float), np.array(cell[2:], float)
    shared = np.minimum(center + size / 2, low + extent) - np.maximum(center - size / 2, low)
    if (shared <= 0).any():
        return 0.0
    return shared.prod() / (size.prod() + extent.prod() - shared.prod())


def probabilities(values: dict[str, float], names: list[str]) -> np.ndarray:
    """In the order of the names, one in sum."""
    either = {**values, "neutrophil": values["segmented_neutrophil"] + values["band_neutrophil"]}
    row = np.array([either[name] for name in names])
    return row / row.sum()


def calibration(rows: np.ndarray, truth: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error."""
    sure, right = rows.max(1), rows.argmax(1) == truth
    bin_of = np.minimum((sure * bins).astype(int), bins - 1)
    return sum(abs(right[bin_of == b].mean() - sure[bin_of == b].mean()) * (bin_of == b).mean()
               for b in range(bins) if (bin_of == b).any())


def drawn_accuracy(right: np.ndarray, truth: np.ndarray, kinds: list[int], draws: int = 1000) -> np.ndarray:
    """Balanced accuracy over these kinds, and that of each drawing of the cells of each kind."""
    random = np.random.default_rng(1)
    hits = [right[truth == kind] for kind in kinds]
    drawn = np.mean([random.choice(hit, (draws, len(hit))).mean(1) for hit in hits], axis=0)
    return np.concatenate([[np.mean([hit.mean() for hit in hits])], drawn])


def balanced(truth: np.ndarray, told: np.ndarray, count: int) -> tuple[float, float, float]:
    """Balanced accuracy over the kinds that there are, and its interval."""
    drawn = drawn_accuracy(told == truth, truth, [kind for kind in range(count) if (truth == kind).any()])
    return float(drawn[0]), *bounds(drawn[1:])


def sighted(results: Path) -> list[dict]:
    """What the sidecars of `nctd normalize` say of white cells."""
    entries = []
    for path in sorted(results.rglob("*.json")):
        sidecar = json.loads(path.read_text())
        if "quality" not in sidecar:
            continue
        source, cells = sidecar["source"], (sidecar["quality"].get("contents") or {}).get("white_cells", [])
        entries.append({"input": path.name.split(".")[0], "width": source["width"], "height": source["height"],
                        "white_cells": cells})
    return entries


def segmented(nctd: Path, data: Path, images: Path | None) -> list[dict]:
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run([nctd, "segment", images or data / "images", "--output", folder, "--json"],
                                capture_output=True, text=True)
        if result.returncode:
            raise SystemExit(f"nctd segment {data} ended with {result.returncode}:\n{result.stderr.strip()}")
    return json.loads(result.stdout)["results"]


def measure(nctd: Path, data: Path, images: Path | None, results: Path | None) -> dict:
    known = known_boxes(data)
    names = KINDS if any("neutrophil" in kind and kind != "neutrophil" for boxes in known.values()
                         for _, kind in boxes) else FIVE
    rows, truth, missed = [], [], 0
    by_stem = {Path(name).stem: boxes for name, boxes in known.items()}
    for entry in sighted(results) if results else segmented(nctd, data, images):
        path = Path(entry["input"])
        for box, kind in by_stem.get(path.stem, []):
            fits = [(overlap(cell["box"], box, entry["width"], entry["height"]), index)
                    for index, cell in enumerate(entry["white_cells"])]
            best = max(fits, default=(0, 0))
            if best[0] < LEAST_OVERLAP:
                missed += 1
                continue
            rows.append(probabilities(entry["white_cells"][best[1]]["probabilities"], names))
            truth.append(names.index(kind))
    rows, truth = np.array(rows).reshape(-1, len(names)), np.array(truth, int)
    confusion = np.zeros((len(names), len(names)), int)
    np.add.at(confusion, (truth, rows.argmax(1)), 1)
    accuracy = balanced(truth, rows.argmax(1), len(names))
    return {"data": data.name if data.parent.name == "data" else f"{data.parent.name}/{data.name}", "cells": len(truth),
            "missed": missed, "balanced": accuracy, "calibration": calibration(rows, truth), "kinds": names,
            "confusion": confusion.tolist()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--nctd", type=Path, default=Path(__file__).resolve().parent.parent / ".build/release/nctd")
    parser.add_argument("--images", type=Path, help="other images of the same fields, such as normalized ones")
    parser.add_argument("--results", type=Path, help="results of `nctd normalize`: what their sidecars say")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args()
    found = []
    print(markdown_row(["cells", "found", "balanced accuracy", "calibration error"]))
    print(markdown_row(["---"] * 4))
    for data in options.data:
        one = measure(options.nctd, data, options.images, options.results)
        found.append(one)
        middle, low, high = one["balanced"]
        print(markdown_row([one["data"], f"{one['cells']} of {one['cells'] + one['missed']}",
                            f"{middle:.2f} ({low:.2f}…{high:.2f})", f"{one['calibration']:.2f}"]))
    for one in found:
        print(f"\n{one['data']}: rows are true, columns told: {', '.join(one['kinds'])}")
        for kind, row in zip(one["kinds"], one["confusion"]):
            print(f"{kind:>22} {' '.join(f'{count:4d}' for count in row)}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
