#!/usr/bin/env python3
"""Measures what normalization does for detectors: three protocols, every method, tables with intervals.

    Evaluation/evaluate.py                                    the labs and detectors of ../shared/data
    Evaluation/evaluate.py --lab-a DIR --lab-b DIR --detector NAME=FILE.onnx [--detector NAME=FILE.onnx]

(a) and (b): the first and the second detector, trained on lab A, on lab A's own test images and on lab B's, both with
references of lab A. (c): lab A's test images restained by `nctd restain`, so that the right answer is known. (d):
restained class by class.
With --labs, instead: white cells of each kind on several labs, with options of its own (--labs --help).
With --combinations, instead: lab B's images by color transfer with every choice of features, enhancement and levels.
Interrupted, it goes on where it was: whatever is kept in the work folder is found by the digests of all that it depends
on. A data set has train/ and test/, each with images/ and labels/.
"""

import argparse
import os
import platform
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import by_class
import labs
from dataset import ImageSet, class_names, key_of, split_folder
from detections import CONFIDENCE, LIMIT, OVERLAP, Detections, DetectorFile, find, measure
from distance import image_error
from imaging import read_rgb
from metrics import image_figures
from pictures import plot, sheet
from program import COMBINATIONS, ORIGINAL, ROWS, TRANSFER, Program, Row, profile_digest
from progress import Progress
from tables import FILES, Line, Table, into_document, replace, write
from verdicts import FIGURES, Judged, report, sidecar_of

ROOT = Path(__file__).resolve().parent.parent
PRESETS = ["understained", "overstained", "acid-buffer", "alkaline-buffer", "warm-light", "cold-light", "dim",
           "other-lab"]


@dataclass
class Study:
    """What all protocols share."""

    program: Program
    rows: list[Row]
    classes: list[str]
    work: Path
    output: Path
    threads: int
    resamples: int
    seed: int
    sheet_rows: int

    def __post_init__(self):
        self.tables: list[Table] = []
        self.judged: list[Judged] = []
        self.skipped: dict[str, str] = {}
        self.by_package = False
        for row in self.rows:
            if reason := self.program.why_not(row):
                self.skipped[row.name] = reason
                print(f"SKIPPED: {row.name}: {reason}", file=sys.stderr)

    def line(self, detector: DetectorFile, source: ImageSet, row: Row, profile: Path, truth: ImageSet | None,
             title: str) -> tuple[Line, Detections | None, ImageSet | None, Path | None]:
        """Normalizes, detects and measures."""
        if row.name in self.skipped:
            return Line(row.name, None, None, self.skipped[row.name]), None, None, None
        images, folder = self.program.normalize(source, row, profile)
        title = f"{detector.name}, {title}, {row.name}"
        found = find(detector, images, self.work, self.threads, title)
        measured = measure(found, len(self.classes), self.resamples, self.seed, self.work, title)
        self.by_package = measured.by_package
        line = Line(row.name, measured.point, measured.resampled)
        if truth is not None:
            line.error = self.error(images, truth, title)
        return line, found, images, folder

    def error(self, images: ImageSet, truth: ImageSet, title: str) -> dict[str, float]:
        """Mean image error against the right answer."""
        path = self.work / "errors" / f"{key_of('errors 1', images.digest, truth.digest)}.npy"
        if not path.is_file():
            progress = Progress(f"{title}, image error", len(images.pairs))
            values = []
            for (image, _), (answer, _) in zip(images.pairs, truth.pairs):
                values.append(list(image_error(read_rgb(image), read_rgb(answer)).values()))
                progress.step()
            progress.end()
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path.with_suffix(".tmp"), "wb") as file:
                np.save(file, np.array(values))
            path.with_suffix(".tmp").rename(path)
        mean = np.load(path).mean(0)
        return {"ciede2000": float(mean[0]), "ssim": float(mean[1])}

    def table(self, protocol: str, title: str, detector: DetectorFile, source: ImageSet, profile: Path,
              unshifted: float | None = None, truth: ImageSet | None = None) -> Table:
        """All rows on one set of images."""
        table = Table(protocol, title, detector.name, source.name, self.classes, [], unshifted)
        columns, original = [], None
        for row in self.rows:
            line, found, images, folder = self.line(detector, source, row, profile, truth, source.name)
            table.lines.append(line)
            if found is None:
                continue
            columns.append((row.name, images.pairs, found.boxes))
            changes = [image_figures(f) for f in found.found]
            if row.arguments is None and original is None:
                original = changes
            elif folder is not None:
                self.judge(table, line, row, images, folder, changes, original)
        self.tables.append(table)
        self.draw(table, columns)
        return table

    def judge(self, table: Table, line: Line, row: Row, images: ImageSet, folder: Path, changes: list[dict],
              original: list[dict]) -> None:
        """Joins each result's sidecar with the change of the detector's quality on it."""
        for stem, after, before in zip(images.stems, changes, original):
            sidecar = sidecar_of(folder, stem)
            verdict = sidecar["verdict"]["value"]
            line.verdicts[verdict] = line.verdicts.get(verdict, 0) + 1
            quality = {key: sidecar.get("quality", {}).get(key, np.nan) for key in FIGURES}
            quality = {key: np.nan if value is None else value for key, value in quality.items()}
            self.judged.append(Judged(table.title, row.name, stem, quality, verdict,
                                      {key: after[key] - before[key] for key in after}))

    def draw(self, table: Table, columns: list) -> None:
        """The images where color transfer (or the last row) hurts the detector most, then those where it helps most."""
        row = TRANSFER.name if any(name == TRANSFER.name for name, _, _ in columns) else columns[-1][0]
        mine = [(index, entry) for index, entry in enumerate(
            [e for e in self.judged if e.table == table.title and e.row == row])]
        known = sorted((entry.change["ap"], index) for index, entry in mine if not np.isnan(entry.change["ap"]))
        count = min(self.sheet_rows, len(known) // 2)
        if not count:
            return
        chosen = [(index, f"AP of {row} against original {change:+.3f}")
                  for change, index in known[:count] + known[-count:]]
        name = "-".join(f"{table.protocol} {table.images} {table.detector}".lower().split())
        sheet(columns, chosen, self.classes, self.output / f"sheet-{name}.png")


def pair(study: Study, protocol: str, detector: DetectorFile, own: ImageSet, other: ImageSet, profile: Path,
         names: tuple[str, str]) -> None:
    """The paper's Tables 3 and 4: a lab's own test images, and another lab's, with references of the first."""
    mine = study.table(protocol, f"{protocol}: {names[0]}'s own test images, detector {detector.name} (paper's Table 3)",
                       detector, own, profile)
    study.table(protocol, f"{protocol}: {names[1]}'s images with {names[0]}'s references, detector {detector.name} "
                "(paper's Table 4)", detector, other, profile, unshifted=float(mine.original.point[-1, 3]))


def controlled(study: Study, protocol: str, detector: DetectorFile, own: ImageSet, profile: Path,
               shifts: list[tuple[str, str]]) -> None:
    """Restained images, a table a shift (an option of `nctd restain` and its value), then the mean over the shifts."""
    line, *_ = study.line(detector, own, ORIGINAL, profile, None, own.name)
    unshifted = float(line.point[-1, 3])
    tables = []
    for option, value in shifts:
        name = value if option == "--preset" else f"lab {value}"
        tables.append(study.table(protocol, f"{protocol}: {name}, detector {detector.name}", detector,
                                  study.program.restain(own, option, value), profile, unshifted, truth=own))
    lines = [Line.mean([table.lines[index] for table in tables]) for index in range(len(study.rows))]
    study.tables.append(Table(protocol, f"{protocol}: mean of {len(shifts)}, detector {detector.name}", detector.name,
                              "mean", study.classes, lines, unshifted))


def combinations(study: Study, detectors: list[DetectorFile], other: ImageSet, profile: Path) -> None:
    """Lab B's images by every combination, a table a detector."""
    for detector in detectors:
        study.table("combinations", f"combinations: lab B's images with lab A's references, detector {detector.name}",
                    detector, other, profile)


def parse_row(text: str) -> Row:
    name, separator, arguments = text.partition("=")
    if not separator or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r}: write NAME=ARGUMENTS of nctd normalize")
    return Row(name.strip(), tuple(shlex.split(arguments)))


def parse_detector(text: str) -> tuple[str, Path]:
    name, separator, path = text.partition("=")
    if not separator or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r}: write NAME=FILE.onnx")
    return name.strip(), Path(path)


def arguments() -> argparse.Namespace:
    shared = ROOT.parent / "shared" / "data"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lab-a", type=Path, default=shared / "lab-a", help="the lab the detectors were trained on")
    parser.add_argument("--lab-b", type=Path, default=shared / "lab-b", help="the other lab")
    parser.add_argument("--detector", type=parse_detector, action="append", metavar="NAME=FILE",
                        help="an ONNX detector of lab A: the first for protocol a, the second for b")
    parser.add_argument("--lab-b-detector", type=parse_detector, metavar="NAME=FILE",
                        help="measure the other direction too: a detector of lab B, lab A's images")
    parser.add_argument("--protocols", default="abc", help="which of a, b, c and d (default: %(default)s)")
    parser.add_argument("--combinations", action="store_true",
                        help="instead of the protocols: lab B's images by color transfer with VGG-19's features or the "
                        "built-in network's, without enhancement, with clusters and with classes, at levels 1, 2 and "
                        "both; combinations.md, .csv and .json")
    parser.add_argument("--split", default="test", help="the part of each data set to measure (default: %(default)s)")
    parser.add_argument("--classes", help="class names joined by commas (default: the data set's, or a smear's)")
    parser.add_argument("--profile", type=Path, help="lab A's profile (default: nctd profile suggest on its train/)")
    parser.add_argument("--lab-b-profile", type=Path, help="lab B's profile for the other direction")
    parser.add_argument("--row", type=parse_row, action="append", default=[], metavar="NAME=ARGS",
                        help="another row: what to add to nctd normalize, as --row='layer 1=--layer 1'")
    parser.add_argument("--only", action="append", metavar="NAME", help="measure this row (and the original); repeatable")
    parser.add_argument("--preset", action="append", help="a preset of nctd restain for c; repeatable (default: all)")
    parser.add_argument("--class-labs", type=int, default=8, help="how many labs d draws (default: %(default)s)")
    parser.add_argument("--limit", type=int, help="measure only the first so many images of each set")
    parser.add_argument("--resamples", type=int, default=1000, help="bootstrap resamplings (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the resamplings (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--nctd", type=Path, default=ROOT / ".build" / "release" / "nctd", help="the binary")
    parser.add_argument("--output", type=Path, default=ROOT / "evaluation-output", help="where the report goes")
    parser.add_argument("--work", type=Path, help="where results are kept between runs (default: OUTPUT/work)")
    parser.add_argument("--document", type=Path, help="also put the tables between the marks of this Markdown file")
    parser.add_argument("--verdicts", action="store_true", help="also report whether verdicts tell what helps")
    parser.add_argument("--sheet-rows", type=int, default=4, help="best and worst images a sheet, each (default: 4)")
    return parser.parse_args()


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def check(given: argparse.Namespace) -> list[DetectorFile]:
    """The detectors, after what can be refused beforehand was."""
    if given.combinations:
        if given.lab_b_detector:
            raise SystemExit("--combinations measures lab A's detectors only; leave out --lab-b-detector")
        given.protocols = ""
    elif not given.protocols or set(given.protocols) - set("abcd"):
        raise SystemExit(f"--protocols {given.protocols}: use letters of abcd")
    if given.class_labs < 1:
        raise SystemExit("--class-labs must be at least 1")
    if given.resamples < 2 or (given.limit is not None and given.limit < 1):
        raise SystemExit("--resamples must be at least 2 and --limit at least 1")
    shared = ROOT.parent / "shared" / "data"
    named = given.detector or [("augmented", shared / "detector-lab-a.onnx"),
                               ("no color augmentation", shared / "detector-lab-a-no-hsv.onnx")]
    for path in [given.lab_a, given.lab_b, *[path for _, path in named], *filter(None, [
            given.profile, given.lab_b_profile, given.lab_b_detector and given.lab_b_detector[1], given.document])]:
        if not path.exists():
            raise SystemExit(f"{path} is not there; name labs with --lab-a and --lab-b, detectors with --detector "
                             "NAME=FILE.onnx (Evaluation/train.py makes them), and see docs/evaluation.md")
    if "b" in given.protocols and len(named) < 2:
        print("SKIPPED: protocol b: it needs a second --detector, trained with --hsv 0", file=sys.stderr)
        given.protocols = given.protocols.replace("b", "")
    if not given.nctd.exists():
        raise SystemExit(f"{given.nctd} is not there; build it with `make build`, or name it with --nctd")
    return [DetectorFile(name, path) for name, path in named]


def main() -> int:
    if "--labs" in sys.argv[1:]:
        return labs.main([text for text in sys.argv[1:] if text != "--labs"], parse_row)
    given = arguments()
    detectors = check(given)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    given.output.mkdir(parents=True, exist_ok=True)
    work = (given.work or given.output / "work").resolve()
    program = Program(given.nctd.resolve(), work, given.threads)
    rows = [*(COMBINATIONS if given.combinations else ROWS), *given.row]
    if given.only:
        unknown = set(given.only) - {row.name for row in rows}
        if unknown:
            raise SystemExit(f"--only {', '.join(sorted(unknown))}: the rows are {', '.join(r.name for r in rows)}")
        rows = [row for row in rows if row.arguments is None or row.name in given.only]
    study = Study(program, rows, class_names(given.lab_a, given.classes), work, given.output, given.threads,
                  given.resamples, given.seed, 0 if given.combinations else given.sheet_rows)
    folders = [split_folder(lab, given.split) for lab in (given.lab_a, given.lab_b)]
    own, other = (ImageSet.of(name, folder / "images", folder / "labels", given.limit)
                  for name, folder in zip(("lab A", "lab B"), folders))
    profile = given.profile or program.profile(split_folder(given.lab_a, "train"), "lab-a")
    protocols = {}
    if given.combinations:
        protocols["combinations"] = "Color transfer by features, enhancement and levels: lab B's images"
        combinations(study, detectors, other, profile)
    for letter, detector in zip("ab", detectors):
        if letter in given.protocols:
            protocols[letter] = f"Protocol {letter}: real labs, detector {detector.name}"
            pair(study, letter, detector, own, other, profile, ("lab A", "lab B"))
    profiles = {"lab A": profile_digest(profile)}
    if given.lab_b_detector:
        detector = DetectorFile(*given.lab_b_detector)
        detectors.append(detector)
        reverse = given.lab_b_profile or program.profile(split_folder(given.lab_b, "train"), "lab-b")
        profiles["lab B"] = profile_digest(reverse)
        protocols["other direction"] = f"The other direction: detector {detector.name} of lab B, lab A's images"
        pair(study, "other direction", detector, other, own, reverse, ("lab B", "lab A"))
    if "c" in given.protocols:
        protocols["c"] = "Protocol c: lab A's own test images restained, the right answer known"
        for detector in detectors[:2]:
            controlled(study, "c", detector, own, profile, [("--preset", p) for p in given.preset or PRESETS])
    if "d" in given.protocols:
        protocols["d"] = "Protocol d: lab A's own test images restained class by class, the right answer known"
        shifts = [("--by-class", str(seed + 1)) for seed in range(given.class_labs)]
        for detector in detectors[:2]:
            controlled(study, "d", detector, own, profile, shifts)
        replace(given.output / "by-class.md", by_class.report(program, study.rows, own, profile, shifts))
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True)
    record = {
        "command": "Evaluation/evaluate.py " + shlex.join(hidden(text) for text in sys.argv[1:]),
        "nctd": program.version, "nctd_sha256": program.digest, "weights_sha256": program.weights,
        "commit": commit.stdout.strip() or None, "seed": given.seed, "resamples": given.resamples,
        "scorer": "ultralytics.utils.metrics.ap_per_class" if study.by_package else "Evaluation/metrics.py",
        "confidence": CONFIDENCE, "suppression_iou": OVERLAP, "detections_an_image": LIMIT,
        "images": {"lab A": len(own.pairs), "lab B": len(other.pairs)},
        "image_sets": {"lab A": own.digest, "lab B": other.digest}, "profiles": profiles,
        "detectors": {d.name: d.digest for d in detectors},
        "rows": {row.name: None if row.arguments is None else shlex.join(row.arguments) for row in rows},
        "skipped": study.skipped, "protocols": protocols, "python": platform.python_version(),
        "packages": {name: installed(name) for name in ("numpy", "onnxruntime", "pillow", "matplotlib", "ultralytics")},
    }
    names = tuple(f"combinations{Path(name).suffix}" for name in FILES) if given.combinations else FILES
    text = write(given.output, study.tables, record, names)
    if given.document:
        into_document(given.document, text)
    if not given.combinations:
        plot(study.tables, given.output / "plot.png")
    if given.verdicts:
        verdicts = report(study.judged)
        replace(given.output / "verdicts.md", verdicts)
        print(verdicts)
    print(text.split("## How the figures were made")[0])
    for name, reason in study.skipped.items():
        print(f"SKIPPED: {name}: {reason}", file=sys.stderr)
    more = "" if given.combinations else ", plot.png, sheet-*.png"
    print(f"report: {given.output}/{', '.join(names)}{more}", file=sys.stderr)
    return 0


def hidden(text: str) -> str:
    """An argument without the folders that say where somebody keeps their data."""
    name, separator, path = text.partition("=")
    return name + separator + Path(path).name if separator and "/" in path else \
        Path(text).name if text.startswith("/") else text


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\ninterrupted; what was finished is kept, run the same command again to go on", file=sys.stderr)
        sys.exit(130)
