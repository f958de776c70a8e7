"""Pictures of no smear: the same from the same seed, each kind of its own; and what counts as refused."""

import unittest

import numpy as np

import scenes  # noqa: F401  finds Evaluation/

import not_a_smear
import not_smears


class NotASmear(unittest.TestCase):
    def test_drawn_from_the_seed_alone(self):
        first, again, other = (not_smears.draw_all(1, seed) for seed in (3, 3, 4))
        self.assertEqual([name.rsplit("-", 1)[0] for name in first], list(not_smears.KINDS))
        for name, picture in first.items():
            self.assertEqual(picture.mode, "RGB", name)
            self.assertEqual(picture.tobytes(), again[name].tobytes(), name)
            self.assertNotEqual(picture.tobytes(), other[name].tobytes(), name)

    def test_pictures_are_what_their_names_say(self):
        for name, picture in not_smears.draw_all(1, 5).items():
            pixels = np.asarray(picture, float)
            kind = name.rsplit("-", 1)[0]
            self.assertEqual(kind == "black", pixels.mean() < 25, name)
            if kind in ("black", "empty glass"):
                self.assertLess(pixels.std(axis=(0, 1)).max(), 12, name)

    def test_refused_where_no_method_was_run_for_what_the_picture_is(self):
        def result(treatment, *kinds):
            return {"quality": {"treatment": treatment}, "findings": [{"kind": kind} for kind in kinds]}

        for refused, one in ((True, result("unchanged", "not_a_smear")), (True, result("shifted", "blank_field")),
                             (False, result("transferred", "not_a_smear")), (False, result("transferred")),
                             (False, result("alike")), (False, result("unchanged", "one_stain"))):
            self.assertEqual(not_a_smear.is_refused(one), refused, one)

    def test_share_has_an_interval_at_nought_and_at_all(self):
        self.assertEqual(not_a_smear.share(0, 50), "0 of 50 (0.0…7.1 %)")
        self.assertEqual(not_a_smear.share(50, 50), "50 of 50 (92.9…100.0 %)")


if __name__ == "__main__":
    unittest.main()
