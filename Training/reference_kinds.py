#!/usr/bin/env python3
"""What PyTorch computes with the program's own weights of KindNet: the reference that the engine is tested against.

    Training/reference_kinds.py

Reads Sources/CSmearNet/kindnet.safetensors into the network that was trained (kind_network.py), runs it in double
precision over a drawn window, and writes Tests/NCTEngineTests/Resources/kindnet-scores.safetensors: the window
(`window`, bytes b that stand for (b - 128) / 32, height x width x 8), the `sizes`, the `scores` of the kinds before the
softmax and whose weights they are (`weights.sha256`). Run it again when the weights change; it needs
Evaluation/setup train.
"""

import hashlib
import sys

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from scipy import ndimage

from kind_network import INPUTS, SIDE, KindNet
from reference_activations import ROOT

WEIGHTS = ROOT / "Sources" / "CSmearNet" / "kindnet.safetensors"
RESULT = ROOT / "Tests" / "NCTEngineTests" / "Resources" / "kindnet-scores.safetensors"
SEED = 7


def unfolded(tensors: dict[str, np.ndarray]) -> KindNet:
    """The network with the weights of a file as it is exported, in double precision, its normalizations idle."""
    network = KindNet().double()
    read = lambda name: torch.from_numpy(tensors[name].astype(np.float64))
    with torch.no_grad():
        for level, blocks in enumerate(network.levels, 1):
            for index, (convolution, norm, _) in enumerate(blocks, 1):
                norm.eps = 0.0
                convolution.weight.copy_(read(f"level.{level}.{index}.weight").permute(3, 2, 0, 1))
                norm.bias.copy_(read(f"level.{level}.{index}.bias"))
        network.kinds.weight.copy_(read("kinds.weight").T)
        network.kinds.bias.copy_(read("kinds.bias"))
    return network.eval()


def main() -> int:
    random = np.random.default_rng(SEED)
    window = ndimage.gaussian_filter(random.normal(0, 1, (SIDE, SIDE, INPUTS)), (4, 4, 0)) * 8
    window[..., 6:] = window[..., 6:] > 0
    window = np.rint(window * 32 + 128).clip(0, 255).astype(np.uint8)
    sizes = np.array([0.4, 1.1], np.float32)
    values = torch.from_numpy((window.astype(np.float64) - 128) / 32).permute(2, 0, 1)[None]
    with torch.no_grad():
        scores = unfolded(load_file(WEIGHTS))(values, torch.from_numpy(sizes.astype(np.float64))[None])[0]
    digest = np.frombuffer(hashlib.sha256(WEIGHTS.read_bytes()).digest(), np.uint8)
    save_file({"window": window, "sizes": sizes, "scores": scores.numpy().astype(np.float32),
               "weights.sha256": digest}, RESULT, {"license": "Apache-2.0"})
    print(f"{RESULT.relative_to(ROOT)}: {RESULT.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
