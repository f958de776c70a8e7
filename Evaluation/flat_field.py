#!/usr/bin/env python3
"""Measures how well `nctd profile flat-field` finds a known light, laid over real captures.

    Evaluation/flat_field.py --lab A=DIR [--lab B=DIR …] [--counts 1,5,20,100] [--normalize 2 --reference PNG…] [--json FILE]

Each of twenty lights (one-sided, vignettes in and off the middle, colored ones; 1.3:1 to 3:1) is laid over the same
hundred captures of a lab in linear light, at 8 bits. What the lab's own light is, the program learns from the captures
as they are, and the truth is the product of both. The error is the root mean square over the field of the natural
logarithm of the estimate over the truth: 0.01 is one percent. With --normalize some captures a light are normalized
before and after it was laid over them, each with the light learned from a hundred, and their mean CIEDE2000 is printed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from distance import ciede2000, lab as cielab

PROGRAM = Path(os.environ.get("NCTD", Path(__file__).resolve().parent.parent / ".build/release/nctd"))
RATIOS = [1.3, 1.6, 2.0, 2.5, 3.0]


def srgb_curve(samples: np.ndarray) -> np.ndarray:
    """Linear light of sRGB samples of 0…1."""
    return np.where(samples <= 0.04045, samples / 12.92, ((samples + 0.055) / 1.055) ** 2.4)


# By table, since every picture is shaded twenty times: light of each byte, and the byte of each 65536th of light.
LIGHT = srgb_curve(np.arange(256) / 255).astype(np.float32)
BYTES = np.searchsorted(srgb_curve((np.arange(255) + 0.5) / 255), np.arange(65536) / 65535).astype(np.uint8)


def lights(width: int, height: int, count: int = 20) -> list[np.ndarray]:
    """Lights of the size, height × width × 3, the brightest place of each channel 1."""
    y, x = np.meshgrid(
        (np.arange(height) + 0.5) / height * 2 - 1, (np.arange(width) + 0.5) / width * 2 - 1, indexing="ij"
    )
    random = np.random.default_rng(7)
    result = []
    for index in range(count):
        ratio, kind = RATIOS[index % 5], index // 5
        angle, (cx, cy) = random.uniform(0, 2 * np.pi), random.uniform(-0.5, 0.5, 2)
        strength = random.uniform(0.4, 1, 3) if index % 2 else np.ones(3)
        channels = []
        for channel in range(3):
            if kind == 0:
                shape = x * np.cos(angle) + y * np.sin(angle)
            elif kind == 1:
                shape = -(x**2 + y**2)
            elif kind == 2:
                shape = -((x - cx) ** 2 + (y - cy) ** 2)
            else:
                turn, bend = random.uniform(0, 2 * np.pi), random.uniform(-0.8, 0.8)
                shape = 0.5 * (x * np.cos(turn) + y * np.sin(turn)) - bend * ((x - cx) ** 2 + (y - cy) ** 2)
            shape = (shape - shape.min()) / (shape.max() - shape.min())
            channels.append(ratio ** (-(1 - shape) * strength[channel]))
        result.append(np.stack(channels, -1))
    return result


def learned(captures: list[Path], output: Path) -> tuple[np.ndarray, dict]:
    """The program's light of the captures, as logarithms on its grid, and what it says of it."""
    command = [PROGRAM, "profile", "flat-field", *captures, "--output", output, "--overwrite", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    field = json.loads(output.read_text())
    values = [np.reshape(field[c], (field["height"], field["width"])) for c in ("red", "green", "blue")]
    return np.log(np.stack(values, -1)), json.loads(done.stdout)


def spread(difference: np.ndarray) -> np.ndarray:
    """Root mean square of a logarithm about its mean, by channel."""
    return difference.std(axis=(0, 1))


def shaded(captures: list[Path], light: np.ndarray, folder: Path) -> list[Path]:
    """The captures under the light, as PNG files of the same names."""
    folder.mkdir(exist_ok=True)
    result = []
    for path in captures:
        target = folder / (path.stem + ".png")
        pixels = LIGHT[np.asarray(Image.open(path).convert("RGB"))]
        Image.fromarray(BYTES[(pixels * light * 65535 + 0.5).astype(np.uint16)]).save(target, compress_level=1)
        result.append(target)
    return result


def normalized(captures: list[Path], light: Path, references: list[str], output: Path) -> list[np.ndarray]:
    command = [PROGRAM, "normalize", *captures, "--reference", *references, "--flat-field", light, "--output", output]
    done = subprocess.run([*command, "--overwrite", "--features", "smearnet"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return [np.asarray(Image.open(output / (path.stem + ".png"))) for path in captures]


def measure(folder: Path, options: argparse.Namespace, work: Path) -> dict:
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in {".png", ".jpg", ".jpeg", ".tif", ".bmp"})
    sizes = [Image.open(path).size for path in paths]
    size = max(set(sizes), key=sizes.count)
    paths = [path for path, own in zip(paths, sizes) if own == size]
    chosen = [paths[i] for i in np.random.default_rng(1).permutation(len(paths))[: max(options.counts)]]
    own, says = learned(paths, work / "own.json")
    errors: dict[int, list] = {count: [] for count in options.counts}
    distances = []
    for index, light in enumerate(lights(*size)):
        if index % options.every:
            continue
        light = light.astype(np.float32)
        captures = shaded(chosen, light, work / "shaded")
        grid = np.log(lights(own.shape[1], own.shape[0])[index])
        for count in options.counts:
            # One capture says little of others: each of five by itself.
            parts = [captures[i : i + 1] for i in range(5)] if count == 1 else [captures[:count]]
            for part in parts:
                found, _ = learned(part, work / "found.json")
                errors[count].append(spread(found - grid - own))
        if options.normalize:
            before = normalized(chosen[: options.normalize], work / "own.json", options.reference, work / "before")
            learned(captures, work / "found.json")
            after = normalized(captures[: options.normalize], work / "found.json", options.reference, work / "after")
            distances += [float(ciede2000(cielab(a), cielab(b)).mean()) for a, b in zip(before, after)]
    result = {"own_ratio": says["ratio"], "captures": len(paths), "errors": {}}
    for count, values in errors.items():
        values = np.array(values)
        result["errors"][count] = {
            "mean": values.mean(0).round(4).tolist(),
            "median": np.median(values, 0).round(4).tolist(),
            "worst": values.max(0).round(4).tolist(),
        }
    if distances:
        result["ciede2000"] = {"mean": round(float(np.mean(distances)), 3), "worst": round(max(distances), 3)}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lab", action="append", required=True, metavar="NAME=DIR")
    parser.add_argument("--counts", default="1,5,20,100", type=lambda t: [int(n) for n in t.split(",")])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th light")
    parser.add_argument("--normalize", type=int, default=0, metavar="N", help="captures a light to normalize")
    parser.add_argument("--reference", nargs="+", default=[], metavar="IMAGE")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.normalize and not options.reference:
        parser.error("--normalize needs --reference")
    results = {}
    for lab in options.lab:
        name, _, folder = lab.partition("=")
        with tempfile.TemporaryDirectory() as work:
            results[name] = measure(Path(folder), options, Path(work))
        print(f"lab {name}: {results[name]['captures']} captures, own light "
              + " ".join(f"{r:.2f}" for r in results[name]["own_ratio"]))
        print("  captures   mean error R G B        median                  worst of the lights")
        for count, row in results[name]["errors"].items():
            cells = ["  ".join(f"{value:.4f}" for value in row[key]) for key in ("mean", "median", "worst")]
            print(f"  {count:8}   " + "   ".join(cells))
        if "ciede2000" in results[name]:
            print(f"  CIEDE2000 to the result without the light: {results[name]['ciede2000']}")
        sys.stdout.flush()
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
