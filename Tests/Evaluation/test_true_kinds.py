"""The ceiling by true kinds, the classes of protocol d, and verdicts beside detection, where the answer is known."""

import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

import scenes  # noqa: F401  finds Evaluation/

import by_class
import verdict_changes
from dataset import ImageSet
from distance import lab as cielab, srgb
from kinds import FIVE, Field, KindLab
from true_kinds import colored


def part(mean):
    return {kind: {"mean": mean, "within": [5, 5, 5], "count": 3} for kind in
            ["segmented_neutrophil", "band_neutrophil", *FIVE[1:]]}


class TrueKinds(unittest.TestCase):
    def test_cielab_goes_back_to_the_same_bytes(self):
        pixels = np.random.default_rng(1).integers(0, 256, (40, 40, 3), dtype=np.uint8)
        np.testing.assert_array_equal(srgb(cielab(pixels)), pixels)

    def test_cells_get_the_mean_of_their_kind_and_the_rest_stays(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            mask = np.zeros((60, 60), np.uint8)
            mask[10:50, 10:50], mask[25:35, 25:35] = 128, 255
            Image.fromarray(mask).save(folder / "mask.png")
            Image.fromarray(np.random.default_rng(2).integers(120, 160, (60, 60, 3), dtype=np.uint8)).save(folder / "a.png")
            field = Field("a", folder / "a.png", (60, 60), np.array([[10.0, 10, 50, 50]]), np.array([3]),
                          mask=folder / "mask.png")
            lab = KindLab("x", FIVE, [field], 40)
            palette = {"cytoplasm": part([50, 30, -10]), "nucleus": part([30, 40, -40])}
            shown = colored(lab, lab, palette, False, folder / "out")
            result, before = (cielab(np.asarray(Image.open(path))) for path in (shown.fields[0].image, field.image))
            inner = mask[14:46, 14:46] == 128
            inner[7:25, 7:25] = False
            np.testing.assert_allclose(result[14:46, 14:46][inner].mean(0), [50, 30, -10], atol=1.5)
            np.testing.assert_allclose(result[28:32, 28:32].mean((0, 1)), [30, 40, -40], atol=3)
            np.testing.assert_allclose(result[:8], before[:8], atol=0.5)

    def test_a_lab_without_masks_has_no_ceiling(self):
        field = Field("a", Path("a.png"), (9, 9), np.zeros((1, 4)), np.array([0]))
        self.assertIsNone(colored(KindLab("x", FIVE, [field], 5), None, {}, True, Path("nowhere")))


class ByClass(unittest.TestCase):
    def test_a_class_that_moved_and_a_flat_nucleus_are_seen(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            numbers = np.zeros((60, 60), np.uint8)
            numbers[:, 20:], numbers[:, 40:] = 1, 3
            Image.fromarray(numbers).save(folder / "a-classes.png")
            truth = np.random.default_rng(3).integers(90, 150, (60, 60, 3)).astype(np.uint8)
            moved = truth.copy()
            moved[numbers == 1] += 40
            moved[numbers == 3] = truth[numbers == 3].mean(0)
            for file, image in (("a.png", truth), ("b.png", moved)):
                Image.fromarray(image).save(folder / file)
            own, other = (ImageSet("x", [(folder / file, Path("a.txt"))], file) for file in ("a.png", "b.png"))
            distances, contrasts = by_class.figures(other, own, folder)
            self.assertEqual(distances[0, 0], 0)
            self.assertGreater(distances[0, 1], 10)
            self.assertTrue(np.isnan(distances[0, 2]) and np.isnan(distances[0, 4]))
            self.assertLess(contrasts[0], 0.1)
            self.assertAlmostEqual(by_class.figures(own, own, folder)[1][0], 1)


class Verdicts(unittest.TestCase):
    def test_good_ones_are_held_against_the_others_in_the_same_drawings(self):
        after, verdicts = np.array([0.9, 0.8, 0.2, 0.1]), np.array(["good", "good", "bad", "doubtful"])
        drawn = np.random.default_rng(4).multinomial(4, np.full(4, 0.25), 200).astype(float)
        good, doubtful, bad, difference = verdict_changes.rows("x", np.full(4, 0.5), after, verdicts, drawn)
        self.assertIn("| 2 | +0.850 (+0.800…+0.900) | +0.350", good)
        self.assertIn("| 1 | +0.200", bad)
        self.assertIn("+0.700 (", difference)
        self.assertIn("| 0 |  |  |", verdict_changes.rows("x", after, after, np.full(4, "good"), drawn)[2])


class Restained(unittest.TestCase):
    def test_the_report_has_a_row_a_method_that_the_program_can_do(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            Image.fromarray(np.zeros((20, 20), np.uint8)).save(folder / "a-classes.png")
            Image.fromarray(np.full((20, 20, 3), 200, np.uint8)).save(folder / "a.png")
            own = ImageSet("x", [(folder / "a.png", Path("a.txt"))], "x")
            rows = [SimpleNamespace(name="kept"), SimpleNamespace(name="unknown")]
            program = SimpleNamespace(classes=lambda _: folder, why_not=lambda row: row.name == "unknown",
                                      restain=lambda images, *_: images, normalize=lambda images, *_: (images, None))
            text = by_class.report(program, rows, own, Path("p"), [("--by-class", "1"), ("--by-class", "2")])
            self.assertIn("| kept | 0.0, 100 % |", text)
            self.assertNotIn("unknown", text)


if __name__ == "__main__":
    unittest.main()
