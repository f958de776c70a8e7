"""How far two images are from each other: CIEDE2000 and structural similarity."""

import numpy as np

# Of linear sRGB to XYZ; white is the sum of its columns.
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                [0.0193339, 0.1191920, 0.9503041]])


def lab(pixels: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of sRGB bytes, height x width x 3."""
    value = pixels.astype(np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    ratio = linear @ XYZ.T / XYZ.sum(1)
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * root[..., 1] - 16, 500 * (root[..., 0] - root[..., 1]),
                     200 * (root[..., 1] - root[..., 2])], axis=-1)


def srgb(colors: np.ndarray) -> np.ndarray:
    """sRGB bytes of CIELAB (D65), clipped to the gamut."""
    middle = (colors[..., 0] + 16) / 116
    root = np.stack([middle + colors[..., 1] / 500, middle, middle - colors[..., 2] / 200], axis=-1)
    ratio = np.where(root > 6 / 29, root**3, 3 * (6 / 29) ** 2 * (root - 4 / 29))
    linear = ((ratio * XYZ.sum(1)) @ np.linalg.inv(XYZ).T).clip(0, 1)
    value = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (value * 255 + 0.5).astype(np.uint8)


def ciede2000(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The difference of CIELAB colors (last axis), k = 1; Sharma, Wu, Dalal 2005."""
    l1, a1, b1 = np.moveaxis(np.asarray(first, float), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(second, float), -1, 0)

    def vividness(chroma):
        return np.sqrt(chroma**7 / (chroma**7 + 25.0**7))

    stretch = 1.5 - 0.5 * vividness((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2)
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    gray = c1 * c2 == 0
    turn = np.where(gray, 0, (h2 - h1 + 180) % 360 - 180)
    # Exactly opposite hues keep the sign that the plain difference has.
    turn = np.where((turn == -180) & (h2 > h1), 180, turn)
    delta_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    total = h1 + h2
    far = np.abs(h1 - h2) > 180
    hue = np.where(gray, total, np.where(far, np.where(total < 360, total + 360, total - 360), total) / 2)
    weight = (1 - 0.17 * np.cos(np.radians(hue - 30)) + 0.24 * np.cos(np.radians(2 * hue))
              + 0.32 * np.cos(np.radians(3 * hue + 6)) - 0.20 * np.cos(np.radians(4 * hue - 63)))
    middle = (lightness - 50) ** 2
    part_l = (l2 - l1) / (1 + 0.015 * middle / np.sqrt(20 + middle))
    part_c = (c2 - c1) / (1 + 0.045 * chroma)
    part_h = delta_h / (1 + 0.015 * chroma * weight)
    rotation = -2 * vividness(chroma) * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    return np.sqrt(np.maximum(0, part_l**2 + part_c**2 + part_h**2 + rotation * part_c * part_h))


def structural_similarity(first: np.ndarray, second: np.ndarray) -> float:
    """Mean SSIM of the Rec. 601 luminances of sRGB bytes (Wang et al. 2004: Gaussian window, 11 pixels, sigma 1.5)."""
    a, b = (image.astype(np.float64) @ [0.299, 0.587, 0.114] for image in (first, second))
    offsets = np.arange(11) - 5
    window = np.exp(-(offsets**2) / (2 * 1.5**2))
    window /= window.sum()

    def smooth(values):
        rows = np.lib.stride_tricks.sliding_window_view(values, 11, axis=0) @ window
        return np.lib.stride_tricks.sliding_window_view(rows, 11, axis=1) @ window

    mean_a, mean_b = smooth(a), smooth(b)
    variance_a, variance_b = smooth(a * a) - mean_a**2, smooth(b * b) - mean_b**2
    covariance = smooth(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(np.mean((2 * mean_a * mean_b + c1) * (2 * covariance + c2)
                         / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))))


def image_error(result: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Mean CIEDE2000 and SSIM of a result against the right answer."""
    if result.shape != truth.shape:
        raise SystemExit(f"a result has size {result.shape[1::-1]}, its right answer {truth.shape[1::-1]}")
    return {"ciede2000": float(ciede2000(lab(result), lab(truth)).mean()),
            "ssim": structural_similarity(result, truth)}
