"""Whether the sidecar's figures tell which results help the detector and which hurt it."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FIGURES = {
    "structural_similarity": "structural similarity", "palette_distance_after": "palette distance after",
    "palette_distance_before": "palette distance before", "confidence": "confidence", "clipped_share": "clipped share",
}


@dataclass
class Judged:
    """One result: the sidecar's figures and verdict, and what became of the detector's quality on it."""

    table: str
    row: str
    image: str
    quality: dict[str, float]
    verdict: str
    change: dict[str, float]  # of "ap" and "f1" against the original


def sidecar_of(folder: Path, stem: str) -> dict:
    found = list(folder.rglob(f"{stem}.png.json"))
    if len(found) != 1:
        raise SystemExit(f"{folder}: {len(found)} sidecars {stem}.png.json, there must be one")
    return json.loads(found[0].read_text())


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 0, equal values sharing their mean rank."""
    order = np.argsort(values, kind="stable")
    result = np.empty(len(values))
    result[order] = np.arange(len(values))
    for value in np.unique(values):
        result[values == value] = result[values == value].mean()
    return result


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's; NaN where one of the two does not vary."""
    a, b = ranks(first), ranks(second)
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / scale) if scale else float("nan")


def best_split(figure: np.ndarray, helped: np.ndarray) -> tuple[float, float, str]:
    """The threshold that separates best what helped from what hurt.

    Returns Youden's J there (0: no better than chance, 1: perfectly), the threshold, and ">=" or "<=" for the side
    that helps.
    """
    result = (0.0, float("nan"), ">=")
    if not helped.any() or helped.all():
        return result
    for threshold in np.unique(figure):
        for side, kept in ((">=", figure >= threshold), ("<=", figure <= threshold)):
            j = kept[helped].mean() - kept[~helped].mean()
            if j > result[0] + 1e-12:
                result = (float(j), float(threshold), side)
    return result


def report(judged: list[Judged]) -> str:
    """Markdown: rank correlations and best thresholds by figure, then the change by verdict, for each row."""
    parts = ["# Do the verdicts tell what helps the detector?", ""]
    for row in dict.fromkeys(entry.row for entry in judged):
        mine = [entry for entry in judged if entry.row == row]
        parts += [f"## {row}: {len(mine)} results", "",
                  "| figure | rank correlation with the change of AP | with that of F1 | best threshold | J |",
                  "| --- | --- | --- | --- | --- |"]
        change = {k: np.array([entry.change[k] for entry in mine]) for k in ("ap", "f1")}
        for key, title in FIGURES.items():
            figure = np.array([entry.quality.get(key, np.nan) for entry in mine], float)
            cells = []
            for which in ("ap", "f1"):
                known = ~np.isnan(figure) & ~np.isnan(change[which])
                cells.append(f"{rank_correlation(figure[known], change[which][known]):+.2f}" if known.any() else "–")
            moved = ~np.isnan(figure) & (np.abs(np.nan_to_num(change["ap"])) > 1e-9)
            j, threshold, side = best_split(figure[moved], change["ap"][moved] > 0)
            parts.append(f"| {title} | {cells[0]} | {cells[1]} | {side} {threshold:.3f} | {j:.2f} |")
        parts += ["", "| verdict | results | mean change of AP | median | share that got better | mean change of F1 |",
                  "| --- | --- | --- | --- | --- | --- |"]
        for verdict in ("good", "doubtful", "bad"):
            chosen = np.array([entry.verdict == verdict for entry in mine])
            ap, f1 = change["ap"][chosen], change["f1"][chosen]
            ap, f1 = ap[~np.isnan(ap)], f1[~np.isnan(f1)]
            parts.append(f"| {verdict} | {chosen.sum()} | " + (
                f"{ap.mean():+.3f} | {np.median(ap):+.3f} | {100 * (ap > 0).mean():.0f} % | "
                f"{f1.mean() if len(f1) else float('nan'):+.3f} |"
                if len(ap) else "| | | |"))
        parts.append("")
    return "\n".join(parts)
