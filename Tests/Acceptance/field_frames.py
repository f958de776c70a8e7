#!/usr/bin/env python3
"""Real fields within frames, turned, with holes: none is refused that is not refused without, no data stays to the bit,
and the rest comes out as without it.

Needs NumPy, Pillow and the folder shared/data beside the checkout, or named by NCTD_DATA. Argument: fields a lab (4).
"""
import glob
import json
import os
import subprocess
import sys
import tempfile

from bench import NCTD, ROOT, check, main

DATA = os.environ.get("NCTD_DATA", os.path.join(ROOT, "..", "shared", "data"))
LABS = ["lab-a/test", "lab-b/test", "lab-c", "lab-d", "lab-e", "lab-f"]


def variants(numpy, image_module, image):
    """Name, picture, where the field lies in it (y, x), and which of its pixels are still there."""
    field = numpy.asarray(image)
    height, width, _ = field.shape
    whole = numpy.ones((height, width), bool)

    def padded(y, x, color=0):
        return numpy.pad(field, ((y, y), (x, x), (0, 0)), constant_values=color), (y, x), whole

    yield ("plain", field, (0, 0), whole)
    yield ("black-2-pixels", *padded(2, 2))
    yield ("black-2-percent", *padded(max(1, height // 50), max(1, width // 50)))
    yield ("black-5-percent", *padded(height // 20, width // 20))
    yield ("pillars", *padded(0, width // 6))
    yield ("white-20-pixels", *padded(20, 20, 255))
    mosaic = numpy.zeros((2 * height, 2 * width, 3), numpy.uint8)
    mosaic[:height, :width] = field
    yield ("one-of-four", mosaic, (0, 0), whole)
    for name, rows, columns in (("hole", slice(0, height // 6), slice(0, width // 6)),
                                ("bar", slice(height - height // 10, height), slice(0, width))):
        picture, rest = field.copy(), whole.copy()
        picture[rows, columns], rest[rows, columns] = 0, False
        yield (name, picture, (0, 0), rest)
    for degrees in (3, 15):
        turned = image.rotate(degrees, resample=image_module.BICUBIC, expand=True)
        yield (f"turned-{degrees}", numpy.asarray(turned), None, None)
    noise = numpy.random.default_rng(0).normal(0, 16, field.shape)
    yield ("noise-16", numpy.clip(field + noise, 0, 255).astype(numpy.uint8), None, None)
    y, x = numpy.mgrid[0:height, 0:width]
    radius = numpy.hypot(y / height - 0.5, x / width - 0.5) / numpy.sqrt(0.5)
    yield ("fall-off-50", (field * (1 - 0.5 * radius ** 2)[..., None]).astype(numpy.uint8), None, None)


def run():
    try:
        import numpy
        from PIL import Image
    except ImportError:
        sys.exit("field_frames.py: SKIPPED: NumPy and Pillow are not installed")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    pool = {lab: sorted(glob.glob(os.path.join(DATA, lab, "images", "*"))) for lab in LABS}
    if not all(pool.values()):
        sys.exit("field_frames.py: SKIPPED: no real smears (name them with NCTD_DATA)")
    folder = tempfile.mkdtemp(prefix="nctd-field-")
    known = {}
    for lab, files in pool.items():
        for number, path in enumerate(files[::max(1, len(files) // count)][:count]):
            image = Image.open(path).convert("RGB")
            if image.width > 700:
                image = image.resize((image.width // 2, image.height // 2), Image.BOX)
            for kind, picture, place, rest in variants(numpy, Image, image):
                name = f"{lab.replace('/', '-')}-{number}_{kind}"
                Image.fromarray(picture).save(os.path.join(folder, name + ".png"), compress_level=1)
                known[name] = (picture, place, rest)
    references = sorted(glob.glob(os.path.join(DATA, "lab-a/train/images/*")))
    out = os.path.join(folder, "out")
    result = subprocess.run(
        [NCTD, "normalize", folder, "--output", out, "--json", "--no-cache", "--reference"]
        + [references[index] for index in (9, 119, 259)], capture_output=True, text=True, check=False)
    entries = {os.path.basename(entry["input"])[:-4]: entry for entry in json.loads(result.stdout)["results"]}
    check(len(entries) == len(known), f"{len(entries)} of {len(known)} came back")
    figures = {}
    for name, (picture, place, rest) in known.items():
        field, kind = name.rsplit("_", 1)
        row = figures.setdefault(kind, {"fields": 0, "refused": 0, "only here": 0, "no data": 0, "largest": 0, "mean": 0.0})
        quality = entries[name]["quality"]
        plain = entries[field + "_plain"]["quality"]["treatment"] == "unchanged"
        refused = quality["treatment"] == "unchanged"
        row["fields"] += 1
        row["refused"] += refused
        row["only here"] += refused and not plain
        row["no data"] += "no_data_share" in quality
        if place is None or quality["treatment"] == "unchanged":
            continue
        made = numpy.asarray(Image.open(os.path.join(out, name + ".png")).convert("RGB")).astype(int)
        height, width = rest.shape
        y, x = place
        outside = numpy.ones(made.shape[:2], bool)
        outside[y:y + height, x:x + width] = ~rest
        if "no_data_share" in quality:
            check(not (made - picture)[outside].any(), f"{name}: no data was changed")
        expected = numpy.asarray(Image.open(os.path.join(out, field + "_plain.png")).convert("RGB")).astype(int)
        difference = abs(made[y:y + height, x:x + width] - expected).max(2)[rest]
        row["largest"] = max(row["largest"], int(difference.max()))
        row["mean"] = max(row["mean"], float(difference.mean()))
    for kind, row in figures.items():
        print(f"{kind:16}" + "  ".join(f"{key} {value:.3g}" for key, value in row.items()))
    for kind in ("black-2-pixels", "black-2-percent", "black-5-percent", "pillars", "one-of-four"):
        row = figures[kind]
        check(row["no data"] == row["fields"], f"{kind}: not found in all fields")
        check(row["only here"] == 0 and row["largest"] <= 2, f"{kind}: {row}")
    check(figures["plain"]["no data"] == 0, "a plain field lost pixels")


if __name__ == "__main__":
    main(run)
