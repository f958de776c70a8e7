"""The arithmetic of Evaluation/kind_network.py."""

import tempfile
import unittest
from pathlib import Path

import numpy as np

import scenes  # noqa: F401

import kind_network as kinds


class KindsTest(unittest.TestCase):
    def test_overlap_of_a_cell_and_a_box(self):
        box = [0.5, 0.5, 0.2, 0.4]  # of 100 x 50 pixels: 40...60, 15...35
        self.assertAlmostEqual(kinds.overlap([40, 15, 20, 20], box, 100, 50), 1)
        self.assertAlmostEqual(kinds.overlap([50, 15, 20, 20], box, 100, 50), 1 / 3)
        self.assertEqual(kinds.overlap([60, 15, 20, 20], box, 100, 50), 0)

    def test_both_neutrophils_are_one_and_other_is_left_out(self):
        values = dict(zip(kinds.KINDS, [0.1, 0.2, 0.1, 0.1, 0.0, 0.0, 0.5]))
        np.testing.assert_allclose(kinds.probabilities(values, kinds.FIVE), [0.6, 0.2, 0.2, 0, 0])
        np.testing.assert_allclose(kinds.probabilities(values, kinds.KINDS), list(values.values()))

    def test_balanced_accuracy_does_not_depend_on_how_many_there_are_of_a_kind(self):
        truth = np.array([0] * 90 + [1] * 10)
        told = np.array([0] * 100)
        middle, low, high = kinds.balanced(truth, told, 3)
        self.assertEqual((middle, low, high), (0.5, 0.5, 0.5))
        told[-5:] = 1
        middle, low, high = kinds.balanced(truth, told, 3)
        self.assertEqual(middle, 0.75)
        self.assertTrue(low < 0.75 < high)

    def test_calibration_is_the_distance_of_confidence_from_accuracy(self):
        rows = np.array([[0.85, 0.15]] * 10)
        self.assertAlmostEqual(kinds.calibration(rows, np.array([0] * 10)), 0.15)
        self.assertAlmostEqual(kinds.calibration(rows, np.array([1] * 10)), 0.85)

    def test_boxes_of_a_part_and_of_a_field_with_several(self):
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "train"
            (data / "labels").mkdir(parents=True)
            (data / "labels" / "a.txt").write_text("0 0.1 0.2 0.3 0.4\n0 0.5 0.6 0.7 0.8\n")
            (data.parent / "kinds.csv").write_text(
                "part,image,index,kind\ntrain,a.jpg,1,monocyte\ntest,b.jpg,0,eosinophil\n")
            self.assertEqual(kinds.known_boxes(data), {"a.jpg": [([0.5, 0.6, 0.7, 0.8], "monocyte")]})
            with self.assertRaises(SystemExit):
                kinds.known_boxes(Path(folder) / "none" / "nowhere")


if __name__ == "__main__":
    unittest.main()
