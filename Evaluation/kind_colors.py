"""Whether kinds of white cells keep their own color: the mean a*b* of their cytoplasm, by true masks.

Distances between kinds, and whether color alone tells kinds apart. Lightness is left out.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from distance import lab as cielab
from imaging import read_rgb
from kinds import KindLab

CYTOPLASM = 128
PAIRS = [("eosinophil", "neutrophil"), ("neutrophil", "lymphocyte")]
# A cell with less cytoplasm says nothing of its color; a kind with fewer cells is not told apart.
LEAST_PIXELS, LEAST_CELLS = 20, 5


@dataclass
class Cytoplasm:
    """Of each cell with a mask: its kind, the field it is in, and the mean a*, b* of its cytoplasm."""

    kinds: list[str]
    kind: np.ndarray
    owners: np.ndarray
    colors: np.ndarray

    def distance(self, first: str, second: str, drawn: np.ndarray | None = None) -> float:
        """Between the two kinds' means; NaN where one has no cell."""
        weights = np.ones(len(self.kind)) if drawn is None else drawn[self.owners].astype(float)
        means = []
        for name in (first, second):
            mine = weights * (self.kind == self.kinds.index(name))
            if not mine.sum():
                return float("nan")
            means.append(mine @ self.colors / mine.sum())
        return float(np.linalg.norm(means[0] - means[1]))

    def rightly_told(self) -> np.ndarray:
        """Of each cell 1 where the nearest kind by color is its own, it being left out of the means; NaN where its
        kind is too rare.

        Distances are Mahalanobis', by the covariance within the kinds, all kinds being equally likely.
        """
        right = np.full(len(self.kind), np.nan)
        counts = np.bincount(self.kind, minlength=len(self.kinds))
        kinds = [k for k in range(len(self.kinds)) if counts[k] >= LEAST_CELLS]
        chosen = np.flatnonzero(np.isin(self.kind, kinds))
        colors, kind = self.colors[chosen], self.kind[chosen]
        for index in range(len(kind)):
            rest = np.arange(len(kind)) != index
            means = np.stack([colors[rest & (kind == k)].mean(0) for k in kinds])
            within = colors[rest] - means[np.searchsorted(kinds, kind[rest])]
            inverse = np.linalg.pinv(within.T @ within / len(within))
            off = means - colors[index]
            nearest = np.einsum("ij,jk,ik->i", off, inverse, off).argmin()
            right[chosen[index]] = kinds[int(nearest)] == kind[index]
        return right

    def told_apart(self, right: np.ndarray, drawn: np.ndarray | None = None) -> float:
        """Balanced accuracy of `rightly_told`: the mean over the kinds that are not too rare."""
        weights = np.ones(len(self.kind)) if drawn is None else drawn[self.owners].astype(float)
        weights = weights * ~np.isnan(right)
        totals = np.bincount(self.kind, weights, minlength=len(self.kinds))
        hits = np.bincount(self.kind, weights * np.nan_to_num(right), minlength=len(self.kinds))
        there = totals > 0
        return float((hits[there] / totals[there]).mean()) if there.any() else float("nan")


def cytoplasm(lab: KindLab) -> Cytoplasm | None:
    """None where the lab has no masks."""
    kind, owners, colors = [], [], []
    for index, field in enumerate(lab.fields):
        if field.mask is None:
            continue
        with Image.open(field.mask) as opened:
            mask = np.asarray(opened.convert("L")) == CYTOPLASM
        values = cielab(read_rgb(field.image))[..., 1:]
        for box, its_kind in zip(field.boxes, field.kinds):
            left, top, right, bottom = (int(v) for v in (*np.floor(box[:2]), *np.ceil(box[2:])))
            rows, columns = slice(max(top, 0), bottom), slice(max(left, 0), right)
            pixels = values[rows, columns][mask[rows, columns]]
            if len(pixels) >= LEAST_PIXELS:
                kind.append(int(its_kind))
                owners.append(index)
                colors.append(pixels.mean(0))
    return Cytoplasm(lab.kinds, np.array(kind), np.array(owners), np.array(colors)) if kind else None
