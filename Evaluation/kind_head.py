"""A detector of one class "white cell" that tells kinds: its own boxes and score, and a head that parts the score.

The head looks at means and deviations of early layers' outputs in two windows about each anchor of stride 16, which is
what a cell of the training lab's size fills. Anchors of stride 32 have the mean of their four, those of stride 8 that of
the one they lie in. Such sums say little of a cell's shape and much of its color and grain, as kinds are told by in the
training lab; the boxes know the shape.
"""

from pathlib import Path

import fused_weights

# Layers that are looked at, by their stride in pixels; windows in pixels about the anchors.
LAYERS = {1: 4, 2: 4, 4: 8, 6: 16}
WINDOWS = (48, 112)
STRIDE = 16
# Side of the crops that the head learns from, and the anchors about their center.
CROP = 160
CENTER = slice(CROP // STRIDE // 2 - 1, CROP // STRIDE // 2 + 1)


def build(path: Path, model: str, images: list[Path], side: int):
    """The file's network, fixed."""
    return fused_weights.load(path, model, None, 0, images, side).eval().requires_grad_(False)


def pooled(values, stride: int, window: int):
    """The mean of a layer's output in a window about each anchor, as far as the image reaches."""
    import torch

    return torch.nn.functional.avg_pool2d(values, window // stride, STRIDE // stride, (window - STRIDE) // 2 // stride,
                                          count_include_pad=False)


def collected(outputs: dict[int, object]):
    """All that the head looks at: batch x features x anchors of stride 16."""
    import torch

    parts = []
    for layer, stride in LAYERS.items():
        for window in WINDOWS:
            mean = pooled(outputs[layer], stride, window)
            parts += [mean, (pooled(outputs[layer].square(), stride, window) - mean.square()).clamp_min(1e-6).sqrt()]
    return torch.cat(parts, 1)


def features(network, pixels):
    """As `collected`, of images (batch x 3 x height x width, 0...1), by the lower layers alone."""
    outputs = {}
    for layer in network.model[: max(LAYERS) + 1]:
        pixels = layer(pixels)
        outputs[layer.i] = pixels
    return collected(outputs)


def head(features: int, kinds: int):
    """A head that is to be trained upon features of mean 0 and deviation 1."""
    import torch

    return torch.nn.Sequential(torch.nn.Dropout(0.3), torch.nn.Linear(features, 64), torch.nn.SiLU(),
                               torch.nn.Dropout(0.5), torch.nn.Linear(64, kinds))


def over_anchors(made, mean, deviation):
    """A trained head as convolutions over the anchors, upon features as they come: (feature - mean) / deviation is in it."""
    import torch

    first, last = made[1], made[4]
    layers = [torch.nn.Conv2d(layer.in_features, layer.out_features, 1) for layer in (first, last)]
    with torch.no_grad():
        weight = first.weight / deviation
        layers[0].weight.copy_(weight[..., None, None])
        layers[0].bias.copy_(first.bias - weight @ mean)
        layers[1].weight.copy_(last.weight[..., None, None])
        layers[1].bias.copy_(last.bias)
    return torch.nn.Sequential(layers[0], torch.nn.SiLU(), layers[1]).eval()


def joined(network, made, white: int):
    """The detector as one module: batch x (4 + kinds) x anchors, as score.py takes it."""
    import torch

    class KindDetector(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network, self.head = network, made

        def forward(self, pixels):
            outputs, value = {}, pixels
            for layer in self.network.model:
                if layer.f != -1:
                    value = outputs[layer.f] if isinstance(layer.f, int) else \
                        [value if source == -1 else outputs[source] for source in layer.f]
                value = outputs[layer.i] = layer(value)
            proposals = value[0] if isinstance(value, tuple) else value
            middle = self.head(collected(outputs))
            fine = torch.nn.functional.interpolate(middle, scale_factor=2.0, mode="nearest")
            levels = (fine, middle, torch.nn.functional.avg_pool2d(middle, 2))
            shares = torch.cat([level.flatten(2) for level in levels], 2).softmax(1)
            return torch.cat([proposals[:, :4], proposals[:, 4 + white : 5 + white] * shares], 1)

    return KindDetector().eval()


def export(network, made, white: int, side: int, path: Path) -> None:
    """Writes the detector as an ONNX file for input of any size (multiples of 32)."""
    fused_weights.export(joined(network.fuse(verbose=False), made, white), network.model[-1], side, path)
