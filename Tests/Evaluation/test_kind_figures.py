"""Detection, differential count, confusion and cytoplasm by kind, on scenes whose figures are known."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

import scenes  # noqa: F401  finds Evaluation/
from scenes import square

import kind_figures
from cells import Seen
from distance import lab as cielab
from kind_colors import Cytoplasm, cytoplasm
from kinds import FIVE, Field, KindLab
from metrics import Sample, draws, group_draws

NEUTROPHIL, LYMPHOCYTE, MONOCYTE, EOSINOPHIL, BASOPHIL = range(5)


def field(cells, name="x", **more):
    """Cells as (kind, x, y) of 10 pixels."""
    boxes = np.array([square(x, y) for _, x, y in cells], float).reshape(-1, 4)
    return Field(name, Path(name), (200, 200), boxes, np.array([k for k, _, _ in cells], int), **more)


def seen(cells):
    """Cells as (kind, x, y, score)."""
    rows = np.array([(*square(x, y), score, kind) for kind, x, y, score in cells], float).reshape(-1, 6)
    return Seen(rows, rows)


def lab(fields):
    return KindLab("x", FIVE, fields, 10)


class Detection(unittest.TestCase):
    FIELDS = [field([(NEUTROPHIL, 0, 0)]), field([(NEUTROPHIL, 0, 0)]), field([(EOSINOPHIL, 50, 50)])]

    def test_a_cell_of_the_wrong_kind_is_found_as_a_white_cell_alone(self):
        mine = [seen([(NEUTROPHIL, 0, 0, 0.9)]), seen([(EOSINOPHIL, 0, 0, 0.8)]), seen([(EOSINOPHIL, 50, 50, 0.7)])]
        by_kind = Sample(kind_figures.found(mine, self.FIELDS, False), 5).measure()
        self.assertAlmostEqual(by_kind[NEUTROPHIL, 2], 0.495, places=9)
        # The better-scored wrong one halves the precision of the one eosinophil.
        self.assertLess(by_kind[EOSINOPHIL, 2], 0.55)
        self.assertTrue(np.isnan(by_kind[BASOPHIL]).all())
        one = [Seen(np.column_stack([m.boxes[:, :5], np.zeros(len(m.boxes))]), m.cells) for m in mine]
        self.assertAlmostEqual(Sample(kind_figures.found(one, self.FIELDS, True), 1).measure()[-1, 2], 0.995)

    def test_found_is_from_a_score_and_an_overlap_on(self):
        mine = [seen([(0, 0, 0, 0.9)]), seen([(0, 0, 0, 0.2)]), seen([(0, 52, 50, 0.9)])]
        cells = kind_figures.white_cells(mine, self.FIELDS)
        self.assertAlmostEqual(cells.share_found(), 2 / 3)
        self.assertAlmostEqual(cells.mean_overlap(), (1 + 8 / 12) / 2, places=6)
        # Drawn as often as an image counts.
        self.assertAlmostEqual(cells.share_found(np.array([0, 2, 1])), 1 / 3)
        self.assertTrue(np.isnan(cells.mean_overlap(np.array([0, 3, 0]))))


class Counts(unittest.TestCase):
    FIELDS = [field([(NEUTROPHIL, 0, 0), (NEUTROPHIL, 50, 0)]), field([(LYMPHOCYTE, 0, 0)]), field([(BASOPHIL, 0, 0)])]

    def test_the_error_is_of_shares_in_percent(self):
        mine = [seen([(NEUTROPHIL, 0, 0, 0.9), (EOSINOPHIL, 50, 0, 0.9), (5, 90, 90, 0.9)]),
                seen([(LYMPHOCYTE, 0, 0, 0.9), (LYMPHOCYTE, 90, 0, 0.3)]), seen([(BASOPHIL, 0, 0, 0.9)])]
        made = kind_figures.count(mine, lab(self.FIELDS), 0.5)
        self.assertEqual(made.true.sum(0).tolist(), [2, 1, 0, 0, 1])
        self.assertEqual(made.seen.sum(0).tolist(), [1, 1, 0, 1, 1])
        self.assertEqual(made.other.tolist(), [1, 0, 0])
        self.assertEqual(made.errors(), (10.0, 25.0))
        self.assertIn(made.worst(), ("neutrophil -25.0", "eosinophil +25.0"))
        # From 0.3 on the second lymphocyte counts: 1, 2, 0, 1, 1 of 5.
        mean, most = kind_figures.count(mine, lab(self.FIELDS), 0.3).errors()
        self.assertAlmostEqual(mean, (30 + 15 + 0 + 20 + 5) / 5)
        self.assertAlmostEqual(most, 30)
        # The first field alone: half eosinophils instead of none.
        self.assertEqual(made.errors(np.array([1, 0, 0])), (20.0, 50.0))

    def test_nothing_seen_is_off_by_all_there_is(self):
        made = kind_figures.count([seen([])] * 3, lab(self.FIELDS), 0.5)
        self.assertEqual(made.errors(), (20.0, 50.0))

    def test_confusion_has_a_column_for_other_and_one_for_missed(self):
        mine = [seen([(NEUTROPHIL, 0, 0, 0.9), (5, 50, 0, 0.9)]), seen([(MONOCYTE, 0, 0, 0.9), (LYMPHOCYTE, 1, 0, 0.8)]),
                seen([(BASOPHIL, 0, 0, 0.1)])]
        made = kind_figures.confusion(mine, lab(self.FIELDS), 0.5).sum(0)
        expected = np.zeros((5, 7), int)
        expected[NEUTROPHIL, NEUTROPHIL] = expected[NEUTROPHIL, 5] = 1
        expected[LYMPHOCYTE, MONOCYTE] = expected[BASOPHIL, 6] = 1
        np.testing.assert_array_equal(made, expected)
        self.assertAlmostEqual(kind_figures.balanced_accuracy(made), (0.5 + 0 + 0) / 3)
        self.assertTrue((made.sum(1) == [2, 1, 0, 0, 1]).all())

    def test_the_threshold_is_where_right_and_wrong_part(self):
        rng = np.random.default_rng(1)
        fields, mine = [], []
        for _ in range(60):
            fields.append(field([(NEUTROPHIL, 0, 0)]))
            mine.append(seen([(NEUTROPHIL, 0, 0, rng.uniform(0.6, 0.9)), (NEUTROPHIL, 90, 90, rng.uniform(0.06, 0.4))]))
        self.assertTrue(0.4 <= kind_figures.best_threshold(mine, fields, 5) <= 0.65)

    def test_groups_are_drawn_whole(self):
        groups = ["a", "a", "b", "b", "b", "c"]
        drawn = group_draws(groups, 200, 4)
        self.assertTrue((drawn[:, 0] == drawn[:, 1]).all() and (drawn[:, 2] == drawn[:, 4]).all())
        self.assertTrue((drawn[:, [0, 2, 5]].sum(1) == 3).all())
        self.assertTrue((drawn[:, 0] != drawn[:, 2]).any())
        # Where every image is its own group it is the drawing of images.
        np.testing.assert_array_equal(group_draws(["a", "b", "c", "d"], 20, 9), draws(4, 20, 9))


class Colors(unittest.TestCase):
    def test_distance_and_drawing(self):
        made = Cytoplasm(FIVE, np.array([0, 0, 3, 1]), np.array([0, 1, 2, 3]), np.array([[0, 0], [2, 0], [1, 5], [1, 1.0]]))
        self.assertAlmostEqual(made.distance("eosinophil", "neutrophil"), 5)
        self.assertAlmostEqual(made.distance("neutrophil", "lymphocyte"), 1)
        self.assertTrue(np.isnan(made.distance("basophil", "neutrophil")))
        self.assertAlmostEqual(made.distance("eosinophil", "neutrophil", np.array([1, 0, 1, 0])), np.hypot(1, 5))

    def test_kinds_of_their_own_color_are_told_apart_and_of_one_color_they_are_not(self):
        rng = np.random.default_rng(2)
        kind = np.repeat([0, 1, 3, 4], [40, 40, 40, 3])
        noise = rng.normal(0, 1, (len(kind), 2))
        centers = np.array([[0, 0], [12, 0], [0, 0], [0, 12], [0, 0]])
        apart = Cytoplasm(FIVE, kind, np.arange(len(kind)), centers[kind] + noise)
        right = apart.rightly_told()
        self.assertEqual(np.isnan(right).tolist(), (kind == 4).tolist())  # three basophils are too few
        self.assertGreater(apart.told_apart(right), 0.97)
        alike = Cytoplasm(FIVE, kind, np.arange(len(kind)), noise)
        self.assertTrue(0.15 < alike.told_apart(alike.rightly_told()) < 0.52)

    def test_told_apart_is_the_mean_over_the_kinds_whatever_their_numbers(self):
        made = Cytoplasm(FIVE, np.array([0, 0, 0, 1]), np.arange(4), np.zeros((4, 2)))
        right = np.array([1, 1, 0, 0.0])
        self.assertAlmostEqual(made.told_apart(right), (2 / 3 + 0) / 2)
        self.assertAlmostEqual(made.told_apart(right, np.array([0, 1, 1, 0])), 1 / 2)

    def test_only_cytoplasm_counts_and_a_lab_without_masks_has_none(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            pixels = np.full((40, 40, 3), 230, np.uint8)
            mask = np.zeros((40, 40), np.uint8)
            mask[10:30, 10:30], mask[15:25, 15:25] = 128, 255
            pixels[mask == 128], pixels[mask == 255] = (200, 150, 170), (60, 20, 120)
            Image.fromarray(pixels).save(folder / "a.png")
            Image.fromarray(mask).save(folder / "m.png")
            one = Field("a", folder / "a.png", (40, 40), np.array([[9.0, 9, 31, 31]]), np.array([3]), mask=folder / "m.png")
            made = cytoplasm(lab([one]))
            np.testing.assert_allclose(made.colors[0], cielab(np.array([[[200, 150, 170]]], np.uint8))[0, 0, 1:])
            self.assertIsNone(cytoplasm(lab([field([(0, 0, 0)])])))


if __name__ == "__main__":
    unittest.main()
