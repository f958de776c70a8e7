#!/usr/bin/env python3
"""Measures what normalization does for white cells of each kind, on several labs: `make evaluate ARGS=--labs`.

    Evaluation/evaluate.py --labs                                          the labs and detectors of ../shared/data
    Evaluation/evaluate.py --labs --only 'color transfer' --lab lab-c      a row and a lab of it

The training lab's test images by kind (the paper's Table 3), other labs' (its Table 4; five kinds), each by detectors
of seven kinds, which Evaluation/train.py and train_kinds.py make; the differential count; white cells as one class, and
lab B's classes, by detectors of WBC, RBC and platelet; whether kinds keep their own color. Interrupted, it goes on where
it was. Writes labs.md, labs.csv, labs.json, confusion-*.png and cells-*.png.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import kind_figures
import verdict_changes
from cells import Seen, look
from dataset import ImageSet, key_of, split_folder
from detections import Detections, DetectorFile, find, measure
from kind_colors import PAIRS, cytoplasm
from kind_pictures import cell_sheet, confusion_picture
from kind_tables import FILES, Figure, FigureRow, FigureTable, counts_markdown, write
from kinds import KindLab, parse_factor, read_lab
from metrics import group_draws, image_figures
from program import ORIGINAL, ROWS, TRANSFER, Program, Row, profile_digest
from tables import Line, Table, into_document
from true_kinds import colored, palette_of
from verdicts import sidecar_of

ROOT = Path(__file__).resolve().parent.parent
NEW_LABS = ["lab-c", "lab-d", "lab-f"]
CEILINGS = {"true kinds, the capture's colors": False, "true kinds, the session's colors": True}  # true_kinds.py


@dataclass
class Study:
    """What all measurements share, and the tables that they fill."""

    program: Program
    rows: list[Row]
    profile: Path
    work: Path
    threads: int
    resamples: int
    seed: int
    skipped: dict[str, str] = field(default_factory=dict)
    kept: dict[tuple[str, str], tuple[KindLab, dict[str, int]]] = field(default_factory=dict)

    def __post_init__(self):
        for row in self.rows:
            if reason := self.program.why_not(row):
                self.skipped[row.name] = reason
                print(f"SKIPPED: {row.name}: {reason}", file=sys.stderr)

    def images(self, lab: KindLab, row: Row) -> tuple[KindLab, dict[str, int]]:
        """The lab in a row's images, and how many of them have which verdict."""
        if row.name in CEILINGS:
            return self.ceiling(lab, row), {}
        if (lab.name, row.name) not in self.kept:
            folder = self.normalized(lab, row)
            verdicts = [] if folder is None else [sidecar_of(folder, f.name)["verdict"]["value"] for f in lab.fields]
            counts = {v: verdicts.count(v) for v in sorted(set(verdicts))}
            self.kept[lab.name, row.name] = (lab if folder is None else lab.with_images(folder), counts)
        return self.kept[lab.name, row.name]

    def ceiling(self, lab: KindLab, row: Row) -> KindLab | None:
        """None for a lab without masks."""
        shown, _ = self.images(lab, TRANSFER)
        folder = self.work / "true-kinds" / key_of(row.name, shown.digest, profile_digest(self.profile))
        return colored(lab, shown, palette_of(self.profile), CEILINGS[row.name], folder)

    def normalized(self, lab: KindLab, row: Row) -> Path | None:
        """Folder of a row's results and sidecars."""
        source = ImageSet(lab.name, [(f.image, Path(f"{f.name}.txt")) for f in lab.fields], lab.digest)
        return self.program.normalized(source, row, self.profile)

    def rows_of(self, lab: KindLab) -> list[Row]:
        """The rows, and what true kinds would reach where color transfer is one of them and the lab has masks."""
        has_masks = all(f.mask is not None and len(f.kinds) == 1 for f in lab.fields)
        known = has_masks and TRANSFER in self.rows and TRANSFER.name not in self.skipped
        return [*self.rows, *(Row(name, ()) for name in CEILINGS)] if known else self.rows

    def drawn(self, lab: KindLab) -> np.ndarray:
        return group_draws([f.group for f in lab.fields], self.resamples, self.seed)

    def line(self, row: str, seen: list[Seen], lab: KindLab, detector: DetectorFile, one_class: bool) -> Line:
        """Precision, recall and average precision, of white cells or by kind."""
        key = key_of("kinds 1", detector.digest, lab.digest, lab.magnification(), one_class)
        found = Detections(key, [one.boxes for one in seen], kind_figures.found(seen, lab.fields, one_class))
        measured = measure(found, 1 if one_class else len(lab.kinds), self.resamples, self.seed, self.work,
                           f"{detector.name}, {lab.name}, {row}", [f.group for f in lab.fields])
        return Line(row, measured.point, measured.resampled)

    def look(self, detector: DetectorFile, lab: KindLab, row: str) -> list[Seen]:
        return look(detector, lab, self.work, self.threads, f"{detector.name}, {lab.name}, {row}")


def over(drawn: np.ndarray, figure, digits: int = 3) -> Figure:
    """A figure of all images once, and of every drawing."""
    return Figure(figure(None), np.array([figure(row) for row in drawn]), digits)


def white_cell_figures(seen: list[Seen], lab: KindLab, drawn: np.ndarray) -> dict[str, Figure]:
    cells = kind_figures.white_cells(seen, lab.fields)
    return {"found": over(drawn, cells.share_found), "mean IoU of those found": over(drawn, cells.mean_overlap)}


def count_figures(seen: list[Seen], lab: KindLab, threshold: float, drawn: np.ndarray) -> tuple[dict, str, np.ndarray]:
    """Errors of the differential count and the share rightly told; the worst kind in words; the confusion."""
    counted = kind_figures.count(seen, lab, threshold)
    confused = kind_figures.confusion(seen, lab, threshold)

    def told(row: np.ndarray | None) -> float:
        return kind_figures.balanced_accuracy(confused.sum(0) if row is None else np.tensordot(row, confused, 1))

    figures = {"mean error": over(drawn, lambda row: counted.errors(row)[0], 1),
               "largest error": over(drawn, lambda row: counted.errors(row)[1], 1),
               "rightly told, balanced": over(drawn, told)}
    shares = " / ".join(f"{share:.0f}" for share in counted.shares()[1])
    return figures, f"{shares}; {counted.worst()}; other {counted.other.sum()}", confused.sum(0)


def color_figures(lab: KindLab, drawn: np.ndarray) -> dict[str, Figure]:
    """Protocol e; empty where the lab has no masks."""
    colors = cytoplasm(lab)
    if colors is None:
        return {}
    right = colors.rightly_told()
    figures = {f"{a} to {b}": over(drawn, lambda row, a=a, b=b: colors.distance(a, b, row), 1) for a, b in PAIRS}
    return figures | {"told apart by color": over(drawn, lambda row: colors.told_apart(right, row))}


def white_cells(study: Study, lab: KindLab, detectors: list[DetectorFile]) -> list[Table | FigureTable]:
    """One class by each detector: average precision, then cells found and their boxes."""
    made = []
    drawn = study.drawn(lab)
    for detector in detectors:
        table = Table("white cells", f"{lab.name}: white cells, detector {detector.name}", detector.name, lab.name,
                      ["white cell"], [])
        figures = FigureTable("white cells", f"{lab.name}: white cells found, detector {detector.name}", detector.name,
                              lab.name, [], "verdicts")
        for row in study.rows_of(lab):
            if row.name in study.skipped:
                table.lines.append(Line(row.name, None, None, study.skipped[row.name]))
                figures.rows.append(FigureRow(row.name, reason=study.skipped[row.name]))
                continue
            shown, verdicts = study.images(lab, row)
            seen = study.look(detector, shown, row.name)
            line = study.line(row.name, seen, shown, detector, True)
            line.verdicts = verdicts
            table.lines.append(line)
            said = ", ".join(f"{count} {name}" for name, count in verdicts.items())
            figures.rows.append(FigureRow(row.name, white_cell_figures(seen, shown, drawn), said))
        made += [table, figures]
    return made


def by_kind(study: Study, lab: KindLab, detectors: list[tuple[DetectorFile, float]], paper: str,
            unshifted: dict[str, float]) -> tuple[list[Table], list[FigureTable], list]:
    """Average precision by kind, differential counts, and panels of the confusion."""
    tables, counts, panels = [], [], []
    drawn = study.drawn(lab)
    for detector, threshold in detectors:
        table = Table("kinds", f"{lab.name}: {len(lab.kinds)} kinds, detector {detector.name} ({paper})", detector.name,
                      lab.name, lab.kinds, [], unshifted.get(detector.name))
        true = " / ".join(f"{share:.0f}" for share in kind_figures.Count.percent(
            sum(np.bincount(f.kinds, minlength=len(lab.kinds)) for f in lab.fields)))
        count = FigureTable("count", f"{lab.name}: differential count, detector {detector.name}, from a score of "
                            f"{threshold:.2f}", detector.name, lab.name, [],
                            f"{' / '.join(lab.kinds)} in percent (true: {true}); worst kind; cells taken for `other`")
        panel = []
        for row in study.rows_of(lab):
            if row.name in study.skipped:
                table.lines.append(Line(row.name, None, None, study.skipped[row.name]))
                count.rows.append(FigureRow(row.name, reason=study.skipped[row.name]))
                continue
            shown, _ = study.images(lab, row)
            seen = study.look(detector, shown, row.name)
            table.lines.append(study.line(row.name, seen, shown, detector, False))
            figures, said, confused = count_figures(seen, shown, threshold, drawn)
            count.rows.append(FigureRow(row.name, figures, said))
            panel.append((row.name, confused))
        tables.append(table)
        counts.append(count)
        panels.append((f"{lab.name}, detector {detector.name}", panel))
    return tables, counts, panels


def colors(study: Study, lab: KindLab) -> list[FigureTable]:
    if not any(one.mask for one in lab.fields):
        return []
    table = FigureTable("colors", f"{lab.name}: a*b* distance of kinds' cytoplasm", "", lab.name, [])
    drawn = study.drawn(lab)
    for row in study.rows_of(lab):
        if row.name in study.skipped:
            table.rows.append(FigureRow(row.name, reason=study.skipped[row.name]))
        else:
            table.rows.append(FigureRow(row.name, color_figures(study.images(lab, row)[0], drawn)))
    return [table]


def classes_of_lab_b(study: Study, images: ImageSet, detectors: list[DetectorFile]) -> list[Table]:
    """Lab B's white cells, red cells and platelets, as evaluate.py measures them."""
    made = []
    names = ["WBC", "RBC", "platelet"]
    for detector in detectors:
        table = Table("lab B", f"{images.name}: detector {detector.name}", detector.name, images.name, names, [])
        for row in study.rows:
            if row.name in study.skipped:
                table.lines.append(Line(row.name, None, None, study.skipped[row.name]))
                continue
            shown, _ = study.program.normalize(images, row, study.profile)
            title = f"{detector.name}, {images.name}, {row.name}"
            measured = measure(find(detector, shown, study.work, study.threads, title), len(names), study.resamples,
                               study.seed, study.work, title)
            table.lines.append(Line(row.name, measured.point, measured.resampled))
        made.append(table)
    return made


def verdicts(study: Study, lab: KindLab, detectors: list[DetectorFile]) -> list[str]:
    """Rows of verdict_changes.py for color transfer."""
    if TRANSFER not in study.rows or TRANSFER.name in study.skipped:
        return []
    shown, _ = study.images(lab, TRANSFER)
    said = np.array([sidecar_of(study.normalized(lab, TRANSFER), f.name)["verdict"]["value"] for f in lab.fields])
    lines = []
    for detector in detectors:
        before, after = (np.array([image_figures(one)["ap"] for one in kind_figures.found(
            study.look(detector, images, row), images.fields, True)])
            for images, row in ((lab, ORIGINAL.name), (shown, TRANSFER.name)))
        lines += verdict_changes.rows(f"{lab.name}, {detector.name}", before, after, said, study.drawn(lab))
    return lines


def parse_named(text: str) -> tuple[str, Path]:
    name, separator, path = text.partition("=")
    if not separator or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r}: write NAME=FILE.onnx")
    return name.strip(), Path(path)


def arguments(given: list[str], parse_row) -> argparse.Namespace:
    shared = ROOT.parent / "shared" / "data"
    parser = argparse.ArgumentParser(prog="evaluate.py --labs", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=shared,
                        help="folder of lab-a (references), lab-a-kinds, lab-b, lab-c, lab-d, lab-f")
    parser.add_argument("--lab", action="append", help="measure this lab alone; repeatable")
    parser.add_argument("--detector", type=parse_named, action="append", metavar="NAME=FILE",
                        help="a detector of WBC, RBC, platelet; repeatable (default: the two of ../shared/data)")
    parser.add_argument("--kinds-detector", type=parse_named, action="append", metavar="NAME=FILE",
                        help="a detector of the seven kinds; repeatable (default: OUTPUT/kinds.onnx, kinds-no-hsv.onnx)")
    parser.add_argument("--profile", type=Path, help="the training lab's (default: nctd profile suggest on lab-a/train)")
    parser.add_argument("--row", type=parse_row, action="append", default=[], metavar="NAME=ARGS",
                        help="another row: what to add to nctd normalize")
    parser.add_argument("--only", action="append", metavar="NAME", help="measure this row (and the original); repeatable")
    parser.add_argument("--limit", type=int, help="only the first so many fields a lab")
    parser.add_argument("--every", type=int, default=1, help="only every so manieth field of labs with kinds")
    parser.add_argument("--magnify", type=parse_factor, action="append", default=[], metavar="LAB=FACTOR",
                        help="scale a lab by this, not to the training lab's size")
    parser.add_argument("--resamples", type=int, default=1000, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--nctd", type=Path, default=ROOT / ".build" / "release" / "nctd", help="the binary")
    parser.add_argument("--output", type=Path, default=ROOT / "evaluation-output", help="where the report goes")
    parser.add_argument("--work", type=Path, help="where results are kept between runs (default: OUTPUT/work)")
    parser.add_argument("--document", type=Path, help="also put the tables between the marks of this Markdown file")
    return parser.parse_args(given)


def detectors_of(given: argparse.Namespace) -> tuple[list[DetectorFile], list[DetectorFile]]:
    """Of one class and of kinds; says what is missing."""
    one = given.detector or [("augmented", given.data / "detector-lab-a.onnx"),
                             ("no color augmentation", given.data / "detector-lab-a-no-hsv.onnx")]
    kinds = given.kinds_detector
    if kinds is None:
        kinds = [(name, given.output / file) for name, file in (
            ("kinds, augmented", "kinds.onnx"), ("kinds, no color augmentation", "kinds-no-hsv.onnx"))]
        kinds = [(name, path) for name, path in kinds if path.is_file()]
        if not kinds:
            print(f"SKIPPED: tables by kind: no detector of kinds at {given.output}/kinds.onnx; docs/evaluation.md says "
                  "how one is made", file=sys.stderr)
    for _, path in [*one, *kinds]:
        if not path.is_file():
            raise SystemExit(f"{path} is not there; name detectors with --detector and --kinds-detector NAME=FILE.onnx")
    return [DetectorFile(*entry) for entry in one], [DetectorFile(*entry) for entry in kinds]


def rows_of(given: argparse.Namespace) -> list[Row]:
    rows = [*ROWS, *given.row]
    unknown = set(given.only or []) - {row.name for row in rows}
    if unknown:
        raise SystemExit(f"--only {', '.join(sorted(unknown))}: the rows are {', '.join(row.name for row in rows)}")
    return [row for row in rows if row.arguments is None or not given.only or row.name in given.only]


def pictures(study: Study, output: Path, training: KindLab, labs: list[KindLab], panels: list) -> None:
    """Confusions and cells of each lab, as they came and after color transfer (or the last row)."""
    row = next((r for r in study.rows if r.name == TRANSFER.name), study.rows[-1])
    for title, line in panels:
        kinds = training.kinds if title.startswith(training.name) else labs[0].kinds
        name = "-".join(title.lower().replace(",", "").split())
        shown = [entry for entry in line if entry[0] in (ORIGINAL.name, row.name)]
        confusion_picture([(title, shown)], kinds, output / f"confusion-{name}.png")
    if row.arguments is not None and row.name not in study.skipped:
        for lab in labs:
            cell_sheet(training, [(lab, study.images(lab, row)[0])], f"{lab.name}: {row.name}",
                       output / f"cells-{lab.name}.png")


def main(given: list[str], parse_row) -> int:
    given = arguments(given, parse_row)
    if given.resamples < 2 or given.every < 1 or (given.limit is not None and given.limit < 1):
        raise SystemExit("--resamples must be at least 2, --every and --limit at least 1")
    if not given.nctd.exists():
        raise SystemExit(f"{given.nctd} is not there; build it with `make build`, or name it with --nctd")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    detectors, kinds_detectors = detectors_of(given)
    wanted = given.lab or ["lab-a-kinds", "lab-b", *NEW_LABS]
    if unknown := set(wanted) - {"lab-a-kinds", "lab-b", *NEW_LABS}:
        raise SystemExit(f"--lab {', '.join(sorted(unknown))}: the labs are lab-a-kinds, lab-b, {', '.join(NEW_LABS)}")
    given.output.mkdir(parents=True, exist_ok=True)
    work = (given.work or given.output / "work").resolve()
    program = Program(given.nctd.resolve(), work, given.threads)
    profile = given.profile or program.profile(split_folder(given.data / "lab-a", "train"), "lab-a")
    study = Study(program, rows_of(given), profile, work, given.threads, given.resamples, given.seed)

    training = read_lab(given.data / "lab-a-kinds", "lab-a-kinds", "test")
    labs = [read_lab(given.data / name, name).magnified(dict(given.magnify)).some(given.limit, given.every)
            for name in NEW_LABS if name in wanted]
    sure = [(d, kind_figures.best_threshold(study.look(d, training, "original"), training.fields, len(training.kinds)))
            for d in kinds_detectors]
    measured = training.some(given.limit, given.every)
    table_3, own_counts, panels = [], [], []
    if "lab-a-kinds" in wanted and sure:
        table_3, own_counts, panels = by_kind(study, measured, sure, "the paper's Table 3", {})
    unshifted = {table.detector: float(table.original.point[-1, 3]) for table in table_3}
    table_4, counts, white, judged, kept = [], list(own_counts), [], [], []
    for lab in labs:
        white += white_cells(study, lab, detectors)
        judged += verdicts(study, lab, detectors)
        kept += colors(study, lab)
        if sure:
            more, count, panel = by_kind(study, lab, sure, "the paper's Table 4", unshifted)
            table_4, counts, panels = table_4 + more, counts + count, panels + panel
    lab_b = []
    if "lab-b" in wanted:
        part = split_folder(given.data / "lab-b", "test")
        lab_b = classes_of_lab_b(study, ImageSet.of("lab-b", part / "images", part / "labels", given.limit), detectors)
    if labs:
        pictures(study, given.output, training, labs, panels)

    train = read_lab(given.data / "lab-a-kinds", "lab-a-kinds, train", "train")
    every = [train, read_lab(given.data / "lab-a-kinds", "lab-a-kinds, test", "test"), *labs]
    sections = [
        ("Images and cells (the paper's Tables 1 and 2)", counts_markdown(every), []),
        ("The training lab's seven kinds (the paper's Table 3)", "", table_3),
        ("Other labs' five kinds (the paper's Table 4)",
         "Both neutrophils are one kind, with the higher of their two scores; what is seen as `other` is left out.",
         table_4),
        ("The differential count", "Percent of each kind among all cells seen from that score on, each cell once, as its "
         "likeliest kind; the score is where the mean F1 over the kinds is greatest on the training lab's test images. "
         "Errors in percentage points.", counts),
        ("Kinds' own color", "Between the means, over cells, of the mean a*, b* of the cytoplasm by true masks. Told "
         "apart: by that color alone, each cell left out once, balanced over kinds with five cells or more.", kept),
        ("White cells, whatever their kind", "Found: from a score of 0.25 on, at an IoU above 0.5.", white),
        ("Verdicts", "Mean over the fields of the average precision of white cells, IoU 0.5 to 0.95, in color transfer's "
         "results.\n\n" + "\n".join(verdict_changes.HEAD + judged) if judged else "", []),
        ("Lab B", "", lab_b)]
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True)
    from evaluate import hidden, installed

    record = {
        "command": "Evaluation/evaluate.py " + shlex.join(hidden(text) for text in sys.argv[1:]),
        "nctd": program.version, "nctd_sha256": program.digest, "weights_sha256": program.weights,
        "commit": commit.stdout.strip() or None, "seed": given.seed, "resamples": given.resamples,
        "images": {lab.name: len(lab.fields) for lab in [measured, *labs]},
        "cells_scaled_by": {lab.name: round(lab.magnification(), 3) for lab in labs},
        "image_sets": {lab.name: lab.digest for lab in [measured, *labs]}, "profile": profile_digest(profile),
        "detectors": {d.name: d.digest for d in [*detectors, *kinds_detectors]},
        "counted_from_score": {d.name: round(threshold, 3) for d, threshold in sure},
        "rows": {row.name: None if row.arguments is None else shlex.join(row.arguments) for row in study.rows},
        "skipped": study.skipped,
        "packages": {name: installed(name) for name in ("numpy", "onnxruntime", "pillow", "ultralytics")}}
    text = write(given.output, [section for section in sections if section[1] or section[2]], record)
    if given.document:
        into_document(given.document, text)
    print(text.split("## How the figures were made")[0])
    print(f"report: {given.output}/{', '.join(FILES)}, confusion-*.png, cells-*.png", file=sys.stderr)
    return 0
