"""KindNet: the kind of a white cell from a window about it (Sources/NCTEngine/Kinds/KindNet.swift is its twin)."""

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional as F

from export import folded
from network import levels

# The order of the engine's WhiteCellKind.
KINDS = ["segmented_neutrophil", "band_neutrophil", "lymphocyte", "monocyte", "eosinophil", "basophil", "other"]
# Pixels of the window either way.
SIDE = 64
# Colors relative to the background and to the red cells, the cell, its nucleus.
INPUTS = 8
WIDTHS = [(16,), (32,), (64, 64), (96, 96)]
# Differences of L*, a*, b* that count as one, and the background's color where a field has none.
UNIT = (30.0, 15.0, 15.0)
USUAL_BACKGROUND = (88.0, 2.0, 2.0)


class KindNet(nn.Module):
    def __init__(self, dropout: float = 0.2):
        super().__init__()
        self.levels = levels(INPUTS, WIDTHS)
        self.dropout = nn.Dropout(dropout)
        self.kinds = nn.Linear(2 * WIDTHS[-1][-1] + 2, len(KINDS))

    def forward(self, windows: torch.Tensor, sizes: torch.Tensor) -> torch.Tensor:
        """Scores before the softmax, N × 7, of windows N × 8 × 64 × 64 and sizes N × 2.

        Sizes: logarithms of the areas of the nucleus and of the cell in areas of a red cell.
        """
        x = windows
        for level, block in enumerate(self.levels):
            x = block(x if level == 0 else F.max_pool2d(x, 2))
        return self.kinds(self.dropout(torch.cat([x.mean((2, 3)), x.amax((2, 3)), sizes], dim=1)))


def export(network: KindNet, path: Path, temperature: float, options: dict) -> None:
    """Safetensors in half precision, normalizations folded in and the scores divided by the temperature."""
    network.eval()
    tensors: dict[str, np.ndarray] = {}

    def add(name: str, weight: torch.Tensor, bias: torch.Tensor) -> None:
        tensors[name + ".weight"] = np.ascontiguousarray(weight.detach().numpy().astype(np.float16))
        tensors[name + ".bias"] = bias.detach().numpy().astype(np.float16)

    for level, blocks in enumerate(network.levels, 1):
        for index, block in enumerate(blocks, 1):
            weight, bias = folded(block)
            add(f"level.{level}.{index}", weight.permute(2, 3, 1, 0), bias)
    add("kinds", network.kinds.weight.T / temperature, network.kinds.bias / temperature)
    described = {key: str(value) for key, value in options.items()}
    temporary = path.with_suffix(".new")
    save_file(tensors, temporary, {"network": "kindnet 1", "license": "Apache-2.0", **described})
    temporary.replace(path)
