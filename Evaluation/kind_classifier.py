#!/usr/bin/env python3
"""A classifier of five kinds of white cells, trained on one lab and tried on others, before and after normalization.

    Evaluation/kind_classifier.py                                      labs C, D and F in turn; minutes
    Evaluation/kind_classifier.py --only 'color transfer' --only Reinhard

Each lab in turn is the training lab: `nctd profile suggest` chooses references among its images and learns its palette,
the other labs' images are normalized to it by each method, and a classifier of its cells tells theirs. The classifier
is a linear one (multinomial logistic regression, each kind weighing alike) on means and deviations of VGG-19's layers
over the labeled box of each cell, scaled to one size; it has no color augmentation, so that it is a detector's worst case.
Balanced accuracy over the kinds of which both labs have five cells and more, with 95 % of 1000 drawings of cells.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from torch.nn.functional import conv2d, interpolate, max_pool2d

from dataset import ImageSet, file_digest, key_of
from imaging import read_rgb
from kind_network import drawn_accuracy
from kind_tables import bounds, shown
from kinds import KindLab, read_lab
from program import ORIGINAL, ROWS, Program
from tables import markdown_row

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv3_4"]
SIDE, MARGIN, LEAST_CELLS = 96, 0.1, 5


def crops(lab: KindLab) -> tuple[torch.Tensor, np.ndarray]:
    """Each cell's box with a margin, N × 3 × side × side, BGR less the means that VGG-19 was trained with."""
    cells, kinds = [], []
    for field in lab.fields:
        image = torch.from_numpy(read_rgb(field.image).astype(np.float32)).permute(2, 0, 1)
        for box, kind in zip(field.boxes, field.kinds):
            margin = MARGIN * (box[2:] - box[:2])
            left, top = np.maximum(0, np.floor(box[:2] - margin)).astype(int)
            right, bottom = np.ceil(box[2:] + margin).astype(int)
            cells.append(interpolate(image[None, :, top:bottom, left:right], (SIDE, SIDE), mode="bilinear",
                                     antialias=True)[0])
            kinds.append(int(kind))
    return torch.stack(cells).flip(1) - torch.tensor([103.939, 116.779, 123.68])[:, None, None], np.array(kinds)


@torch.no_grad()
def features(cells: torch.Tensor, weights: dict[str, np.ndarray]) -> np.ndarray:
    found = []
    for batch in cells.split(32):
        parts, layer = [], batch
        for name in LAYERS:
            if name.endswith("_1") and name != LAYERS[0]:
                layer = max_pool2d(layer, 2)
            weight, bias = (torch.from_numpy(weights[f"{name}.{key}"].astype(np.float32)) for key in ("weight", "bias"))
            layer = conv2d(layer, weight.permute(3, 2, 0, 1), bias, padding=1).relu()
            parts += [layer.mean((2, 3)), layer.std((2, 3))]
        found.append(torch.cat(parts, 1))
    return torch.cat(found).log1p().numpy()


def trained(values: np.ndarray, kinds: np.ndarray, count: int):
    """A function of features to kinds."""
    mean, deviation = values.mean(0), values.std(0) + 1e-3
    inputs = torch.from_numpy((values - mean) / deviation).float()
    weight = torch.tensor([1 / max(1, (kinds == k).sum()) for k in range(count)]).float()
    layer = torch.nn.Linear(inputs.shape[1], count)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    steps = torch.optim.LBFGS(layer.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        steps.zero_grad()
        value = torch.nn.functional.cross_entropy(layer(inputs), torch.from_numpy(kinds), weight)
        value = value + 1e-2 * (layer.weight**2).sum()
        value.backward()
        return value

    steps.step(loss)
    return lambda others: layer(torch.from_numpy((others - mean) / deviation).float()).argmax(1).numpy()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--lab", action="append", help="take part in turn; repeatable (default: lab-c, lab-d, lab-f)")
    parser.add_argument("--only", action="append", metavar="ROW", help="measure this method; repeatable")
    parser.add_argument("--every", type=int, default=1, help="only every so manieth field of a lab that is tried")
    parser.add_argument("--nctd", type=Path, default=ROOT / ".build" / "release" / "nctd")
    parser.add_argument("--work", type=Path, default=ROOT / "evaluation-output" / "work")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(given.threads)
    models = Path(os.environ.get("NCTD_MODELS", "/usr/share/nctd/models")) / "vgg19-features.safetensors"
    if not models.is_file():
        raise SystemExit(f"{models} is not there; set NCTD_MODELS to the folder of VGG-19's weights")
    weights = load_file(models)
    program = Program(given.nctd.resolve(), given.work.resolve(), given.threads)
    names = given.lab or ["lab-c", "lab-d", "lab-f"]
    labs = {name: read_lab(given.data / name, name) for name in names}
    rows = [row for row in ROWS if row == ORIGINAL or not given.only or row.name in given.only]
    print(markdown_row(["trained on", "tried on", "method", "balanced accuracy", "against original"]))
    print(markdown_row(["---"] * 5))
    for name, lab in labs.items():
        cells, kinds = crops(lab)
        tell = trained(features(cells, weights), kinds, len(lab.kinds))
        profile = program.profile(given.data / name, name)
        for other in (labs[n].some(None, given.every) for n in names if n != name):
            source = ImageSet(other.name, [(f.image, Path(f"{f.name}.txt")) for f in other.fields],
                              key_of([file_digest(f.image) for f in other.fields]))
            own = None
            for row in rows:
                folder = program.normalized(source, row, profile)
                cells, true = crops(other if folder is None else other.with_images(folder))
                counted = [k for k in range(len(lab.kinds)) if min((kinds == k).sum(), (true == k).sum()) >= LEAST_CELLS]
                values = drawn_accuracy(tell(features(cells, weights)) == true, true, counted)
                own = values if own is None else own
                more = values - own
                print(markdown_row([name, other.name, row.name, shown(values[0], *bounds(values[1:]), 2),
                                    "" if row == ORIGINAL else shown(more[0], *bounds(more[1:]), 2, signed=True)]),
                      flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
