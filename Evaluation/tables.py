"""Writes the results as Markdown, CSV and JSON."""

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from metrics import FIGURES, interval
from program import ORIGINAL, TRANSFER

BEGIN, END = "<!-- evaluation tables: begin -->", "<!-- evaluation tables: end -->"
TITLES = {"precision": "precision", "recall": "recall", "ap50": "mAP@0.5", "ap": "mAP@0.5:0.95"}


@dataclass
class Line:
    """A row of a table: figures of all classes (the last: all) with intervals, against the original's."""

    row: str
    point: np.ndarray | None  # (classes + 1) x 4; None: the method could not run
    resampled: np.ndarray | None
    reason: str = ""
    error: dict[str, float] | None = None
    verdicts: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def mean(lines: list["Line"]) -> "Line":
        """The mean of one row over several sets of the same images: drawing by drawing, since every set was drawn alike."""
        if lines[0].point is None:
            return lines[0]
        return Line(lines[0].row, np.mean([line.point for line in lines], axis=0),
                    np.mean([line.resampled for line in lines], axis=0),
                    error={key: float(np.mean([line.error[key] for line in lines])) for key in lines[0].error or {}})


@dataclass
class Table:
    """One protocol, detector and image set."""

    protocol: str
    title: str
    detector: str
    images: str
    classes: list[str]
    lines: list[Line]
    # mAP@0.5:0.95 of all on the lab's own images, from which the shift took; None where there is no shift.
    unshifted: float | None = None

    @property
    def original(self) -> Line:
        return next(line for line in self.lines if line.row == ORIGINAL.name)

    @property
    def transfer(self) -> Line | None:
        """Color transfer's line; None where it was not measured."""
        return next((line for line in self.lines if line.row == TRANSFER.name and line.point is not None), None)

    def difference(self, line: Line, base: Line) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Value, low and high of line minus base, over the same drawings of the images."""
        low, high = interval(line.resampled - base.resampled)
        return line.point - base.point, low, high

    def recovered(self, line: Line) -> float | None:
        """The share of what the shift took from mAP@0.5:0.95 that the line gives back; None if it took under 0.02."""
        if self.unshifted is None or self.unshifted - self.original.point[-1, 3] < 0.02:
            return None
        taken = self.unshifted - self.original.point[-1, 3]
        return float((line.point[-1, 3] - self.original.point[-1, 3]) / taken)


def number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def span(low: float, high: float, signed: bool = False) -> str:
    return f"{low:+.3f}…{high:+.3f}" if signed else f"{low:.3f}…{high:.3f}"


def against_transfer(table: Table, line: Line) -> str:
    """What a line has more of mAP@0.5:0.95 than color transfer, with the interval; empty for color transfer itself."""
    if line is table.transfer:
        return ""
    delta, low, high = table.difference(line, table.transfer)
    return f"{delta[-1, 3]:+.3f} ({span(low[-1, 3], high[-1, 3], signed=True)})"


def markdown_row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def table_markdown(table: Table) -> str:
    """The table of all classes together, then the one of each class."""
    with_error = any(line.error for line in table.lines)
    head = ["", "precision", "recall", "mAP@0.5", "mAP@0.5:0.95", "95 %", "against original", "95 %"]
    if table.transfer is not None:
        head.append("against color transfer, 95 %")
    if table.unshifted is not None:
        head.append("recovered")
    if with_error:
        head += ["ΔE00", "SSIM"]
    best = max((line.point[-1, 3] for line in table.lines if line.point is not None), default=None)
    rows = []
    for line in table.lines:
        if line.point is None:
            rows.append(markdown_row([line.row, f"not measured: {line.reason}", *[""] * (len(head) - 2)]))
            continue
        low, high = interval(line.resampled)
        is_original = line is table.original
        delta, delta_low, delta_high = table.difference(line, table.original)
        ap = number(line.point[-1, 3])
        cells = [line.row, *[number(v) for v in line.point[-1, :3]], f"**{ap}**" if line.point[-1, 3] == best else ap,
                 span(low[-1, 3], high[-1, 3]), "" if is_original else f"{delta[-1, 3]:+.3f}",
                 "" if is_original else span(delta_low[-1, 3], delta_high[-1, 3], signed=True)]
        if table.transfer is not None:
            cells.append(against_transfer(table, line))
        if table.unshifted is not None:
            share = None if is_original else table.recovered(line)
            cells.append("" if share is None else f"{100 * share:.0f} %")
        if with_error:
            cells += [f"{line.error['ciede2000']:.2f}", f"{line.error['ssim']:.3f}"] if line.error else ["", ""]
        rows.append(markdown_row(cells))
    parts = [f"### {table.title}", "", markdown_row(head), markdown_row(["---"] * len(head)), *rows, ""]
    if table.unshifted is not None:
        parts += [f"Without the shift, on the lab's own images: {table.unshifted:.3f}.", ""]
    head = ["mAP@0.5:0.95 / mAP@0.5 / P / R", *table.classes]
    parts += [markdown_row(head), markdown_row(["---"] * len(head))]
    for line in table.lines:
        if line.point is not None:
            parts.append(markdown_row([line.row, *[" / ".join(number(line.point[c, f]) for f in (3, 2, 0, 1))
                                                   for c in range(len(table.classes))]]))
    return "\n".join(parts) + "\n"


def markdown(tables: list[Table], record: dict) -> str:
    """All tables, grouped by protocol, and how they were made."""
    parts = [
        f"Made by `{record['command']}`; {record['nctd']}; seed {record['seed']}, {record['resamples']} resamplings; "
        f"scorer: {record['scorer']}. Intervals: 95 %, bootstrap over images; for differences over the same drawings.",
        "",
    ]
    for protocol, title in record["protocols"].items():
        mine = [table for table in tables if table.protocol == protocol]
        if mine:
            parts += [f"## {title}", "", *[table_markdown(table) for table in mine]]
    parts += ["## How the figures were made", "", "```json", json.dumps(record, indent=2, ensure_ascii=False), "```", ""]
    return "\n".join(parts)


VALUES = ["value", "low", "high", "difference", "difference_low", "difference_high"]
AGAINST_TRANSFER = ["against_transfer", "against_transfer_low", "against_transfer_high"]
COLUMNS = ["protocol", "table", "detector", "images", "row", "class", "figure", *VALUES, *AGAINST_TRANSFER, "reason"]


def records(tables: list[Table]) -> list[dict]:
    """One record a figure: everything that the tables show, and each class's."""
    result = []
    for table in tables:
        for line in table.lines:
            base = {"protocol": table.protocol, "table": table.title, "detector": table.detector,
                    "images": table.images, "row": line.row}
            if line.point is None:
                result.append(base | {"figure": "not measured", "reason": line.reason})
                continue
            values = dict(zip(VALUES, (line.point, *interval(line.resampled),
                                       *table.difference(line, table.original))))
            if table.transfer is not None:
                values |= zip(AGAINST_TRANSFER, table.difference(line, table.transfer))
            for c, name in enumerate([*table.classes, "all"]):
                for f, figure in enumerate(FIGURES):
                    result.append(base | {"class": name, "figure": TITLES[figure]}
                                  | {key: none_if_nan(value[c, f]) for key, value in values.items()})
            for figure, value in (line.error or {}).items():
                result.append(base | {"class": "all", "figure": figure, "value": value})
            if table.recovered(line) is not None and line is not table.original:
                result.append(base | {"class": "all", "figure": "recovered", "value": table.recovered(line)})
    return result


def none_if_nan(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)


FILES = ("tables.md", "results.csv", "results.json")


def write(folder: Path, tables: list[Table], record: dict, names: tuple[str, str, str] = FILES) -> str:
    """The tables as Markdown, CSV and JSON in files of these names in a folder; returns the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    text = markdown(tables, record)
    all_records = records(tables)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(all_records)
    verdicts = [{"table": t.title, "detector": t.detector, "row": line.row, "verdicts": line.verdicts}
                for t in tables for line in t.lines if line.verdicts]
    whole = {"record": record, "figures": all_records, "verdicts": verdicts}
    contents = (text, out.getvalue(), json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    for name, content in zip(names, contents, strict=True):
        replace(folder / name, content)
    return text


def replace(path: Path, content: str) -> None:
    """Writes a file whole or not at all."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(content)
    temporary.rename(path)


def into_document(path: Path, text: str) -> None:
    """Puts the tables between the two marks of a document; headings go one level down."""
    document = path.read_text()
    if document.count(BEGIN) != 1 or document.count(END) != 1 or document.index(BEGIN) > document.index(END):
        raise SystemExit(f"{path}: must hold the line {BEGIN} and after it {END}, once each")
    before, rest = document.split(BEGIN)
    lines, fenced = [], False
    for line in text.strip().splitlines():
        fenced ^= line.startswith("```")
        lines.append("#" + line if line.startswith("#") and not fenced else line)
    replace(path, f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{rest.split(END)[1]}")
