import unittest

import numpy as np

import scenes  # noqa: F401

from distance import ciede2000, image_error, lab


class Distance(unittest.TestCase):
    def test_ciede2000_gives_the_published_pairs(self):
        # Sharma, Wu, Dalal 2005, table 1: blue's rotation, hues across 0, opposite hues, large and small differences.
        pairs = [
            ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425), ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
            ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792), ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
            ((50, -0.001, 2.49), (50, 0.0011, -2.49), 4.7461), ((50, 2.5, 0), (73, 25, -18), 27.1492),
            ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
            ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082), ((50, 0, 0), (50, -1, 2), 2.3669),
        ]
        for first, second, expected in pairs:
            self.assertAlmostEqual(float(ciede2000(first, second)), expected, places=4)
            self.assertAlmostEqual(float(ciede2000(second, first)), expected, places=4)

    def test_lab_of_white_black_and_red(self):
        values = lab(np.array([[[255, 255, 255], [0, 0, 0], [255, 0, 0]]], np.uint8))[0]
        np.testing.assert_allclose(values, [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.2]], atol=0.02)

    def test_equal_images_have_no_error_and_damage_lowers_the_similarity(self):
        rng = np.random.default_rng(1)
        image = rng.integers(0, 256, (40, 50, 3), np.uint8)
        same = image_error(image, image)
        self.assertEqual(same["ciede2000"], 0)
        self.assertAlmostEqual(same["ssim"], 1)
        shuffled = image_error(rng.permutation(image), image)
        self.assertLess(shuffled["ssim"], 0.2)
        self.assertGreater(shuffled["ciede2000"], 10)


if __name__ == "__main__":
    unittest.main()
