#!/usr/bin/env python3
"""Fits the last layer of SmearNet that says whether an image shows a smear at all, for images of any size.

    Training/smear_head.py --lab LAB/train --phantoms DIR --weights smearnet.safetensors --output smearnet.safetensors

The network is trained on crops of one size (Training/train.py); what its deepest features are on the mean depends on how
much a picture shows. So this layer is fitted anew on whole fields, crops and pictures of no smear from 48 to 360 pixels,
by logistic regression; all else stays as it is.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from data import Crops, no_smear, phantom_fields, read_image, real_fields
from export import load
from network import SmearNet
from stains import stain

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Evaluation"))
from progress import Progress  # noqa: E402

SIZES = (48, 360)


def features(network: SmearNet, image: np.ndarray) -> np.ndarray:
    """Means of the deepest features, as the last layer has them."""
    pixels = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))[None].astype(np.float32))
    height, width = pixels.shape[2:]
    pixels = torch.nn.functional.pad(pixels, (0, -width % 16, 0, -height % 16), mode="replicate")
    with torch.no_grad():
        return network(pixels)[0][4].mean((2, 3))[0].numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lab", type=Path, required=True, help="YOLO data set of the lab: images/ and labels/")
    parser.add_argument("--phantoms", type=Path, required=True, help="what nctd phantom --dyes wrote")
    parser.add_argument("--pictures", type=Path, nargs="*", default=[], help="folders of further smears of any size")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2400, help="pictures (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(2)
    real, phantoms = real_fields(options.lab), phantom_fields(options.phantoms)
    pictures = [path for folder in options.pictures for path in sorted(folder.iterdir())]
    network = SmearNet()
    fields = [stain(field.amounts[:320, :320], None, np.random.default_rng(0)) for field in real[:8]]
    load(network, options.weights, torch.from_numpy(np.stack(fields).transpose(0, 3, 1, 2)))
    network.eval()
    progress = Progress("looking", options.count + len(pictures))
    rows, truth = [], []
    for number in range(options.count):
        rng = np.random.default_rng([options.seed, number])
        size = int(np.exp(rng.uniform(*np.log(SIZES))))
        if rng.random() < 0.35:
            image, smear = no_smear(rng, size, real), 0
        else:
            pool = phantoms if rng.random() < 0.4 else real
            crops = Crops(real, phantoms, size, 1, 0)
            amounts, rest, classes = crops.crop(pool[rng.integers(len(pool))], rng)
            image, smear = stain(amounts, rest, rng, classes), 1
        rows.append(features(network, image))
        truth.append(smear)
        progress.step()
    for path in pictures:
        rows.append(features(network, read_image(path)))
        truth.append(1)
        progress.step()
    progress.end()
    inputs, targets = torch.tensor(np.stack(rows)), torch.tensor(truth, dtype=torch.float32)
    deviation = inputs.std(0) + 1e-3
    layer = torch.nn.Linear(inputs.shape[1], 1)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=200)

    def loss():
        optimizer.zero_grad()
        value = torch.nn.functional.binary_cross_entropy_with_logits(layer(inputs / deviation)[:, 0], targets)
        value = value + 1e-3 * layer.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    weight, bias = (layer.weight / deviation).detach(), layer.bias.detach()
    right = ((inputs @ weight.T + bias)[:, 0] > 0) == (targets > 0)
    print(f"right: {100 * right[targets > 0].float().mean():.1f} % of smears, "
          f"{100 * right[targets == 0].float().mean():.1f} % of others")
    tensors = load_file(options.weights)
    with safe_open(options.weights, "np") as file:
        described = file.metadata()
    tensors["smear.weight"] = weight.T.numpy().astype(np.float16).reshape(tensors["smear.weight"].shape)
    tensors["smear.bias"] = bias.numpy().astype(np.float16)
    save_file(tensors, options.output, described)


if __name__ == "__main__":
    main()
