import csv
import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

from scenes import random_images

from metrics import Sample, draws, resample
from program import COMBINATIONS, TRANSFER
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

    def test_with_color_transfer_every_row_is_held_against_it_too(self):
        lines = [line("original", 1), line("Reinhard", 3), line(TRANSFER.name, 2)]
        made = Table("b", "b: title", "detector", "lab B", ["WBC", "RBC", "platelet"], lines)
        # 0.02 more in every drawing: the interval has no width, however much the drawings differ.
        lines[1].point = lines[2].point + 0.02
        lines[1].resampled = lines[2].resampled + 0.02
        with tempfile.TemporaryDirectory() as folder:
            text = write(Path(folder), [made], RECORD)
            rows = {r["row"]: r for r in csv.DictReader((Path(folder) / "results.csv").read_text().splitlines())
                    if (r["class"], r["figure"]) == ("all", "mAP@0.5:0.95")}
        self.assertIn("| +0.020 (+0.020…+0.020) |", text)
        own = [t for t in text.splitlines() if t.startswith(f"| {TRANSFER.name} ")]
        self.assertTrue(own[0].endswith("|  |"), own[0])
        for key in ("against_transfer", "against_transfer_low", "against_transfer_high"):
            self.assertAlmostEqual(float(rows["Reinhard"][key]), 0.02, places=6)
            self.assertEqual(float(rows[TRANSFER.name][key]), 0)
        back = float(rows["original"]["against_transfer"])
        self.assertAlmostEqual(back, -float(rows[TRANSFER.name]["difference"]), places=6)
        self.assertAlmostEqual(
            float(rows["original"]["against_transfer_low"]), -float(rows[TRANSFER.name]["difference_high"]), places=6)

    def test_where_color_transfer_was_not_measured_nothing_is_held_against_it(self):
        made = table()
        made.lines.append(Line(TRANSFER.name, None, None, "no such method"))
        with tempfile.TemporaryDirectory() as folder:
            self.assertNotIn("against color transfer", write(Path(folder), [made], RECORD))
            rows = csv.DictReader((Path(folder) / "results.csv").read_text().splitlines())
            self.assertEqual({r["against_transfer"] for r in rows}, {""})

    def test_the_mean_of_presets_is_drawn_jointly(self):
        # What one preset loses in a drawing the other gains: the joint difference does not vary, though each does.
        noise = np.random.default_rng(3).normal(0, 0.1, (20, 4, 4))
        base = Line(TRANSFER.name, np.full((4, 4), 0.5), np.full((20, 4, 4), 0.5))
        presets = [Line("Reinhard", np.full((4, 4), 0.4), 0.4 + sign * noise) for sign in (1, -1)]
        mean = Line.mean(presets)
        made = Table("c", "c: mean", "d", "mean", ["WBC", "RBC", "platelet"], [mean, Line.mean([base, base])])
        delta, low, high = made.difference(mean, made.transfer)
        for value in (delta, low, high):
            np.testing.assert_allclose(value, -0.1, atol=1e-12)
        _, low, high = made.difference(presets[0], made.transfer)
        self.assertGreater((high - low).min(), 0.1)

    def test_a_method_that_could_not_run_is_named_with_the_reason(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("| unknown | not measured: no such method |", write(Path(folder), [table()], RECORD))

    def test_recovered_is_the_share_of_what_the_shift_took(self):
        made = table(unshifted=0.8)
        made.lines[0].point[-1, 3], made.lines[1].point[-1, 3] = 0.4, 0.7
        self.assertAlmostEqual(made.recovered(made.lines[1]), 0.75)
        made.unshifted = 0.41
        self.assertIsNone(made.recovered(made.lines[1]))

    def test_every_combination_is_measured_once_beside_the_original_and_the_default(self):
        made = COMBINATIONS[2:]
        self.assertEqual([row.name for row in COMBINATIONS[:2]], ["original", TRANSFER.name])
        for part, values in ((slice(0, 2), 2), (slice(2, 4), 3), (slice(4, 6), 3)):
            self.assertEqual(len({row.arguments[part] for row in made}), values)
        self.assertEqual(len({row.arguments for row in made}), 18)
        self.assertEqual(len({row.name for row in made}), 18)

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
