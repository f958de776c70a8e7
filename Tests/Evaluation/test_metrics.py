import unittest

import numpy as np

import scenes
from scenes import found, random_images, square

from metrics import Sample, draws, image_figures, interval, resample, with_package


def measure(images, classes=1):
    return Sample(images, classes).measure()


class AveragePrecision(unittest.TestCase):
    def test_perfect_detections_score_one(self):
        images = [found([(*square(x, 0), 0.9 - x / 1000, 0)], [(0, *square(x, 0))]) for x in range(0, 100, 20)]
        np.testing.assert_allclose(measure(images)[0], [1, 1, 0.995, 0.995])

    def test_half_of_the_labels_found_scores_half(self):
        images = [found([(*square(0, 0), 0.9, 0)], [(0, *square(0, 0)), (0, *square(50, 50))])]
        precision, recall, ap50, ap = measure(images)[0]
        self.assertEqual((precision, recall), (1, 0.5))
        # 101 recalls by trapezoids: at recall 0.5 the precision has fallen to 0 already, which takes half a step.
        self.assertAlmostEqual(ap50, 0.495, places=9)
        self.assertAlmostEqual(ap, 0.495, places=9)

    def test_a_second_box_on_the_same_label_is_wrong(self):
        label = [(0, *square(0, 0)), (0, *square(50, 50))]
        first = (*square(0, 0), 0.9, 0)
        again = (*square(0, 0), 0.8, 0)
        last = (*square(50, 50), 0.7, 0)
        single, double = (measure([found(boxes, label)])[0] for boxes in ([first, last], [first, again, last]))
        self.assertLess(double[2], single[2])
        # Precision 1 to recall 1/2, then 2/3: between the two points it is interpolated.
        recalls = np.linspace(0, 1, 101)
        expected = np.trapezoid(np.interp(recalls, [0, 0.5, 0.5, 1, 1, 1], [1, 1, 2 / 3, 2 / 3, 0, 0]), recalls)
        self.assertAlmostEqual(double[2], expected, places=9)

    def test_a_shifted_box_counts_up_to_its_overlap(self):
        # 2 of 10 pixels aside: IoU 8/12, right at 0.5, 0.55, 0.6 and 0.65.
        figures = measure([found([(*square(2, 0), 0.9, 0)], [(0, *square(0, 0))])])[0]
        self.assertAlmostEqual(figures[3], 0.4 * figures[2], places=9)
        self.assertGreater(figures[2], 0.99)

    def test_no_detection_scores_zero_and_no_label_is_left_out(self):
        figures = measure([found([], [(0, *square(0, 0))])], classes=2)
        np.testing.assert_array_equal(figures[0], 0)
        self.assertTrue(np.isnan(figures[1]).all())
        np.testing.assert_array_equal(figures[2], 0)

    def test_no_image_and_no_label_at_all_do_not_crash(self):
        self.assertTrue(np.isnan(measure([])).all())
        self.assertTrue(np.isnan(measure([found([(*square(0, 0), 0.5, 0)], [])])).all())

    def test_the_wrong_class_finds_nothing(self):
        figures = measure([found([(*square(0, 0), 0.9, 1)], [(0, *square(0, 0))])], classes=2)
        self.assertEqual(figures[0, 2], 0)

    def test_all_is_the_mean_of_the_classes_with_labels(self):
        figures = measure(random_images(3), classes=4)
        self.assertTrue(np.isnan(figures[3]).all())
        np.testing.assert_allclose(figures[4], figures[:3].mean(0))

    def test_ultralytics_agrees_where_it_is_installed(self):
        for seed in range(5):
            images = random_images(seed)
            package = with_package(images, 3)
            if package is None:
                self.skipTest("ultralytics is not installed here (Evaluation/setup train)")
            np.testing.assert_allclose(measure(images, 3), package, atol=1e-9)

    def test_one_image_by_itself(self):
        one = found([(*square(0, 0), 0.9, 0), (*square(80, 80), 0.1, 0)], [(0, *square(0, 0)), (1, *square(50, 50))])
        figures = image_figures(one)
        self.assertAlmostEqual(figures["ap"], 0.995 / 2)
        self.assertAlmostEqual(figures["f1"], 2 / 3)


class Bootstrap(unittest.TestCase):
    def test_the_same_seed_gives_the_same_interval_and_another_one_another(self):
        sample = Sample(random_images(1), 3)
        first, again, other = (resample(sample, draws(12, 40, seed)) for seed in (5, 5, 6))
        np.testing.assert_array_equal(first, again)
        self.assertFalse(np.array_equal(first, other))

    def test_a_drawing_measures_the_images_as_often_as_they_are_drawn(self):
        images = random_images(2, count=4)
        drawn = np.array([2, 0, 1, 1])
        repeated = [images[0], images[0], images[2], images[3]]
        np.testing.assert_allclose(Sample(images, 3).measure(drawn), Sample(repeated, 3).measure(), atol=1e-12)

    def test_every_drawing_has_as_many_images(self):
        self.assertTrue((draws(17, 30, 1).sum(1) == 17).all())

    def test_the_interval_covers_the_truth_about_as_often_as_it_says(self):
        # Each image's one label is found with probability 0.7, and nothing is ever wrong: AP50 is the recall up to the
        # 101 points' step. The percentile interval of 60 draws of a coin covers in 90 to 99 % of the trials.
        hit = found([(*square(0, 0), 0.9, 0)], [(0, *square(0, 0))])
        miss = found([], [(0, *square(0, 0))])
        rng = np.random.default_rng(7)
        covered = 0
        for trial in range(100):
            images = [hit if rng.random() < 0.7 else miss for _ in range(60)]
            low, high = interval(resample(Sample(images, 1), draws(60, 100, trial)))
            covered += low[0, 1] <= 0.7 <= high[0, 1]
        self.assertGreaterEqual(covered, 87)
        self.assertLessEqual(covered, 99)

    def test_a_paired_difference_of_equal_rows_is_exactly_zero(self):
        sample = Sample(random_images(4), 3)
        values = resample(sample, draws(12, 30, 1))
        low, high = interval(values - values)
        self.assertEqual(np.nanmax(np.abs([low, high])), 0)


if __name__ == "__main__":
    unittest.main()
