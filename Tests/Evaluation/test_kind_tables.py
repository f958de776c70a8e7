"""Tables of figures by lab and row, their files, and the pictures of kinds."""

import csv
import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

import scenes  # noqa: F401  finds Evaluation/

from kind_pictures import SHORT, cell_sheet, cells_of, confusion_picture, spread_out
from kind_tables import Figure, FigureRow, FigureTable, counts_markdown, write
from kinds import FIVE, SEVEN, Field, KindLab
from program import TRANSFER
from tables import COLUMNS

RECORD = {"command": "x", "nctd": "nctd 0", "seed": 1, "resamples": 3}


def table():
    noise = np.array([-2.0, 0, 2])
    return FigureTable("count", "count: title", "detector", "lab-x", [
        FigureRow("original", {"mean error": Figure(10, 10 + noise, 1), "told": Figure(0.5, 0.5 + noise / 10)}, "as it is"),
        # In every drawing better by 4: the difference has no width.
        FigureRow(TRANSFER.name, {"mean error": Figure(6, 6 + noise, 1), "told": Figure(np.nan, np.full(3, np.nan))}, "b"),
        FigureRow("unknown", reason="no such method")], "remark")


def lab(folder, kinds, name="x"):
    fields = []
    for number, kind in enumerate(range(len(kinds))):
        path = folder / f"{name}{number}.png"
        Image.new("RGB", (60, 50), (40 * kind, 90, 200)).save(path)
        fields.append(Field(f"{name}{number}", path, (60, 50), np.array([[20.0, 15, 40, 35]]), np.array([kind])))
    return KindLab(name, kinds, fields, 20)


class Figures(unittest.TestCase):
    def test_differences_are_drawing_by_drawing(self):
        text = table().markdown()
        rows = [[c.strip() for c in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
        self.assertEqual({len(row) for row in rows if "not measured" not in str(row)}, {6})
        self.assertEqual(rows[2][:3], ["original", "10.0 (8.1…11.9)", ""])
        self.assertEqual(rows[3][1:5], ["6.0 (4.1…7.9)", "-4.0 (-4.0…-4.0)", "–", "–"])
        self.assertEqual(rows[4][1], "not measured: no such method")
        self.assertEqual(len(rows[4]), 6)

    def test_records_have_the_columns_of_the_other_tables(self):
        made = table().records()
        self.assertFalse(set().union(*made) - set(COLUMNS))
        one = next(r for r in made if r["row"] == TRANSFER.name and r["figure"] == "mean error")
        self.assertEqual((one["value"], one["difference"], one["difference_low"], one["against_transfer"]), (6, -4, -4, 0))
        first = next(r for r in made if r["row"] == "original" and r["figure"] == "mean error")
        self.assertEqual((first["against_transfer"], first["against_transfer_high"]), (4, 4))
        self.assertIsNone(next(r for r in made if r["row"] == TRANSFER.name and r["figure"] == "told")["value"])

    def test_the_three_files_say_the_same(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            text = write(folder, [("Section", "said first", [table()])], RECORD)
            self.assertEqual((folder / "labs.md").read_text(), text)
            self.assertLess(text.index("## Section"), text.index("said first"))
            rows = list(csv.DictReader((folder / "labs.csv").read_text().splitlines()))
            self.assertEqual(len(rows), len(json.loads((folder / "labs.json").read_text())["figures"]))
            self.assertNotIn("nan", text + (folder / "labs.json").read_text())

    def test_counts_are_a_table_for_each_set_of_kinds(self):
        with tempfile.TemporaryDirectory() as name:
            text = counts_markdown([lab(Path(name), SEVEN, "a"), lab(Path(name), FIVE, "c")])
        self.assertIn("| a | 7 | 1 | 1 | 1 | 1 | 1 | 1 | 1 | 7 |", text)
        self.assertIn("| c | 5 | 1 | 1 | 1 | 1 | 1 | 5 | 20 | 1.13 |", text)


class Pictures(unittest.TestCase):
    def test_spread_out_takes_the_first_and_the_last(self):
        self.assertEqual(spread_out(list(range(9)), 3), [0, 4, 8])
        self.assertEqual(spread_out([1, 2], 3), [1, 2])
        self.assertEqual(set(SHORT), set(FIVE) | set(SEVEN))

    def test_a_sheet_has_each_cell_before_and_after(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            before = lab(folder, FIVE, "c")
            (folder / "results").mkdir()
            for number in range(5):
                Image.new("RGB", (60, 50), (255, 255, 0)).save(folder / "results" / f"c{number}.png")
            after = before.with_images(folder / "results")
            cell_sheet(lab(folder, SEVEN, "a"), [(before, after)], "title", folder / "sheet.png", side=20)
            page = np.asarray(Image.open(folder / "sheet.png"))
            for kind in range(5):
                self.assertEqual(cells_of(before, kind), [(kind, 0)])
                self.assertTrue((page == (40 * kind, 90, 200)).all(2).sum() >= 0.9 * 20 * 20, kind)
            self.assertGreaterEqual((page == (255, 255, 0)).all(2).sum(), 5 * 0.9 * 20 * 20)

    def test_a_confusion_is_drawn(self):
        matrix = np.arange(35).reshape(5, 7)
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "c.png"
            confusion_picture([("lab", [("original", matrix), ("after", np.zeros((5, 7), int))])], FIVE, path)
            self.assertGreater(Image.open(path).size[0], 500)


if __name__ == "__main__":
    unittest.main()
