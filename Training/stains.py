"""Random stains, lights and cameras: the same field as endless labs would see it."""

import cv2
import numpy as np

from masks import BACKGROUND, CLASSES, CYTOPLASM, IGNORED, NUCLEUS, RED_CELL, density, linear

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
    code = rng.uniform(130, 253)
    tint = rng.normal(0, rng.choice([0.02, 0.06, 0.14]), 3)
    return linear(np.clip(code * (1 + tint), 60, 254) / 255)


def blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)


def without_gaps(classes: np.ndarray) -> np.ndarray:
    """Each pixel of unknown class as the nearest one of a known class."""
    unknown = classes == IGNORED
    if not unknown.any() or unknown.all():
        return np.where(unknown, BACKGROUND, classes)
    _, near = cv2.distanceTransformWithLabels(
        unknown.astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    class_of = np.zeros(near.max() + 1, np.uint8)
    class_of[near[~unknown]] = classes[~unknown]
    return class_of[near]


def restained(absorbed: np.ndarray, classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Density with each class's stain changed on its own: what one lab has blue another has magenta, and so on."""
    strength = rng.uniform(0.2, 1.0)
    whole = without_gaps(classes)
    shares = [blurred((whole == index).astype(np.float32), 1.0) for index in range(len(CLASSES))]
    result = np.zeros_like(absorbed)
    for index, share in enumerate(shares):
        if not (share > 0.01).any():
            continue
        own = absorbed
        gain = np.exp(rng.normal(0, 0.4 * strength, 3) + rng.normal(0, 0.25 * strength))
        offset = rng.normal(0, 0.05 * strength, 3)
        if index == BACKGROUND:
            gain, offset = np.ones(3), rng.normal(0, 0.03 * strength, 3)
        elif index == NUCLEUS and rng.random() < 0.35:
            # From violet to magenta and crimson: red light passes, blue does not.
            gain = np.array([rng.uniform(0.25, 0.7), rng.uniform(0.8, 1.3), 1.0])
            own = own + own[..., 1:2] * np.array([0, 0, rng.uniform(0, 0.6)])
        elif index == CYTOPLASM:
            kind = rng.random()
            if kind < 0.2:
                gain = gain * rng.uniform(0.15, 0.6)
            elif kind < 0.4:
                own = own + np.array([rng.uniform(0.1, 0.5), rng.uniform(0.05, 0.35), 0])
            elif kind < 0.6:
                # Granules, of orange to brown.
                grains = blurred(rng.normal(0, 1, own.shape[:2]).astype(np.float32), rng.uniform(0.8, 2.0))
                grains = np.clip(grains / (grains.std() + 1e-6), 0, 2.5)[..., None]
                own = own * 0.7 + (0.3 + grains * rng.uniform(0.1, 0.5)) * np.array(
                    [rng.uniform(0, 0.12), rng.uniform(0.2, 0.5), rng.uniform(0.2, 0.6)])
        elif index == RED_CELL:
            kind = rng.random()
            if kind < 0.15:
                own = np.broadcast_to(own.mean(axis=2, keepdims=True), own.shape)
            elif kind < 0.3:
                gain = gain * np.array([0.5, rng.uniform(0.8, 1.6), rng.uniform(1, 2)])
            if rng.random() < 0.2:
                # Dense cells.
                gain = gain * rng.uniform(1.3, 2.2)
            if rng.random() < 0.35:
                own = own * rims(whole == RED_CELL, rng)[..., None]
        result += share[..., None] * (own * gain + offset)
    return result


def rims(cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Factors for the density of red cells with bright or dark rims, or paler or fuller middles."""
    depth = cv2.distanceTransform(cells.astype(np.uint8), cv2.DIST_L2, 3)
    wide = rng.uniform(1.0, 4.0)
    factor = 1 + rng.uniform(-0.8, 1.0) * np.exp(-((depth - rng.uniform(0, 2.5)) / wide) ** 2)
    inner = np.clip(depth / rng.uniform(8, 25), 0, 1) ** 2
    return np.clip(factor * (1 + rng.uniform(-0.7, 0.5) * inner), 0.1, 3).astype(np.float32)


def shading(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Light that falls off from some place, sometimes in color and strongly."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    away = ((x / width - rng.uniform(0, 1)) ** 2 + (y / height - rng.uniform(0, 1)) ** 2)[..., None]
    strength = rng.uniform(0, 0.25)
    if rng.random() < 0.25:
        strength = rng.uniform(0, 0.4) + rng.uniform(-0.2, 0.3, 3)
    return np.clip(1 - strength * away, 0.2, 1.5)


def refracted(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Off focus: rings about all edges, a little apart in each color."""
    wide = rng.uniform(1.2, 6)
    rings = np.stack([image[..., c] - blurred(np.ascontiguousarray(image[..., c]), wide * rng.uniform(0.8, 1.2))
                      for c in range(3)], axis=2)
    return np.clip(image + rng.uniform(-0.7, 2.0) * rings, 0.001, 1.2).astype(np.float32)


def mottled(absorbed: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Plasma that took on stain here and there."""
    noise = blurred(rng.normal(0, 1, absorbed.shape[:2]).astype(np.float32), rng.uniform(3, 20))
    return absorbed + (noise / (noise.std() + 1e-6))[..., None] * rng.uniform(0, 0.04, 3)


def stain(amounts: np.ndarray, rest: np.ndarray | None, rng: np.random.Generator,
          classes: np.ndarray | None = None) -> np.ndarray:
    """A field of dyes as some lab would see it: float32 sRGB 0…1, height × width × 3.

    - `amounts`: eosin, azure, hemoglobin, height × width × 3
    - `rest`: density that no dye explains, kept as it is, or None
    - `classes`: of each pixel; where they are given each class's stain is changed on its own as well, mostly
    """
    height, width = amounts.shape[:2]
    scales = np.exp(rng.normal(0, 0.35, 3)) * np.exp(rng.normal(0, 0.25))
    absorbed = (amounts * scales) @ random_dyes(rng)
    if rest is not None:
        absorbed = absorbed + rest
    if classes is not None and rng.random() < 0.75:
        absorbed = restained(absorbed, classes, rng)
    if rng.random() < 0.25:
        absorbed = mottled(absorbed, rng)
    absorbed = np.clip(absorbed, -0.2, 2.5)
    light = random_light(rng)
    image = (light * 10.0 ** -absorbed * shading(height, width, rng)).astype(np.float32)
    # Light that the lens scatters over the field: pale blacks.
    image = image + np.float32(rng.choice([0.0, rng.uniform(0, 0.1), rng.uniform(0, 0.4)])) * light.astype(np.float32)
    if rng.random() < 0.25:
        image = refracted(image, rng)
    if rng.random() < 0.6:
        image = blurred(image, rng.uniform(0.3, 2.2))
    image = (encode(image) ** rng.uniform(0.75, 1.3)).astype(np.float32)
    if rng.random() < 0.3:
        # A camera's saturation.
        gray = image.mean(axis=2, keepdims=True)
        image = gray + (image - gray) * rng.uniform(0.4, 1.6)
    if rng.random() < 0.3:
        # A camera that sharpens.
        image = image + rng.uniform(0, 1.2) * (image - blurred(image, 1.2))
    image = image + rng.normal(0, rng.uniform(0, 0.03), image.shape)
    image = np.clip(image, 0, 1).astype(np.float32)
    return compressed(image, rng) if rng.random() < 0.3 else image


def compressed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Through JPEG."""
    coded = cv2.imencode(".jpg", np.round(image * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))])[1]
    return cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(np.float32) / 255
