import csv
import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

import scenes  # noqa: F401: the path to Evaluation/

from segmentation import (CLASSES, IGNORED, NUCLEUS, Measured, boxes_of, changes, counts, overlap, with_nucleus,
                          write)

RECORD = {"command": "x", "nctd": "nctd 0", "seed": 1, "resamples": 50, "scenes": 2, "seeds": [1, 10]}


class Segmentation(unittest.TestCase):
    def test_overlap_is_what_both_have_over_what_either_has(self):
        known = np.array([[0, 0, 1, 1], [3, 3, 3, 3]], np.uint8)
        seen = np.array([[0, 1, 1, 1], [3, 3, 0, 0]], np.uint8)
        result = overlap(counts(seen, known))
        np.testing.assert_allclose(result[[0, 1, 3]], [1 / 4, 2 / 3, 2 / 4])
        self.assertTrue(np.isnan(result[[2, 4]]).all())

    def test_a_class_that_is_seen_where_there_is_none_scores_zero(self):
        self.assertEqual(overlap(counts(np.full((2, 2), 4), np.zeros((2, 2), int)))[4], 0)

    def test_ignored_pixels_count_neither_way(self):
        known = np.array([1, 1, IGNORED, IGNORED], np.uint8)
        seen = np.array([1, 0, 1, 2], np.uint8)
        self.assertEqual(counts(seen, known).sum(), 1 + 2 + 2)
        self.assertEqual(overlap(counts(seen, known))[1], 1 / 2)

    def test_a_set_is_counted_over_all_its_pixels_not_over_its_images(self):
        small = counts(np.array([3]), np.array([3]))
        large = counts(np.array([0] * 9), np.array([3] * 9))
        self.assertAlmostEqual(Measured("x", "y", np.stack([small, large])).overlaps()[3], 1 / 10)

    def test_a_box_has_a_nucleus_if_a_twentieth_of_it_is_one(self):
        seen = np.zeros((20, 40), np.uint8)
        seen[0, :5] = NUCLEUS  # 5 of the first box's 100 pixels, 4 of the second's
        seen[0, 20:24] = NUCLEUS
        corners = np.array([[0, 0, 0, 10, 10], [0, 20, 0, 30, 10], [1, 0, 0, 10, 10]], float)
        self.assertEqual(with_nucleus(seen, corners), (1, 2))
        self.assertEqual(json.dumps(with_nucleus(seen, corners)), "[1, 2]")
        # What lies outside of the image is no part of a box.
        self.assertEqual(with_nucleus(seen, np.array([[0, -50, -50, 10, 10], [0, 50, 50, 60, 60]], float)), (1, 2))

    def test_boxes_come_as_they_were_written(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.txt"
            path.write_text("2 0.25 0.5 0.1 0.2\n0 0.5 0.5 0.5 1\n")
            np.testing.assert_allclose(boxes_of(path), [(0, 0.5, 0.5, 0.5, 1), (2, 0.25, 0.5, 0.1, 0.2)])

    def measured(self, way, errors):
        """Images of 100 pixels of each class, with so many of each class taken for background."""
        images = []
        for wrong in errors:
            known = np.repeat(np.arange(len(CLASSES)), 100)
            seen = known.copy()
            for kind in range(1, len(CLASSES)):
                seen[100 * kind:100 * kind + wrong] = 0
            images.append(counts(seen, known))
        return Measured("lab", way, np.stack(images), (3, 4))

    def test_the_correction_s_interval_is_over_the_same_drawings(self):
        own, corrected = self.measured("own", [10, 60, 30, 50]), self.measured("corrected", [10, 60, 30, 50])
        for part in changes(own, corrected, 50, 1):
            self.assertEqual(np.abs(part).max(), 0)
        better = self.measured("corrected", [0, 50, 20, 40])
        change, low, high = changes(own, better, 50, 1)
        # Each image gains 10 of the 100 pixels of each class, whichever are drawn.
        np.testing.assert_allclose([change[1:], low[1:], high[1:]], 0.1)

    def test_markdown_csv_and_json_say_the_same(self):
        own, corrected = self.measured("own", [10, 60]), self.measured("corrected", [0, 40])
        with tempfile.TemporaryDirectory() as folder:
            text = write(Path(folder), [[own, corrected]], RECORD)
            rows = list(csv.DictReader((Path(folder) / "segmentation.csv").read_text().splitlines()))
            kept = json.loads((Path(folder) / "segmentation.json").read_text())
            self.assertEqual((Path(folder) / "segmentation.md").read_text(), text)
        self.assertEqual(len(rows), len(kept["figures"]))
        self.assertEqual(kept["record"], RECORD)
        nucleus = [r for r in rows if (r["way"], r["class"]) == ("corrected", "nucleus")]
        self.assertAlmostEqual(float(nucleus[0]["iou"]), 0.8)
        self.assertAlmostEqual(float(nucleus[0]["change"]), 0.8 - 0.65)
        line = next(t for t in text.splitlines() if t.startswith("| lab: corrected"))
        self.assertEqual(line.split(" | ")[4], "0.800")
        self.assertTrue(line.endswith("3 of 4 |"))
        self.assertEqual(len({t.count("|") for t in text.splitlines() if t.startswith("|")}), 1)


if __name__ == "__main__":
    unittest.main()
