"""Labs with kinds: what is read, at which size it is seen, and what is refused."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

import scenes  # noqa: F401  finds Evaluation/

from kinds import CELL, FIELD, FIVE, SEVEN, read_lab, to_kinds, yolo_lines


def make(folder, kinds, boxes, size=(100, 80), part=""):
    """A lab with an image for each list of boxes (cx, cy, w, h relative to 1)."""
    place = folder / part if part else folder
    for kind in ("images", "labels"):
        (place / kind).mkdir(parents=True)
    lines = ["part,image,index,kind"]
    for number, (names, mine) in enumerate(zip(kinds, boxes)):
        Image.new("RGB", size, (200, 190, 180)).save(place / "images" / f"{number}.png")
        (place / "labels" / f"{number}.txt").write_text("".join("0 " + " ".join(map(str, b)) + "\n" for b in mine))
        lines += [f"{part},{number}.png,{index},{name}" for index, name in enumerate(names)]
    (folder / "kinds.csv").write_text("\n".join(lines) + "\n")


class Kinds(unittest.TestCase):
    def test_boxes_keep_the_order_of_their_file_and_get_the_kind_of_their_row(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, [["monocyte", "basophil"]], [[(0.8, 0.5, 0.2, 0.25), (0.2, 0.5, 0.1, 0.125)]])
            (folder / "unlabelled.csv").write_text("image,cx,cy,w,h\n0.png,0.5,0.5,0.2,0.5\n")
            lab = read_lab(folder, "x")
            self.assertEqual(lab.kinds, FIVE)
            np.testing.assert_allclose(lab.fields[0].truth, [[2, 70, 30, 90, 50], [4, 15, 35, 25, 45]])
            np.testing.assert_allclose(lab.fields[0].ignored, [[40, 20, 60, 60]])

    def test_a_label_file_of_kinds_says_what_the_lab_says(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, [["monocyte", "basophil"]], [[(0.8, 0.5, 0.2, 0.25), (0.2, 0.5, 0.1, 0.125)]])
            one = read_lab(folder, "x").fields[0]
            lines = np.array([line.split() for line in yolo_lines(one).splitlines()], float)
            np.testing.assert_allclose(lines, [[2, 0.8, 0.5, 0.2, 0.25], [4, 0.2, 0.5, 0.1, 0.125]])

    def test_cells_are_brought_to_the_training_lab_s_size_and_its_own_are_left(self):
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), [["monocyte"], ["basophil"], ["basophil"]],
                 [[(0.5, 0.5, 0.1, 0.125)], [(0.5, 0.5, 0.2, 0.25)], [(0.5, 0.5, 0.4, 0.5)]], size=(800, 640))
            lab = read_lab(Path(name), "x")
            self.assertAlmostEqual(lab.cell, 160)
            self.assertAlmostEqual(lab.scale(320) * lab.cell, CELL * 320 / FIELD)
            self.assertAlmostEqual(lab.magnified({"x": 2.0, "y": 3.0}).some(1).scale(320), 2 * 320 / FIELD)
            self.assertEqual(lab.magnified({"y": 3.0}).scale(320), lab.scale(320))
            # A part of the lab is seen at the lab's size, whatever its own cells are.
            self.assertEqual(lab.some(1).scale(320), lab.scale(320))
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), [["monocyte"]], [[(0.5, 0.5, 0.2, 0.25)]])
            # Cells of 20 pixels stay below the training lab's: an image is not enlarged past its own pixels.
            self.assertAlmostEqual(read_lab(Path(name), "x").scale(320), 1)
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), [["band_neutrophil"]], [[(0.5, 0.5, 0.1, 0.125)]], part="test")
            lab = read_lab(Path(name), "x", "test")
            self.assertEqual((lab.kinds, lab.scale(320)), (SEVEN, 320 / FIELD))

    def test_a_cell_without_kind_and_a_kind_that_there_is_not_are_refused(self):
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), [["monocyte"]], [[(0.5, 0.5, 0.1, 0.1), (0.2, 0.2, 0.1, 0.1)]])
            with self.assertRaisesRegex(SystemExit, "has 2 cells, kinds.csv names 1"):
                read_lab(Path(name), "x")
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), [["monocite"]], [[(0.5, 0.5, 0.1, 0.1)]])
            with self.assertRaisesRegex(SystemExit, "'monocite'"):
                read_lab(Path(name), "x")

    def test_other_images_of_the_lab_must_all_be_there_and_have_its_size(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder / "lab", [["monocyte"], ["basophil"]], [[(0.5, 0.5, 0.1, 0.1)]] * 2)
            lab = read_lab(folder / "lab", "x")
            (folder / "results").mkdir()
            for number in range(2):
                Image.new("RGB", (100, 80), (1, 2, 3)).save(folder / "results" / f"{number}.png")
            shown = lab.with_images(folder / "results")
            self.assertEqual([f.image.parent.name for f in shown.fields], ["results"] * 2)
            self.assertNotEqual(shown.digest, lab.digest)
            Image.new("RGB", (50, 40)).save(folder / "results" / "1.png")
            with self.assertRaisesRegex(SystemExit, "has .* pixels"):
                lab.with_images(folder / "results")
            (folder / "results" / "1.png").unlink()
            with self.assertRaisesRegex(SystemExit, "missing"):
                lab.with_images(folder / "results")

    def test_seven_scores_as_five(self):
        scores = np.array([[0.1, 0.6, 0.2, 0.3, 0.4, 0.5, 0.9]])
        np.testing.assert_array_equal(to_kinds(scores, FIVE), [[0.6, 0.2, 0.3, 0.4, 0.5]])
        np.testing.assert_array_equal(to_kinds(scores, SEVEN), scores)


if __name__ == "__main__":
    unittest.main()
