#!/usr/bin/env python3
"""What PyTorch computes with the program's own weights: the reference that the engine's network is tested against.

    Training/reference_activations.py

Reads Sources/CSmearNet/smearnet.safetensors into the network that was trained (network.py), runs it in double precision
over one small drawn image, and writes Tests/NCTEngineTests/Resources/smearnet-activations.safetensors: the image
(`image`, bytes, height x width x 3), the features of levels 1 to 5 (`level.L`), the scores of the classes before the
softmax (`classes`) and of being a smear (`smear`), and whose weights they are (`weights.sha256`). Of the finer grids only every so many pixels are kept, counted row by
row, as `level.L.step` and `classes.step` say. Run it again when the weights change; it needs Evaluation/setup train.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch import nn

from network import Block, SmearNet

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "Sources" / "CSmearNet" / "smearnet.safetensors"
RESULT = ROOT / "Tests" / "NCTEngineTests" / "Resources" / "smearnet-activations.safetensors"
# Neither side halves evenly four times, so that every rounding of a grid's size is met.
WIDTH, HEIGHT, SEED = 90, 70, 5
STEPS = {1: 19, 2: 8, 3: 5, 4: 3, 5: 1}


def unfolded(tensors: dict[str, np.ndarray]) -> SmearNet:
    """The network with the weights of a file as export.py writes it, in double precision, its normalizations idle."""
    network = SmearNet().double()
    left = dict(tensors)

    def take(name: str, layer: nn.Conv2d | nn.Linear, bias: torch.Tensor | None) -> None:
        weight = torch.from_numpy(left.pop(name + ".weight").astype(np.float64))
        weight = weight.permute(3, 2, 0, 1) if weight.dim() == 4 else weight.T.reshape(layer.weight.shape)
        layer.weight.copy_(weight)
        if bias is not None:
            bias.copy_(torch.from_numpy(left.pop(name + ".bias").astype(np.float64)))

    def take_block(name: str, block: Block) -> None:
        norm = block[1]
        norm.eps = 0.0
        norm.weight.fill_(1)
        norm.running_mean.zero_()
        norm.running_var.fill_(1)
        take(name, block[0], norm.bias)

    with torch.no_grad():
        for level, blocks in enumerate(network.encoder, 1):
            for index, block in enumerate(blocks, 1):
                take_block(f"encoder.{level}.{index}", block)
        for level, block in enumerate(network.smooth, 1):
            take_block(f"smooth.{level}", block)
        for level, layer in enumerate(network.lateral, 1):
            take(f"lateral.{level}", layer, layer.bias)
        for level, layer in enumerate(network.above, 1):
            take(f"above.{level}", layer, None)
        take("classes", network.classes, network.classes.bias)
        take("smear", network.smear, network.smear.bias)
    if left:
        raise SystemExit(f"{WEIGHTS}: tensors that the network does not have: {', '.join(sorted(left))}")
    return network.eval()


def drawn_image() -> np.ndarray:
    """A field in little: red cells with pale middles, a white cell with two lobes, a platelet, and noise; bytes."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    image = np.ones((HEIGHT, WIDTH, 3)) * [0.93, 0.91, 0.88]

    def disk(cx: float, cy: float, radius: float, color: list, pale: float = 0) -> None:
        distance = np.hypot(x - cx, y - cy) / radius
        inside = np.clip((1 - distance) * radius, 0, 1) * (1 - pale * np.exp(-6 * distance ** 2))
        image[:] = image + inside[..., None] * (np.array(color) - image)

    for cx, cy in ((12, 14), (34, 9), (14, 52), (82, 18), (78, 60)):
        disk(cx, cy, 11, [0.83, 0.58, 0.55], pale=0.6)
    disk(47, 38, 18, [0.72, 0.68, 0.84])
    disk(42, 35, 8, [0.36, 0.22, 0.55])
    disk(53, 42, 7, [0.36, 0.22, 0.55])
    disk(70, 36, 3, [0.55, 0.40, 0.65])
    image += np.random.default_rng(SEED).normal(0, 0.015, image.shape)
    return np.rint(255 * image.clip(0, 1)).astype(np.uint8)


def main() -> int:
    network = unfolded(load_file(WEIGHTS))
    image = drawn_image()
    samples = torch.from_numpy(image.astype(np.float64) / 255).permute(2, 0, 1)[None]
    with torch.no_grad():
        features, classes, smear = network(samples)

    def kept(map: torch.Tensor, step: int) -> np.ndarray:
        """Pixels x channels."""
        return np.ascontiguousarray(map[0].flatten(1).T[::step].numpy().astype(np.float32))

    tensors = {"image": image, "smear": smear.numpy().astype(np.float32), "classes": kept(classes, STEPS[1]),
               "classes.step": np.array([STEPS[1]], np.float32)}
    for level, map in enumerate(features, 1):
        tensors[f"level.{level}"] = kept(map, STEPS[level])
        tensors[f"level.{level}.step"] = np.array([STEPS[level]], np.float32)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    tensors["weights.sha256"] = np.frombuffer(hashlib.sha256(WEIGHTS.read_bytes()).digest(), np.uint8)
    save_file(tensors, RESULT, {"license": "Apache-2.0"})
    print(f"{RESULT.relative_to(ROOT)}: {RESULT.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
