"""ICC profiles and color arithmetic of our own, apart from Little CMS. Sources: ICC.1:2022, IEC 61966-2-1."""
import struct

import numpy as np

# Red, green and blue as XYZ under D50, and the curve's exponent.
ADOBE = (563 / 256, (0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
LINEAR = (1.0, (0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
WIDE = (1.8, (0.79766, 0.28804, 0.0), (0.13519, 0.71169, 0.0), (0.03134, 0.00009, 0.82491))
SRGB = np.array([LINEAR[1], LINEAR[2], LINEAR[3]]).T


def matrix_profile(gamma, red, green, blue, space=b"RGB ", intent=0):
    """A version 2 profile of a matrix and curves."""
    def fixed(x):
        return struct.pack(">i", round(x * 65536))

    def xyz(v):
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, v))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    name = b"a test profile\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + b"\0" * 78
    desc += b"\0" * (-len(desc) % 4)
    tags = [(b"desc", desc), (b"cprt", b"text\0\0\0\0none\0\0\0\0"), (b"wtpt", xyz((0.9642, 1, 0.8249)))]
    if space == b"GRAY":
        tags += [(b"kTRC", curve)]
    else:
        tags += [(b"rXYZ", xyz(red)), (b"gXYZ", xyz(green)), (b"bXYZ", xyz(blue)),
                 (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve)]
    at = 128 + 4 + 12 * len(tags)
    table = data = b""
    for tag, body in tags:
        table += tag + struct.pack(">II", at + len(data), len(body))
        data += body
    head = struct.pack(">I4sI4s4s4s", at + len(data), b"test", 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 24 + struct.pack(">I", intent)
    head += b"".join(map(fixed, (0.9642, 1, 0.8249)))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def encoded(light):
    """Linear light as sRGB has it, 0 to 1."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def light(x):
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def to_srgb(x, space):
    """Samples of 0 to 1 in a matrix space as sRGB."""
    gamma, *primaries = space
    return encoded((x ** gamma) @ (np.linalg.inv(SRGB) @ np.array(primaries).T).T)


def from_srgb(x, space):
    gamma, *primaries = space
    return np.clip(light(x) @ (np.linalg.inv(np.array(primaries).T) @ SRGB).T, 0, 1) ** (1 / gamma)
