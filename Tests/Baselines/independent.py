"""The baselines as others have written them: packages from PyPI, each used as it is unless said otherwise.

Every function takes a source and references as arrays of 8-bit samples, height x width x 3, and returns the repainted
source as such an array. Several references are given as one image of all their pixels.
"""
import importlib.util
import os
import sys
import types
from unittest import mock

import numpy as np
from PIL import Image, ImageOps
import skimage.exposure
import spams
from torchstain.numpy.normalizers.macenko import NumpyMacenkoNormalizer
from torchstain.numpy.normalizers.reinhard import NumpyReinhardNormalizer

BETA, LAMBDA = 0.15, 0.1


def import_histomicstk():
    """The package's color modules, without its __init__, which wants a server for slides."""
    folder = importlib.util.find_spec("histomicstk").submodule_search_locations[0]
    for name in ("histomicstk", "histomicstk.preprocessing", "histomicstk.preprocessing.color_normalization"):
        module = types.ModuleType(name)
        module.__path__ = [os.path.join(folder, *name.split(".")[1:])]
        sys.modules[name] = module
    from histomicstk.preprocessing import color_conversion
    sys.modules["histomicstk.preprocessing"].color_conversion = color_conversion
    from histomicstk.preprocessing.color_normalization.reinhard import reinhard
    return color_conversion, reinhard


color_conversion, histomicstk_reinhard = import_histomicstk()


def pooled(references):
    return np.concatenate([image.reshape(-1, 1, 3) for image in references])


def color_balance(source, references):
    """Pillow: autocontrast, channel by channel, with a cutoff of 1 % at both ends."""
    return np.asarray(ImageOps.autocontrast(Image.fromarray(source), cutoff=(1, 1)))


def histogram_matching(source, references):
    """scikit-image."""
    matched = skimage.exposure.match_histograms(
        source.astype(float), pooled(references).astype(float), channel_axis=-1)
    return np.clip(np.rint(matched), 0, 255).astype(np.uint8)


def reinhard(source, references):
    """HistomicsTK, which has the paper's color space."""
    lab = color_conversion.rgb_to_lab(pooled(references).astype(float))
    return histomicstk_reinhard(
        source.astype(float), target_mu=lab.mean(axis=(0, 1)), target_sigma=lab.std(axis=(0, 1)))


def reinhard_cielab(source, references):
    """torchstain, which has CIELAB."""
    normalizer = NumpyReinhardNormalizer()
    normalizer.fit(pooled(references))
    return normalizer.normalize(source)


def macenko(source, references, as_it_is=False):
    """torchstain, with white at 255.

    It takes optical density of I + 1; given max(I, 1) - 1, of max(I, 1), as ours. Three things are put in its place from
    outside: its eigenvectors are of the covariance, where the paper has the singular value decomposition of the
    densities themselves; their signs are LAPACK's whim, which turns angles round by half a turn in some images; and it
    tells the stains apart by red alone, which exchanges them in others.
    """
    def shifted(image):
        return np.maximum(image.astype(float), 1) - 1

    def ordered(self, *arguments):
        stains = find(self, *arguments)
        excess = stains[0] - stains[2]
        return stains if excess[0] > excess[1] else stains[:, ::-1]

    def gram(samples):
        return samples @ samples.T / samples.shape[1]

    def signed(matrix, eigh=np.linalg.eigh):
        values, vectors = eigh(matrix)
        return values, vectors * np.where(vectors.sum(axis=0) < 0, -1, 1)

    normalizer = NumpyMacenkoNormalizer()
    private = "_NumpyMacenkoNormalizer__find_HE"
    find = getattr(NumpyMacenkoNormalizer, private)
    if as_it_is:
        normalizer.fit(pooled(references), Io=255)
        return normalizer.normalize(source, Io=255, stains=False)[0]
    with mock.patch("numpy.cov", gram), mock.patch("numpy.linalg.eigh", signed), \
            mock.patch.object(NumpyMacenkoNormalizer, private, ordered):
        normalizer.fit(shifted(pooled(references)), Io=255)
        return normalizer.normalize(shifted(source), Io=255, stains=False)[0]


def density(image):
    return -np.log(np.maximum(image.reshape(-1, 3).astype(float), 1) / 255)


def stained(image):
    samples = density(image)
    return samples[samples.min(axis=1) >= BETA]


def factorize(samples, seed=1):
    """SPAMS: the stains (rows), that which absorbs more red against blue first, from a random start."""
    rng = np.random.default_rng(seed)
    start = samples[rng.choice(len(samples), 2, replace=False)].T
    start = np.asfortranarray(start / np.linalg.norm(start, axis=0))
    stains = spams.trainDL(
        np.asfortranarray(samples.T), D=start, lambda1=LAMBDA, mode=2, modeD=0, posAlpha=True, posD=True,
        iter=2000, batchsize=512, verbose=False, numThreads=1).T
    stains = stains / np.linalg.norm(stains, axis=1, keepdims=True)
    excess = stains[:, 0] - stains[:, 2]
    return stains if excess[0] > excess[1] else stains[::-1]


def concentrations(samples, stains):
    coded = spams.lasso(
        np.asfortranarray(samples.T), D=np.asfortranarray(stains.T), mode=2, lambda1=LAMBDA, pos=True, numThreads=1)
    return coded.toarray().T


def objective(samples, stains):
    coded = concentrations(samples, stains)
    rest = samples - coded @ stains
    return (0.5 * (rest ** 2).sum(axis=1) + LAMBDA * coded.sum(axis=1)).mean()


class Vahadane:
    """SPAMS for the stains and for the concentrations."""

    def __init__(self, references):
        self.reference = pooled(references)
        self.samples = stained(self.reference)
        self.stains = factorize(self.samples)
        self.strengths = self._strengths(self.reference, self.stains)

    @staticmethod
    def _strengths(image, stains):
        return np.percentile(concentrations(density(image), stains), 99, axis=0)

    def __call__(self, source, references=None):
        own = factorize(stained(source))
        self.amounts = concentrations(density(source), own) * self.strengths / self._strengths(source, own)
        result = 255 * np.exp(-(self.amounts @ self.stains))
        return np.clip(np.rint(result), 0, 255).astype(np.uint8).reshape(source.shape)

    def stains_of(self, result):
        """The stains that another program's result of the last call is mixed from, by least squares."""
        samples = density(result)
        usable = (result.reshape(-1, 3) > 8).all(axis=1)
        found = np.linalg.lstsq(self.amounts[usable], samples[usable], rcond=None)[0]
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    def angles(self, stains):
        """Between each of these stains and the reference's, in degrees."""
        return np.degrees(np.arccos(np.clip((stains * self.stains).sum(axis=1), -1, 1)))

    def excess(self, stains):
        """By what share these stains' objective on the references is above that of SPAMS."""
        return objective(self.samples, np.maximum(stains, 0)) / objective(self.samples, self.stains) - 1
