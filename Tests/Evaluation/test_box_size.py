"""Boxes at other sizes: about their centers, cut at the border; a detector whose boxes are too small gains by them."""

import unittest

import numpy as np

import scenes  # noqa: F401  finds Evaluation/

import box_size


class BoxSize(unittest.TestCase):
    def test_scaled_about_the_center_and_cut_at_the_border(self):
        boxes = np.array([[10.0, 20, 30, 60, 0.9, 0], [0, 0, 20, 20, 0.8, 0], [90, 70, 100, 80, 0.7, 0]])
        larger = box_size.scaled(boxes, 1.5, 100, 80)
        np.testing.assert_allclose(larger[:, :4], [[5, 10, 35, 70], [0, 0, 25, 25], [87.5, 67.5, 100, 80]])
        np.testing.assert_array_equal(larger[:, 4:], boxes[:, 4:])
        np.testing.assert_array_equal(box_size.scaled(boxes, 1, 100, 80), boxes)

    def test_boxes_that_are_a_tenth_too_small_are_right_at_the_factor_that_makes_up_for_it(self):
        rng = np.random.default_rng(5)
        found = []
        for _ in range(12):
            low = rng.uniform(20, 60, (3, 2))
            high = low + rng.uniform(30, 60, (3, 2))
            truth = np.hstack([np.zeros((3, 1)), low, high])
            center, half = (low + high) / 2, (high - low) / 2 / 1.1
            boxes = np.hstack([center - half, center + half, rng.uniform(0.5, 1, (3, 1)), np.zeros((3, 1))])
            found.append((boxes, truth, 200, 200))
        figures = {factor: box_size.average_precision(found, 0, factor) for factor in (1, 1.04, 1.1, 1.2)}
        self.assertGreater(figures[1.1], 0.99)
        self.assertLess(figures[1], 0.8)
        self.assertTrue(figures[1] < figures[1.04] < figures[1.1] > figures[1.2], figures)


if __name__ == "__main__":
    unittest.main()
