"""Tables of figures that are no average precision, each with its interval and its difference to the original."""

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kinds import KindLab
from metrics import interval
from program import ORIGINAL, TRANSFER
from tables import COLUMNS, Table, markdown_row, none_if_nan, records, replace, table_markdown


@dataclass
class Figure:
    """A value with what it is over the drawings of the images; `digits` after the point are shown."""

    value: float
    resampled: np.ndarray
    digits: int = 3


@dataclass
class FigureRow:
    row: str
    figures: dict[str, Figure] = field(default_factory=dict)
    remark: str = ""  # shown in the last column
    reason: str = ""  # why nothing was measured


@dataclass
class FigureTable:
    """Rows of the same figures over one set of images."""

    protocol: str
    title: str
    detector: str
    images: str
    rows: list[FigureRow]
    remark: str = ""  # the head of the remarks' column; none where it is empty

    @property
    def original(self) -> FigureRow:
        return next(row for row in self.rows if row.row == ORIGINAL.name)

    def _base(self, name: str) -> FigureRow | None:
        return next((row for row in self.rows if row.row == name and row.figures), None)

    def names(self) -> list[str]:
        return list(self.original.figures)

    def markdown(self) -> str:
        head = [""]
        for name in self.names():
            head += [name, "against original"]
        head += [self.remark] if self.remark else []
        body = []
        for row in self.rows:
            if not row.figures:
                body.append(markdown_row([row.row, f"not measured: {row.reason}", *[""] * (len(head) - 2)]))
                continue
            cells = [row.row]
            for name, figure in row.figures.items():
                cells.append(shown(figure.value, *bounds(figure.resampled), figure.digits))
                base = self.original.figures[name]
                cells.append("" if row is self.original else shown(
                    figure.value - base.value, *bounds(figure.resampled - base.resampled), figure.digits, signed=True))
            body.append(markdown_row(cells + ([row.remark] if self.remark else [])))
        return "\n".join([f"### {self.title}", "", markdown_row(head), markdown_row(["---"] * len(head)), *body, ""])

    def records(self) -> list[dict]:
        """As tables.records has them, with the same columns."""
        result = []
        for row in self.rows:
            base = {"protocol": self.protocol, "table": self.title, "detector": self.detector, "images": self.images,
                    "row": row.row}
            if not row.figures:
                result.append(base | {"figure": "not measured", "reason": row.reason})
            for name, figure in row.figures.items():
                values = {"value": figure.value}
                values["low"], values["high"] = bounds(figure.resampled)
                for key, other in (("difference", self.original), ("against_transfer", self._base(TRANSFER.name))):
                    if other is not None:
                        than = other.figures[name]
                        values[key] = figure.value - than.value
                        values[f"{key}_low"], values[f"{key}_high"] = bounds(figure.resampled - than.resampled)
                result.append(base | {"class": "all", "figure": name}
                              | {key: none_if_nan(value) for key, value in values.items()})
        return result


def bounds(values: np.ndarray) -> tuple[float, float]:
    low, high = interval(values)
    return float(low), float(high)


def shown(value: float, low: float, high: float, digits: int, signed: bool = False) -> str:
    """A value with its interval."""
    if np.isnan(value):
        return "–"
    text = [f"{v:{'+' if signed else ''}.{digits}f}" for v in (value, low, high)]
    return f"{text[0]} ({text[1]}…{text[2]})"


def counts_markdown(labs: list[KindLab]) -> str:
    """The paper's Tables 1 and 2: how many cells of each kind each set of images has."""
    parts = []
    for kinds in dict.fromkeys(tuple(lab.kinds) for lab in labs):
        head = ["", "images", *[kind.replace("_", " ") for kind in kinds], "cells", "cell in pixels", "scaled by"]
        rows = [markdown_row(head), markdown_row(["---"] * len(head))]
        for lab in labs:
            if tuple(lab.kinds) == kinds:
                numbers = sum(np.bincount(f.kinds, minlength=len(kinds)) for f in lab.fields)
                rows.append(markdown_row([lab.name, str(len(lab.fields)), *map(str, numbers), str(numbers.sum()),
                                          f"{lab.cell:.0f}", f"{lab.magnification():.2f}"]))
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def markdown(sections: list[tuple[str, str, list[Table | FigureTable]]], record: dict) -> str:
    """Sections of a title, what to say first, and tables; then how they were made."""
    parts = [
        f"Made by `{record['command']}`; {record['nctd']}; seed {record['seed']}, {record['resamples']} resamplings. "
        "In parentheses: 95 %, bootstrap over images (lab F: over slides); for differences over the same drawings.", ""]
    for title, text, tables in sections:
        parts += [f"## {title}", "", *([text, ""] if text else []),
                  *[table_markdown(t) if isinstance(t, Table) else t.markdown() for t in tables]]
    return "\n".join([*parts, "## How the figures were made", "", "```json",
                      json.dumps(record, indent=2, ensure_ascii=False), "```", ""])


FILES = ("labs.md", "labs.csv", "labs.json")


def write(folder: Path, sections: list[tuple[str, str, list[Table | FigureTable]]], record: dict) -> str:
    """labs.md, labs.csv and labs.json in a folder; returns the Markdown."""
    text = markdown(sections, record)
    everything = [entry for _, _, tables in sections for table in tables
                  for entry in (records([table]) if isinstance(table, Table) else table.records())]
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(everything)
    whole = json.dumps({"record": record, "figures": everything}, indent=1, ensure_ascii=False) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in zip(FILES, (text, out.getvalue(), whole), strict=True):
        replace(folder / name, content)
    return text
