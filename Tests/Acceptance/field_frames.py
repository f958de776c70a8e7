#!/usr/bin/env python3
"""Real fields within frames, turned, with holes: none is refused that is not refused without, no data stays to the bit
and has no say in the rest. What is no smear is refused, framed or not.

Needs NumPy, Pillow and the folder shared/data beside the checkout, or named by NCTD_DATA. Arguments: fields a lab (4),
and options of `nctd normalize` (--flat-field capture).

What a hole hides is not there to be matched, so the rest cannot come out as with it. Held to instead: its color has no say
(black and white give the same bytes); a bar gives the bytes of the field that was captured without that part; and what
a hole changes is no more than what capturing less of a field, and another seed, change as well ("less", "seed").

What is no smear must not come out as good, and a frame must not let through what is kept as it came without.
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
# What a picture of no smear is framed by.
FAKE_FRAMES = ("plain", "black-5-percent", "one-of-four")
FRAMES = ("black-2-pixels", "black-2-percent", "black-5-percent", "pillars", "one-of-four")


class Variant:
    """A picture, where the field lies in it (y, x), and which of the field's pixels are still there."""

    def __init__(self, picture, place=None, rest=None):
        self.picture, self.place, self.rest = picture, place, rest


def framed(numpy, field):
    height, width, _ = field.shape
    whole = numpy.ones((height, width), bool)

    def padded(y, x, color=0):
        return Variant(numpy.pad(field, ((y, y), (x, x), (0, 0)), constant_values=color), (y, x), whole)

    mosaic = numpy.zeros((2 * height, 2 * width, 3), numpy.uint8)
    mosaic[:height, :width] = field
    return {
        "plain": Variant(field, (0, 0), whole),
        "black-2-pixels": padded(2, 2),
        "black-2-percent": padded(max(1, height // 50), max(1, width // 50)),
        "black-5-percent": padded(height // 20, width // 20),
        "pillars": padded(0, width // 6),
        "white-20-pixels": padded(20, 20, 255),
        "one-of-four": Variant(mosaic, (0, 0), whole),
    }


def variants(numpy, image_module, image):
    field = numpy.asarray(image)
    height, width, _ = field.shape
    found = framed(numpy, field)
    tenth, sixth = height // 10, (height // 6, width // 6)
    for name, color, rows, columns in (
            ("corner", 0, slice(0, sixth[0]), slice(0, sixth[1])),
            ("corner-white", 255, slice(0, sixth[0]), slice(0, sixth[1])),
            ("hole", 0, slice(2 * sixth[0], 3 * sixth[0]), slice(2 * sixth[1], 3 * sixth[1])),
            ("hole-white", 255, slice(2 * sixth[0], 3 * sixth[0]), slice(2 * sixth[1], 3 * sixth[1])),
            ("bar", 0, slice(height - tenth, height), slice(0, width))):
        picture, rest = field.copy(), numpy.ones((height, width), bool)
        picture[rows, columns], rest[rows, columns] = color, False
        found[name] = Variant(picture, (0, 0), rest)
    found["less"] = Variant(field[:height - tenth], (0, 0), found["bar"].rest)
    for degrees in (3, 15):
        turned = image.rotate(degrees, resample=image_module.BICUBIC, expand=True)
        found[f"turned-{degrees}"] = Variant(numpy.asarray(turned))
    noise = numpy.random.default_rng(0).normal(0, 16, field.shape)
    found["noise-16"] = Variant(numpy.clip(field + noise, 0, 255).astype(numpy.uint8))
    y, x = numpy.mgrid[0:height, 0:width]
    radius = numpy.hypot(y / height - 0.5, x / width - 0.5) / numpy.sqrt(0.5)
    found["fall-off-50"] = Variant((field * (1 - 0.5 * radius ** 2)[..., None]).astype(numpy.uint8))
    return found


def no_smears(numpy, image_module, image):
    """What is no smear, of a field's size and in part of its pixels."""
    from PIL import ImageDraw
    field = numpy.asarray(image)
    height, width, _ = field.shape
    y, x = numpy.mgrid[0:height, 0:width]
    text = image_module.new("RGB", (width, height), (250, 250, 245))
    draw = ImageDraw.Draw(text)
    for line in range(0, height, 14):
        draw.text((4, line), "no blood, a page of a report " * 8, fill=(30, 30, 40))
    random = numpy.random.default_rng(1)
    return {
        "text": numpy.asarray(text),
        "noise": random.integers(0, 256, field.shape).astype(numpy.uint8),
        "board": numpy.where(((y // 16 + x // 16) % 2)[..., None] > 0, (230, 220, 225), (120, 60, 110)).astype(
            numpy.uint8),
        "negative": 255 - field,
        "sky": numpy.stack([90 + 60 * y / height, 140 + 60 * y / height, 235 - 20 * y / height], 2).astype(
            numpy.uint8) + random.integers(0, 3, field.shape).astype(numpy.uint8),
    }


class Run:
    """What became of a folder of pictures."""

    def __init__(self, numpy, image_module, folder, out, references, options):
        self.numpy, self.image_module, self.out = numpy, image_module, out
        result = subprocess.run(
            [NCTD, "normalize", folder, "--output", out, "--json", "--no-cache", *options, "--reference", *references],
            capture_output=True, text=True, check=False)
        check(result.returncode == 0, result.stderr[-2000:])
        results = {os.path.basename(entry["input"])[:-4]: entry for entry in json.loads(result.stdout)["results"]}
        self.entries = {name: entry["quality"] for name, entry in results.items()}
        self.verdicts = {name: entry["status"] for name, entry in results.items()}

    def refused(self, name):
        return self.entries[name]["treatment"] == "unchanged"

    def image(self, name):
        path = os.path.join(self.out, name + ".png")
        return self.numpy.asarray(self.image_module.open(path).convert("RGB")).astype(int)

    def field(self, name, variant):
        """The result where the field lies."""
        (y, x), (height, width) = variant.place, variant.rest.shape
        return self.image(name)[y:y + height, x:x + width]


def compare(numpy, row, difference):
    difference = difference.max(1)
    row["largest"] = max(row["largest"], int(difference.max()))
    row["p99.9"] = max(row["p99.9"], float(numpy.percentile(difference, 99.9)))
    row["mean"] = max(row["mean"], float(difference.mean()))
    row["means"].append(float(difference.mean()))


def run():
    try:
        import numpy
        from PIL import Image
    except ImportError:
        sys.exit("field_frames.py: SKIPPED: NumPy and Pillow are not installed")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    options = sys.argv[2:] or ["--flat-field", "capture"]
    pool = {lab: sorted(glob.glob(os.path.join(DATA, lab, "images", "*"))) for lab in LABS}
    if not all(pool.values()):
        sys.exit("field_frames.py: SKIPPED: no real smears (name them with NCTD_DATA)")
    references = sorted(glob.glob(os.path.join(DATA, "lab-a/train/images/*")))
    references = [references[index] for index in (9, 119, 259)]
    figures, nothing = {}, [0, 0]

    def row(kind):
        return figures.setdefault(kind, {
            "fields": 0, "refused": 0, "only here": 0, "no data": 0, "largest": 0, "p99.9": 0.0, "mean": 0.0, "means": []})

    for lab, files in pool.items():
        folder = tempfile.mkdtemp(prefix="nctd-field-")
        known, fakes = {}, []
        for number, path in enumerate(files[::max(1, len(files) // count)][:count]):
            image = Image.open(path).convert("RGB")
            if image.width > 700:
                image = image.resize((image.width // 2, image.height // 2), Image.BOX)
            known[number] = variants(numpy, Image, image)
            for kind, variant in known[number].items():
                Image.fromarray(variant.picture).save(os.path.join(folder, f"{number}_{kind}.png"), compress_level=1)
            if number == 0:
                for kind, pixels in no_smears(numpy, Image, image).items():
                    around = framed(numpy, pixels)
                    for frame in FAKE_FRAMES:
                        fakes.append(f"fake-{kind}_{frame}")
                        Image.fromarray(around[frame].picture).save(os.path.join(folder, fakes[-1] + ".png"))
        made = Run(numpy, Image, folder, os.path.join(folder, "out"), references, options)
        check(len(made.entries) == sum(map(len, known.values())) + len(fakes), f"{lab}: not all came back")
        for name in fakes:
            nothing[0] += made.entries[name]["treatment"] == "transferred"
            nothing[1] += 1
            check(made.verdicts[name] != "good", f"{lab}: {name} came out as good")
            if made.refused(name.split("_")[0] + "_plain"):
                check(made.refused(name), f"{lab}: {name} is not refused as it is without its frame")
        seeded = os.path.join(folder, "plain")
        os.mkdir(seeded)
        for number in known:
            os.link(os.path.join(folder, f"{number}_plain.png"), os.path.join(seeded, f"{number}_plain.png"))
        usual = Run(numpy, Image, seeded, os.path.join(folder, "one"), references, options)
        other = Run(numpy, Image, seeded, os.path.join(folder, "seed"), references, options + ["--seed", "7"])
        for number, all_variants in known.items():
            plain = f"{number}_plain"
            for kind, variant in all_variants.items():
                name, here = f"{number}_{kind}", row(kind)
                here["fields"] += 1
                here["refused"] += made.refused(name)
                here["only here"] += made.refused(name) and not made.refused(plain)
                here["no data"] += "no_data_share" in made.entries[name]
                if variant.place is None or made.refused(name) or made.refused(plain):
                    continue
                if "no_data_share" in made.entries[name]:
                    outside = numpy.ones(variant.picture.shape[:2], bool)
                    (y, x), (height, width) = variant.place, variant.rest.shape
                    outside[y:y + height, x:x + width] = ~variant.rest
                    check(not (made.image(name) - variant.picture)[outside].any(), f"{lab}, {name}: no data was changed")
                expected = made.field(plain, all_variants["plain"])
                result = made.image(name) if kind == "less" else made.field(name, variant)[variant.rest].reshape(-1, 3)
                compare(numpy, here, abs(result.reshape(-1, 3) - expected[variant.rest]))
            for kind, one, two in (("black or white corner", "corner", "corner-white"),
                                   ("black or white hole", "hole", "hole-white"), ("bar or less", "bar", "less")):
                if made.refused(f"{number}_{one}") or made.refused(f"{number}_{two}"):
                    check(made.refused(f"{number}_{one}") == made.refused(f"{number}_{two}"), f"{lab}, {number}: {kind}")
                    continue
                # White is no data only where the field itself is not white.
                if two != "less" and "no_data_share" not in made.entries[f"{number}_{two}"]:
                    continue
                rest, here = all_variants[one].rest, row(kind)
                here["fields"] += 1
                a = made.field(f"{number}_{one}", all_variants[one])[rest]
                b = made.image(f"{number}_less").reshape(-1, 3) if two == "less" else made.image(f"{number}_{two}")[rest]
                compare(numpy, here, abs(a - b))
            if not made.refused(plain):
                here = row("seed")
                here["fields"] += 1
                compare(numpy, here, abs(usual.image(plain) - other.image(plain)).reshape(-1, 3))
    for kind, values in figures.items():
        means = values.pop("means")
        values["mean of means"] = sum(means) / max(1, len(means))
        print(f"{kind:22}" + "  ".join(f"{key} {value:.3g}" for key, value in values.items()))
    print(f"{nothing[0]} of {nothing[1]} pictures of no smear were repainted, none is good")
    for kind in FRAMES:
        check(figures[kind]["no data"] == figures[kind]["fields"], f"{kind}: not found in all fields")
        check(figures[kind]["only here"] == 0 and figures[kind]["largest"] == 0, f"{kind}: {figures[kind]}")
    for kind in ("black or white corner", "black or white hole", "bar or less"):
        check(figures[kind]["largest"] == 0, f"{kind}: {figures[kind]}")
    for kind in ("corner", "hole"):
        bound = max(figures["less"]["mean of means"], figures["seed"]["mean of means"])
        check(figures[kind]["mean of means"] <= 1.5 * bound, f"{kind}: {figures[kind]}")
    check(figures["plain"]["no data"] == 0, "a plain field lost pixels")


if __name__ == "__main__":
    main(run)
