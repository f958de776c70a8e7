"""SmearNet as safetensors in half precision: convolutions with their normalization folded in.

Names: `encoder.L.I`, `lateral.L`, `above.L`, `smooth.L` (levels L from 1), `classes`, `smear`, each `.weight` in
height × width × in × out (or in × out) and `.bias`.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch import nn

from network import Block, SmearNet


def folded(block: Block) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights and bias of the convolution that does the normalization too."""
    convolution, norm = block[0], block[1]
    factor = norm.weight / (norm.running_var + norm.eps).sqrt()
    return convolution.weight * factor[:, None, None, None], norm.bias - norm.running_mean * factor


def tensors(network: SmearNet) -> dict[str, np.ndarray]:
    result: dict[str, np.ndarray] = {}

    def add(name: str, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        order = (2, 3, 1, 0) if weight.dim() == 4 and weight.shape[2] > 1 else None
        weight = weight.permute(order) if order else weight.reshape(weight.shape[0], -1).T
        result[name + ".weight"] = np.ascontiguousarray(weight.detach().numpy().astype(np.float16))
        if bias is not None:
            result[name + ".bias"] = bias.detach().numpy().astype(np.float16)

    for level, blocks in enumerate(network.encoder, 1):
        for index, block in enumerate(blocks, 1):
            add(f"encoder.{level}.{index}", *folded(block))
    for level, block in enumerate(network.smooth, 1):
        add(f"smooth.{level}", *folded(block))
    for level, layer in enumerate(network.lateral, 1):
        add(f"lateral.{level}", layer.weight, layer.bias)
    for level, layer in enumerate(network.above, 1):
        add(f"above.{level}", layer.weight, None)
    for name, layer in (("classes", network.classes), ("smear", network.smear)):
        assert isinstance(layer, (nn.Conv2d, nn.Linear))
        add(name, layer.weight, layer.bias)
    return result


def export(network: SmearNet, path: Path, options: dict) -> None:
    network.eval()
    described = {key: str(value) for key, value in options.items()}
    temporary = path.with_suffix(".new")
    save_file(tensors(network), temporary, {"network": "smearnet 1", "license": "Apache-2.0", **described})
    temporary.replace(path)


def load(network: SmearNet, path: Path, images: torch.Tensor) -> None:
    """Exported weights into a network that is to be trained further.

    The normalizations, folded away on export, are given back what they take off on `images` (N × 3 × H × W), so that
    the network answers as before where statistics are as these images'.
    """
    stored = {name: torch.from_numpy(array.astype(np.float32)) for name, array in load_file(path).items()}

    def put(layer: nn.Conv2d | nn.Linear, name: str) -> None:
        weight = stored[name + ".weight"]
        if weight.dim() == 4:
            weight = weight.permute(3, 2, 0, 1)
        layer.weight.data.copy_(weight if weight.dim() == 4 else weight.T.reshape(layer.weight.shape))
        if layer.bias is not None:
            layer.bias.data.copy_(stored[name + ".bias"])

    def unfold(block: Block, name: str) -> None:
        put(block[0], name)
        norm, bias = block[1], stored[name + ".bias"]

        def look(_, inputs):
            mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3), correction=0)
            norm.weight.data.copy_((variance + norm.eps).sqrt())
            norm.bias.data.copy_(mean + bias)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)

        hooks.append(norm.register_forward_pre_hook(look))

    hooks: list = []
    for level, blocks in enumerate(network.encoder, 1):
        for index, block in enumerate(blocks, 1):
            unfold(block, f"encoder.{level}.{index}")
    for level, block in enumerate(network.smooth, 1):
        unfold(block, f"smooth.{level}")
    for kind, layers in (("lateral", network.lateral), ("above", network.above)):
        for level, layer in enumerate(layers, 1):
            put(layer, f"{kind}.{level}")
    put(network.classes, "classes")
    put(network.smear, "smear")
    network.eval()
    with torch.no_grad():
        network(images)
    for hook in hooks:
        hook.remove()
