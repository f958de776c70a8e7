"""Whether results that are called good are better for a detector of white cells than those that are not, with intervals."""

import numpy as np

from kind_tables import bounds, shown
from tables import markdown_row

VERDICTS = ("good", "doubtful", "bad")


def mean(values: np.ndarray, chosen: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Of the chosen fields, once with all and for every drawing; NaN where none is."""
    weights = np.concatenate([np.ones((1, len(values))), drawn]) * chosen
    total = weights.sum(1)
    return np.where(total > 0, weights @ values / np.maximum(total, 1e-9), np.nan)


def told(figure: np.ndarray) -> str:
    return "" if np.isnan(figure[0]) else shown(figure[0], *bounds(figure[1:]), 3, signed=True)


def rows(title: str, before: np.ndarray, after: np.ndarray, verdicts: np.ndarray, drawn: np.ndarray) -> list[str]:
    """A row a verdict, and one of good results less all others.

    `before`, `after`: average precision field by field; `drawn`: drawings x fields, how often each was drawn.
    """
    lines, good = [], verdicts == "good"
    for verdict in VERDICTS:
        chosen = verdicts == verdict
        lines.append(markdown_row([title, verdict, str(chosen.sum()), told(mean(after, chosen, drawn)),
                                   told(mean(after - before, chosen, drawn))]))
    differences = [told(mean(values, good, drawn) - mean(values, ~good, drawn)) for values in (after, after - before)]
    lines.append(markdown_row([title, "good less the others", "", *differences]))
    return lines


HEAD = [markdown_row(["", "verdict", "fields", "average precision", "change from the capture"]), markdown_row(["---"] * 5)]
