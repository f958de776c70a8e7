"""Random stains, lights and cameras: the same field as endless labs would see it."""

import numpy as np
from scipy import ndimage

from masks import density, linear

# Optical density of a unit of eosin, azure and hemoglobin in red, green and blue: May-Grünwald-Giemsa as measured on
# smears of the training lab. Rows: dyes.
DYES = np.array([[0.05, 0.55, 0.29], [1.11, 1.03, 0.15], [0.22, 0.31, 0.20]])


def encode(light: np.ndarray) -> np.ndarray:
    """sRGB of linear light, clipped to 0…1."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def amounts_of(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Amounts of the dyes in a real smear (height × width × 3) and the density that they leave unexplained."""
    absorbed = density(image)
    amounts = absorbed @ np.linalg.inv(DYES)
    clipped = np.maximum(amounts, 0)
    return clipped.astype(np.float32), (absorbed - clipped @ DYES).astype(np.float32)


def random_dyes(rng: np.random.Generator) -> np.ndarray:
    """Dyes of another maker, seen by another camera: each channel's density varied, then mixed by its color matrix."""
    spread = rng.uniform(0.1, 0.45)
    dyes = DYES * np.exp(rng.normal(0, spread, (3, 3))) + rng.normal(0, 0.03, (3, 3))
    mixing = np.eye(3) + rng.normal(0, rng.uniform(0.02, 0.16), (3, 3))
    return dyes @ mixing


def random_light(rng: np.random.Generator) -> np.ndarray:
    """The empty field's color, linear."""
    code = rng.uniform(150, 253)
    tint = rng.normal(0, rng.choice([0.02, 0.06, 0.12]), 3)
    return linear(np.clip(code * (1 + tint), 60, 254) / 255)


def stain(amounts: np.ndarray, rest: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """A field of dyes as some lab would see it: float32 sRGB 0…1, height × width × 3.

    - `amounts`: eosin, azure, hemoglobin, height × width × 3
    - `rest`: density that no dye explains, kept as it is, or None
    """
    height, width = amounts.shape[:2]
    scales = np.exp(rng.normal(0, 0.35, 3)) * np.exp(rng.normal(0, 0.25))
    absorbed = (amounts * scales) @ random_dyes(rng)
    if rest is not None:
        absorbed = absorbed + rest
    absorbed = np.clip(absorbed, -0.2, 2.5)
    light = random_light(rng)
    y, x = np.mgrid[0:height, 0:width]
    away = ((x / width - rng.uniform(0.2, 0.8)) ** 2 + (y / height - rng.uniform(0.2, 0.8)) ** 2)
    image = light * 10.0 ** -absorbed * (1 - rng.uniform(0, 0.25) * away)[..., None]
    # Light that the lens scatters over the field: pale blacks.
    image = image + rng.choice([0.0, rng.uniform(0, 0.08)]) * light
    if rng.random() < 0.6:
        image = ndimage.gaussian_filter(image, (*[rng.uniform(0.3, 1.8)] * 2, 0))
    image = encode(image) ** rng.uniform(0.75, 1.3)
    if rng.random() < 0.3:
        # A camera's saturation.
        gray = image.mean(axis=2, keepdims=True)
        image = gray + (image - gray) * rng.uniform(0.5, 1.5)
    if rng.random() < 0.3:
        # A camera that sharpens.
        image = image + rng.uniform(0, 0.8) * (image - ndimage.gaussian_filter(image, (1.2, 1.2, 0)))
    image = image + rng.normal(0, rng.uniform(0, 0.025), image.shape)
    return np.clip(image, 0, 1).astype(np.float32)
