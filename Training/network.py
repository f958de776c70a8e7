"""SmearNet: an encoder of five levels and a light decoder; features and classes at every resolution.

The encoder looks at ever wider surroundings, the decoder brings what it found back to each finer grid. The features of
level L (1 full resolution … 5 a sixteenth) are the decoder's at that grid, so that even those of the full resolution
know what stain they look at and what a pixel belongs to. Feature pyramids: Lin et al., CVPR 2017.
"""

import torch
from torch import nn
from torch.nn import functional as F

ENCODER = [(16,), (32,), (48, 48), (96, 96), (128, 128)]
DECODER = [16, 24, 32, 48, 64]
CLASS_COUNT = 5
# The image's deviation is taken for at least this: a blank field's noise is not blown up to a texture.
LEAST_DEVIATION = 0.04


def standardized(images: torch.Tensor) -> torch.Tensor:
    """Each image minus the mean of each channel, over one deviation for all channels. Images: N × 3 × H × W, 0…1."""
    centered = images - images.mean(dim=(2, 3), keepdim=True)
    deviation = centered.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return centered / deviation.clamp(min=LEAST_DEVIATION)


class Block(nn.Sequential):
    """3×3 convolution, normalization over the batch (folded into the convolution on export), ReLU."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs),
                         nn.ReLU(inplace=True))


def levels(inputs: int, widths: list[tuple[int, ...]]) -> nn.ModuleList:
    """One block a width, a sequence of them a level."""
    result = nn.ModuleList()
    for level in widths:
        result.append(nn.Sequential(*(Block(*pair) for pair in zip([inputs, *level], level))))
        inputs = level[-1]
    return result


class SmearNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = levels(3, ENCODER)
        last = [widths[-1] for widths in ENCODER]
        # lateral: from the encoder at the same grid; above: from the decoder at the next coarser one.
        self.lateral = nn.ModuleList(nn.Conv2d(last[i], DECODER[i], 1) for i in range(5))
        self.above = nn.ModuleList(nn.Conv2d(DECODER[i + 1], DECODER[i], 1, bias=False) for i in range(4))
        self.smooth = nn.ModuleList(Block(DECODER[i], DECODER[i]) for i in range(4))
        self.classes = nn.Conv2d(DECODER[0], CLASS_COUNT, 1)
        self.smear = nn.Linear(DECODER[4], 1)

    def forward(self, images: torch.Tensor):
        """Features of levels 1…5 (N × C × H >> L-1 × W >> L-1), class scores (N × 5 × H × W), smear score (N)."""
        encoded = []
        x = standardized(images)
        for level, block in enumerate(self.encoder):
            x = block(x if level == 0 else F.max_pool2d(x, 2))
            encoded.append(x)
        features = [F.relu(self.lateral[4](encoded[4]))]
        smear = self.smear(features[0].mean(dim=(2, 3))).squeeze(1)
        for level in (3, 2, 1, 0):
            grid = encoded[level].shape[2:]
            # A pixel of the coarse grid covers 2×2 of the fine one; odd sizes repeat the last.
            up = F.interpolate(self.above[level](features[0]), scale_factor=2, mode="bilinear", align_corners=False)
            up = F.pad(up, (0, grid[1] - up.shape[3], 0, grid[0] - up.shape[2]), mode="replicate")
            features.insert(0, self.smooth[level](F.relu(self.lateral[level](encoded[level]) + up)))
        return features, self.classes(features[0]), smear
