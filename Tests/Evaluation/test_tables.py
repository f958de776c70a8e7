import csv
import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

from scenes import random_images

from metrics import Sample, draws, resample
from tables import BEGIN, END, Line, Table, into_document, write

RECORD = {"command": "x", "nctd": "nctd 0", "seed": 1, "resamples": 20, "scorer": "y", "protocols": {"b": "Protocol b"}}


def line(name, seed):
    sample = Sample(random_images(seed), 3)
    return Line(name, sample.measure(), resample(sample, draws(12, 20, 1)))


def table(**more):
    lines = [line("original", 1), line("transfer", 2), Line("unknown", None, None, "no such method")]
    return Table("b", "b: title", "detector", "lab B", ["WBC", "RBC", "platelet"], lines, **more)


class Tables(unittest.TestCase):
    def test_markdown_csv_and_json_say_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            made = table()
            text = write(Path(folder), [made], RECORD)
            rows = list(csv.DictReader((Path(folder) / "results.csv").read_text().splitlines()))
            figures = json.loads((Path(folder) / "results.json").read_text())["figures"]
            self.assertEqual(len(rows), len(figures))
            self.assertEqual((Path(folder) / "tables.md").read_text(), text)
            value = made.lines[1].point[-1, 3]
            wanted = [r for r in rows if (r["row"], r["class"], r["figure"]) == ("transfer", "all", "mAP@0.5:0.95")]
            self.assertEqual(len(wanted), 1)
            self.assertAlmostEqual(float(wanted[0]["value"]), value, places=6)
            self.assertAlmostEqual(float(wanted[0]["difference"]), value - made.lines[0].point[-1, 3], places=5)
            self.assertLessEqual(float(wanted[0]["difference_low"]), float(wanted[0]["difference_high"]))
            self.assertIn(f"{value:.3f}", next(t for t in text.splitlines() if t.startswith("| transfer")))

    def test_every_row_of_a_table_has_its_head_s_cells(self):
        with tempfile.TemporaryDirectory() as folder:
            made = table(unshifted=0.9)
            made.lines[1].error = {"ciede2000": 1.0, "ssim": 0.9}
            widths = []
            for text in write(Path(folder), [made], RECORD).split("## How")[0].splitlines():
                if text.startswith("|"):
                    widths.append(text.count("|"))
            self.assertEqual(widths, [12] * 5 + [5] * 4)

    def test_a_method_that_could_not_run_is_named_with_the_reason(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("| unknown | not measured: no such method |", write(Path(folder), [table()], RECORD))

    def test_recovered_is_the_share_of_what_the_shift_took(self):
        made = table(unshifted=0.8)
        made.lines[0].point[-1, 3], made.lines[1].point[-1, 3] = 0.4, 0.7
        self.assertAlmostEqual(made.recovered(made.lines[1]), 0.75)
        made.unshifted = 0.41
        self.assertIsNone(made.recovered(made.lines[1]))

    def test_a_document_keeps_what_stands_around_the_marks(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "d.md"
            path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
            for _ in range(2):
                into_document(path, "## new\n\n```json\n# no heading\n```\n")
            self.assertEqual(
                path.read_text(), f"before\n{BEGIN}\n\n### new\n\n```json\n# no heading\n```\n\n{END}\nafter\n")
            path.write_text("no marks")
            with self.assertRaises(SystemExit):
                into_document(path, "new")
            self.assertEqual(path.read_text(), "no marks")

    def test_a_class_without_labels_is_written_as_missing(self):
        sample = Sample(random_images(1), 4)
        made = Table("b", "t", "d", "i", ["a", "b", "c", "d"],
                     [Line("original", sample.measure(), resample(sample, draws(12, 20, 1)))])
        with tempfile.TemporaryDirectory() as folder:
            self.assertNotIn("nan", write(Path(folder), [made], RECORD))
            rows = list(csv.DictReader((Path(folder) / "results.csv").read_text().splitlines()))
            self.assertTrue(all(r["value"] == "" for r in rows if r["class"] == "d"))


if __name__ == "__main__":
    unittest.main()
