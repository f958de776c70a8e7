"""From images to tables: a lab whose detector goes by color alone, before and after a method that makes all kinds alike."""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import find_objects, label

import scenes  # noqa: F401  finds Evaluation/

import labs
from kinds import CELL, FIELD, FIVE, SEVEN, TO_FIVE, read_lab
from program import ORIGINAL, Row

SIDE = 160
METHOD = Row("all alike", ("--method", "alike"))


class ByColor:
    """Sees squares brighter than the field; their red value says which of the seven they are (or one class for all)."""

    side, any_size = SIDE, False

    def __init__(self, kinds):
        self.kinds = kinds

    def proposals(self, square):
        places = find_objects(label(square[1] > 0.8)[0])
        boxes = np.array([(x.start, y.start, x.stop, y.stop) for y, x in places], float).reshape(-1, 4)
        scores = np.zeros((len(boxes), 7 if self.kinds else 3))
        for row, (y, x) in enumerate(places):
            kind = int(round(float(np.median(square[0, y, x])) * 255 / 30)) if self.kinds else 0
            scores[row, min(kind, 6) if self.kinds else 0] = 0.9
        return boxes, scores


class Detector:
    def __init__(self, name, kinds):
        self.name, self.digest, self.found = name, name, ByColor(kinds)

    def loaded(self, threads):
        return self.found


class Nctd:
    """Stands for the program: writes images in which each cell has the lymphocytes' color, and sidecars."""

    def __init__(self, folder):
        self.folder = folder

    def why_not(self, row):
        return "unknown" if row.name == "unknown" else None

    def normalized(self, images, row, profile):
        if row.arguments is None:
            return None
        for image, _ in images.pairs:
            pixels = np.array(Image.open(image))
            pixels[pixels[..., 1] > 220] = (30 * SEVEN.index("lymphocyte"), 255, 100)
            Image.fromarray(pixels).save(self.folder / f"{image.stem}.png")
            (self.folder / f"{image.stem}.png.json").write_text(json.dumps({"verdict": {"value": "good"}}))
        return self.folder


def make(folder, kinds):
    """Fifteen fields with two cells each of the lab's kinds in turn, of the training lab's size at this side."""
    for part in ("images", "labels", "masks"):
        (folder / part).mkdir(parents=True)
    cell = round(CELL * SIDE / FIELD)
    lines = ["image,index,kind"]
    for number in range(15):
        pixels = np.full((SIDE, SIDE, 3), 120, np.uint8)
        mask = np.zeros((SIDE, SIDE), np.uint8)
        text = ""
        for index, left in enumerate((10, 90)):
            kind = (number + index) % len(kinds)
            area = (slice(20, 20 + cell), slice(left, left + cell))
            pixels[area], mask[area] = (30 * TO_FIVE.index(kind) + number % 4, 255, 100 + number % 3), 128
            text += f"0 {(left + cell / 2) / SIDE} {(20 + cell / 2) / SIDE} {cell / SIDE} {cell / SIDE}\n"
            lines.append(f"{number}.png,{index},{kinds[kind]}")
        Image.fromarray(pixels).save(folder / "images" / f"{number}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{number}.png")
        (folder / "labels" / f"{number}.txt").write_text(text)
    (folder / "kinds.csv").write_text("\n".join(lines) + "\n")


class Labs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory()
        folder = Path(cls.kept.name)
        make(folder / "lab", FIVE)
        cls.lab = read_lab(folder / "lab", "lab-x")
        (folder / "results").mkdir()
        cls.study = labs.Study(Nctd(folder / "results"), [ORIGINAL, METHOD, Row("unknown", ())], folder / "p.toml",
                               folder / "work", 1, 20, 1)

    @classmethod
    def tearDownClass(cls):
        cls.kept.cleanup()

    def test_one_class_sees_no_harm_and_kinds_do(self):
        table, found = labs.white_cells(self.study, self.lab, [Detector("one class", False)])
        self.assertEqual([line.row for line in table.lines], ["original", "all alike", "unknown"])
        for line, row in zip(table.lines[:2], found.rows):
            self.assertGreater(line.point[-1, 2], 0.99)
            self.assertEqual(row.figures["found"].value, 1)
        self.assertEqual((table.lines[1].verdicts, found.rows[1].remark), ({"good": 15}, "15 good"))
        self.assertEqual(table.lines[2].reason, "unknown")

        tables, counts, panels = labs.by_kind(self.study, self.lab, [(Detector("kinds", True), 0.5)], "Table 4", {})
        before, after, _ = tables[0].lines
        np.testing.assert_allclose(before.point[:, 2], 0.995)
        self.assertEqual(after.point[FIVE.index("eosinophil"), 2], 0)
        self.assertLess(after.point[-1, 2], 0.1)
        first, second, _ = counts[0].rows
        self.assertEqual((first.figures["mean error"].value, first.figures["rightly told, balanced"].value), (0, 1))
        # A fifth of each: all lymphocytes is 80 points too many of one and 20 too few of four.
        self.assertAlmostEqual(second.figures["mean error"].value, 32)
        self.assertAlmostEqual(second.figures["largest error"].value, 80)
        self.assertIn("lymphocyte +80.0", second.remark)
        self.assertEqual(dict(panels[0][1])["all alike"][:, FIVE.index("lymphocyte")].tolist(), [6] * 5)

    def test_kinds_lose_their_color(self):
        first, second, _ = labs.colors(self.study, self.lab)[0].rows
        self.assertGreater(first.figures["eosinophil to neutrophil"].value, 5)
        self.assertAlmostEqual(second.figures["eosinophil to neutrophil"].value, 0)
        self.assertEqual(first.figures["told apart by color"].value, 1)
        # The interval of the difference holds the difference.
        low, high = np.percentile(second.figures["neutrophil to lymphocyte"].resampled
                                  - first.figures["neutrophil to lymphocyte"].resampled, [0, 100])
        self.assertLess(low, 0)
        self.assertLessEqual(high, 0)


if __name__ == "__main__":
    unittest.main()
