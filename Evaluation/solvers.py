#!/usr/bin/env python3
"""Both solvers of step 6 on the same captures, in turns: energies, colors, detection, time and memory (docs/graph-cut.md).

    Evaluation/solvers.py --lab-a DIR --lab-b DIR --detector NAME=FILE.onnx --limit 12

Three sets: phantoms in lab B's stain with references in lab A's, whose right colors are known; lab A's test images
restained as another lab's (protocol c), whose right colors they were; and lab B's test images. Each image is normalized by
one solver and then by the other, so that times are of the same minutes.
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dataset import split_folder
from distance import image_error
from imaging import labeled_images, read_rgb
from score import CLASSES, score

ROOT = Path(__file__).resolve().parent.parent
SOLVERS = ["least-squares", "graph-cut"]
# Of the training lab, for its palette.
PALETTE_IMAGES = 60
# Stages that only read and write files.
FILES = {"reading", "decoding", "encoding", "writing"}


@dataclass
class Outcome:
    """What a solver made of a set: lists over its images."""

    folder: Path
    energies: list[dict[str, float]] = field(default_factory=list)
    transfer: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    cycles: list[int] = field(default_factory=list)


def run(arguments, **options):
    result = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, **options)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, arguments[:3]))} … failed:\n{result.stderr.strip()}")
    return result.stdout


def peak_mebibytes(arguments) -> float:
    """Runs a command and returns the peak of its memory."""
    process = subprocess.Popen([str(a) for a in arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, arguments[:3]))} … ended with {process.returncode}")
    return usage.ru_maxrss / 1024


def profile(folder: Path, nctd: Path, references: list[Path], training: list[Path], captures: list[Path]) -> Path:
    """A profile with both labs' palettes, so that every image is aligned by the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, images in (("training", training), ("captures", captures)):
        if not (folder / f"{name}.json").is_file():
            run([nctd, "profile", "learn", *images, "--output", folder / f"{name}.json"])
    path = folder / "profile.toml"
    path.write_text("references = [" + ", ".join(json.dumps(str(r)) for r in references) + "]\n"
                    'palette = "training.json"\ncapture_palette = "captures.json"\nflat_field = "capture"\n')
    return path


def normalize(nctd: Path, images: list[Path], profile: Path, output: Path, options: list[str]) -> dict[str, Outcome]:
    outcomes = {solver: Outcome(output / solver) for solver in SOLVERS}
    for number, image in enumerate(images):
        # Who comes first changes, too.
        for solver in SOLVERS if number % 2 == 0 else SOLVERS[::-1]:
            own = outcomes[solver]
            own.memory.append(peak_mebibytes(
                [nctd, "normalize", image, "--profile", profile, "--solver", solver, "--output", own.folder,
                 "--overwrite", *options]))
            sidecar = json.loads((own.folder / f"{image.stem}.png.json").read_text())
            times = sidecar["timings_ms"]
            own.whole.append(sum(time for stage, time in times.items() if stage not in FILES))
            own.transfer.append(times.get("transfer", 0))
            if reached := sidecar.get("transfer"):
                own.energies.append(reached["energy"])
                own.cycles.append(reached["iterations"])
    return outcomes


def row(name: str, solver: str, own: Outcome, truths: dict[str, Path], detectors, labels: Path | None) -> str:
    energy = {term: np.mean([e[term] for e in own.energies]) for term in ("total", "data", "local", "nonlocal")}
    errors = [list(image_error(read_rgb(own.folder / f"{stem}.png"), read_rgb(truth)).values())[0]
              for stem, truth in truths.items()]
    maps = []
    for path in detectors if labels else []:
        figures = score(path, own.folder, labels)
        maps.append(" / ".join(f"{figures[c]['ap']:.3f}" for c in [*CLASSES, "all"]))
    return " | ".join([
        f"| {name}", solver, *(f"{energy[term]:.2f}" for term in energy), f"{np.mean(errors):.2f}" if errors else "",
        *(maps or [""] * len(detectors)), f"{np.median(own.cycles):.0f}", f"{np.median(own.transfer):.0f}",
        f"{np.median(own.whole):.0f}", f"{np.max(own.memory):.0f} |"])


def evenly(items: list, count: int) -> list:
    return [items[i] for i in np.linspace(0, len(items) - 1, min(count, len(items))).astype(int)]


def labels_of(images: list[Path], labels: Path, folder: Path) -> Path:
    """A folder of the labels that belong to these images alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for image in images:
        (folder / f"{image.stem}.txt").write_text((labels / f"{image.stem}.txt").read_text())
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = ROOT.parent / "shared" / "data"
    parser.add_argument("--lab-a", type=Path, default=shared / "lab-a")
    parser.add_argument("--lab-b", type=Path, default=shared / "lab-b")
    parser.add_argument("--detector", action="append", help="NAME=FILE.onnx; may be repeated")
    parser.add_argument("--references", nargs="+", help="names of lab A's training images (default: its first three)")
    parser.add_argument("--nctd", type=Path, default=ROOT / ".build/release/nctd")
    parser.add_argument("--limit", type=int, default=12, help="images of each real set, evenly drawn")
    parser.add_argument("--phantoms", type=int, default=20)
    parser.add_argument("--side", type=int, default=500, help="pixels of a phantom each way")
    parser.add_argument("--work", type=Path, default=ROOT / "evaluation-output" / "solvers")
    parser.add_argument("--sets", default="phantoms,c,b")
    parser.add_argument("rest", nargs="*", help="further options of nctd normalize, after --")
    given = parser.parse_args()
    named = given.detector or [f"augmented={shared}/detector-lab-a.onnx", f"plain={shared}/detector-lab-a-no-hsv.onnx"]
    detectors = {name: Path(path) for name, path in (text.split("=", 1) for text in named)}
    work, nctd = given.work, given.nctd
    print("| images | solver | E | data | local | nonlocal | CIEDE2000 | " + " | ".join(
        f"mAP {name}, WBC / RBC / platelet / all" for name in detectors)
        + " | iterations, cycles | transfer, ms | whole, ms | MiB |")
    print("| --- " * (11 + len(detectors)) + "|", flush=True)

    def measure(name, images, profile_path, truths, labels):
        outcomes = normalize(nctd, images, profile_path, work / name.replace(" ", "-"), given.rest)
        for solver, own in outcomes.items():
            print(row(name, solver, own, truths, list(detectors.values()), labels), flush=True)
        ratio = np.median(np.array(outcomes["graph-cut"].whole) / np.array(outcomes["least-squares"].whole))
        print(f"{name}: graph cut takes {ratio:.2f} times the whole time of least squares", file=sys.stderr)

    sets = given.sets.split(",")
    if "phantoms" in sets:
        for stain in ("lab-a", "lab-b"):
            run([nctd, "phantom", "--output", work / stain, "--count", given.phantoms + 3, "--seed", 1000, "--stain",
                 stain, "--width", given.side, "--height", given.side, "--overwrite"])
        there, truth = (sorted((work / stain / "images").glob("*.png")) for stain in ("lab-b", "lab-a"))
        path = profile(work / "phantom-profile", nctd, truth[-3:], truth, there)
        images = there[:given.phantoms]
        measure("phantoms", images, path, {i.stem: t for i, t in zip(images, truth)}, None)
    train = split_folder(given.lab_a, "train") / "images"
    references = [train / name for name in given.references] if given.references else sorted(train.iterdir())[:3]

    def drawn(lab):
        pairs = labeled_images(split_folder(lab, "test") / "images", split_folder(lab, "test") / "labels")
        return [image for image, _ in evenly(pairs, given.limit)]

    if "c" in sets:
        images = drawn(given.lab_a)
        restained = work / "restained"
        run([nctd, "restain", *images, "--preset", "other-lab", "--output", restained, "--overwrite"])
        captures = [restained / f"{i.stem}.png" for i in images]
        path = profile(work / "c-profile", nctd, references, evenly(sorted(train.iterdir()), PALETTE_IMAGES), captures)
        measure("protocol c", captures, path, {i.stem: i for i in images},
                labels_of(images, split_folder(given.lab_a, "test") / "labels", work / "c-labels"))
    if "b" in sets:
        images = drawn(given.lab_b)
        test = split_folder(given.lab_b, "test")
        path = profile(work / "b-profile", nctd, references, evenly(sorted(train.iterdir()), PALETTE_IMAGES), images)
        measure("lab B", images, path, {}, labels_of(images, test / "labels", work / "b-labels"))


if __name__ == "__main__":
    main()
