"""What SmearNet is trained for."""

import torch
from torch import nn
from torch.nn import functional as F

from masks import IGNORED
from network import CLASS_COUNT, DECODER

# Rare classes count more: background, red cell, cytoplasm, nucleus, platelet.
CLASS_WEIGHTS = [0.7, 0.7, 1.3, 1.3, 2.5]


class AmountHeads(nn.ModuleList):
    """Read the amounts of the dyes, before any staining, off the features of levels 1…3. Not part of the network.

    So the features are made to say how much of which dye a pixel holds, whatever it looks like.
    """

    def __init__(self):
        super().__init__(nn.Conv2d(DECODER[level], 3, 1) for level in range(3))

    def loss(self, features: list[torch.Tensor], amounts: torch.Tensor, smear: torch.Tensor) -> torch.Tensor:
        total = 0.0
        for level, head in enumerate(self):
            wanted = F.avg_pool2d(amounts, 1 << level) if level else amounts
            error = F.smooth_l1_loss(head(features[level].float()), wanted.clamp(0, 4).sqrt(), beta=0.1,
                                     reduction="none")
            total = total + (error.mean(dim=(1, 2, 3)) * smear).sum() / smear.sum().clamp(min=1)
        return total / len(self)


def class_loss(scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Weighted cross entropy, and what is missing to a perfect overlap of every class (Dice)."""
    known = classes != IGNORED
    if not known.any():
        return scores.sum() * 0
    weights = torch.tensor(CLASS_WEIGHTS)
    entropy = F.cross_entropy(scores, classes, weight=weights, ignore_index=IGNORED)
    shares = scores.softmax(dim=1) * known.unsqueeze(1)
    truth = F.one_hot(classes.where(known, 0), CLASS_COUNT).permute(0, 3, 1, 2) * known.unsqueeze(1)
    both, sizes = (shares * truth).sum(dim=(0, 2, 3)), (shares + truth).sum(dim=(0, 2, 3))
    present = truth.sum(dim=(0, 2, 3)) > 0
    return entropy + 0.5 * (1 - 2 * both / sizes.clamp(min=1))[present].mean()


def contrast(first: torch.Tensor, second: torch.Tensor, generator: torch.Generator, samples: int = 192,
             temperature: float = 0.15) -> torch.Tensor:
    """A pixel's features in one stain are more like the same pixel's in another than like any other pixel's.

    Features: N × C × H × W of the same fields in two stains. van den Oord et al. 2018 (InfoNCE).
    """
    count, channels, height, width = first.shape
    samples = min(samples, height * width)
    places = torch.randint(height * width, (count, samples), generator=generator)
    pick = lambda f: F.normalize(f.float().flatten(2).gather(2, places.unsqueeze(1).expand(-1, channels, -1)), dim=1)
    a, b = pick(first), pick(second)
    likeness = torch.einsum("nci,ncj->nij", a, b) / temperature
    own = torch.arange(samples).expand(count, -1)
    return (F.cross_entropy(likeness, own) + F.cross_entropy(likeness.transpose(1, 2), own)) / 2
