"""The program's baselines against independent implementations: `nctd normalize --method …` on images, and the same by a
package from PyPI, compared sample by sample on the scale of 0 to 255.

Run by Tests/Baselines/run, which makes the environment. The images are the demo's phantoms, and, where ../shared/data
lies beside the checkout, some of lab B's with references of lab A. The program is .build/release/nctd, or $NCTD.
"""
import glob
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

import independent

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NCTD = os.environ.get("NCTD", os.path.join(ROOT, ".build", "release", "nctd"))

# Method, options, the other implementation, the greatest allowed mean and maximum of the absolute difference, and why.
# A package that cuts decimals off where the program rounds differs by 1 in half of the samples.
CUTS = "cuts decimals off"
METHODS = [
    ("color-balance", [], "Pillow", independent.color_balance, 0.75, 1, CUTS),
    ("reinhard", [], "HistomicsTK", independent.reinhard, 0.75, 1, CUTS),
    ("reinhard", ["--reinhard-space", "cielab"], "torchstain", independent.reinhard_cielab, 0.75, 2,
     CUTS + ", its matrix has other decimals"),
    ("macenko", [], "torchstain", independent.macenko, 0.75, 1, CUTS),
    ("vahadane", [], "SPAMS", None, 1.5, 8, "another start, online; ours fits a sample of the pixels"),
    ("histogram-matching", [], "scikit-image", independent.histogram_matching, 0.01, 1, "rounding at .5"),
]
GREATEST_ANGLE = 1.0
GREATEST_EXCESS = 0.001


def load(path):
    return np.asarray(Image.open(path).convert("RGB"))


def groups(folder):
    """Sets of captures with their references."""
    subprocess.run([NCTD, "demo", "--output", folder, "--count", "4", "--method", "histogram-matching"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    references = sorted(glob.glob(os.path.join(folder, "references", "*.png")))
    captures = sorted(glob.glob(os.path.join(folder, "captures", "*.png")))
    yield "phantoms, 1 reference", captures[:2], references[:1]
    yield "phantoms, 3 references", captures[2:], references
    data = os.path.join(ROOT, "..", "shared", "data")
    if not os.path.isdir(data):
        print("SKIPPED: real smears: there is no ../shared/data", file=sys.stderr)
        return
    images = [sorted(glob.glob(os.path.join(data, lab, "images", "*.jpg"))) for lab in ("lab-a/train", "lab-b/test")]
    yield "lab B, 1 reference", images[1][:3], images[0][20:21]
    yield "lab B, 3 references", images[1][3:8], [images[0][index] for index in (20, 110, 250)]


def normalize(captures, references, output, options):
    """The program's results, in the captures' order; every one must have been repainted."""
    run = subprocess.run(
        [NCTD, "normalize", *captures, "--reference", *references, "--output", output, "--no-cache",
         # The independent implementations see the captures as they came.
         "--flat-field", "none", *options],
        capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"nctd normalize {' '.join(options)} failed:\n{run.stderr}")
    stems = [os.path.splitext(os.path.basename(capture))[0] for capture in captures]
    for stem in stems:
        with open(os.path.join(output, stem + ".png.json"), encoding="utf-8") as file:
            if '"transferred"' not in file.read():
                sys.exit(f"{stem}: was not repainted by {' '.join(options)}")
    return [load(os.path.join(output, stem + ".png")) for stem in stems]


def main():
    failures = []

    def hold(what, value, limit):
        if not value <= limit:
            failures.append(f"{what}: {value:.4g}, at most {limit} allowed")

    print(f"{'images':24}{'method':20}{'against':14}{'mean':>8}{'max':>5}   allowed")
    as_it_is = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (title, captures, references) in enumerate(groups(os.path.join(folder, "demo"))):
            sources, targets = [load(path) for path in captures], [load(path) for path in references]
            vahadane = independent.Vahadane(targets)
            for method, options, package, other, mean_limit, limit, why in METHODS:
                results = normalize(
                    captures, references, os.path.join(folder, f"{number}-{method}{len(options)}"),
                    ["--method", method, *options])
                name = " ".join([method, *options[1:]])
                mean, greatest = 0.0, 0
                for source, result in zip(sources, results):
                    theirs = (other or vahadane)(source, targets)
                    difference = np.abs(result.astype(int) - theirs)
                    mean, greatest = max(mean, difference.mean()), max(greatest, difference.max())
                    if method == "macenko":
                        plain = independent.macenko(source, targets, as_it_is=True)
                        as_it_is.append(np.abs(result.astype(int) - plain).mean())
                    if method == "vahadane":
                        stains = vahadane.stains_of(result)
                        angle, excess = vahadane.angles(stains).max(), vahadane.excess(stains)
                print(f"{title:24}{name:20}{package:14}{mean:8.3f}{greatest:5d}   {mean_limit}, {limit} ({why})")
                hold(f"{title}: {name}: mean difference", mean, mean_limit)
                hold(f"{title}: {name}: greatest difference", greatest, limit)
                if method == "vahadane":
                    print(f"{'':44}the references' stains: {angle:.3f} degrees apart (allowed {GREATEST_ANGLE}), "
                          f"objective higher by {excess:.1e} (allowed {GREATEST_EXCESS})")
                    hold(f"{title}: {name}: angle of the stains", angle, GREATEST_ANGLE)
                    hold(f"{title}: {name}: excess of the objective", excess, GREATEST_EXCESS)
    print("For the record, torchstain's Macenko as it is (plane through the densities' mean, signs as they fall, stains "
          "by red alone):\n  mean difference an image: " + ", ".join(f"{value:.1f}" for value in as_it_is))
    for failure in failures:
        print("FAILED: " + failure, file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
