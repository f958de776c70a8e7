"""What a detector sees at a lab's size: windows, cells seen once, regions to ignore."""

import unittest

import numpy as np

import scenes  # noqa: F401  finds Evaluation/

from cells import drop_ignored, proposals, reduce, windows
from kinds import FIVE, SEVEN


class Spots:
    """A detector of one class: each bright square of the input, as far as it is seen there."""

    side = 320

    def __init__(self, any_size=False):
        self.calls, self.any_size, self.shapes = 0, any_size, []

    def proposals(self, square):
        from scipy.ndimage import find_objects, label

        self.calls += 1
        self.shapes.append(square.shape)
        places = find_objects(label(square[0] > 0.9)[0])
        boxes = [(x.start, y.start, x.stop, y.stop) for y, x in places]
        return np.array(boxes, float).reshape(-1, 4), np.full((len(boxes), 1), 0.9)


def field(width, height, boxes):
    pixels = np.zeros((height, width, 3), np.uint8)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = 255
    return pixels


class Windows(unittest.TestCase):
    def test_they_cover_all_and_overlap_by_a_white_cell(self):
        for size in (10, 319, 320, 321, 700, 1184):
            begins = windows(size, 320)
            self.assertLessEqual(begins[0], 0)
            self.assertGreaterEqual(begins[-1] + 320, size)
            if len(begins) > 1:
                self.assertEqual((begins[0], begins[-1] + 320), (0, size))
                self.assertLessEqual(max(np.diff(begins)), 320 - 150)

    def test_each_cell_of_a_large_field_is_seen_whole_and_once(self):
        rng = np.random.default_rng(3)
        truth = []
        for x in range(0, 900, 190):
            for y in range(0, 560, 190):
                side = int(rng.integers(60, 140))
                left, top = x + int(rng.integers(0, 40)), y + int(rng.integers(0, 40))
                truth.append((left, top, min(left + side, 900), min(top + side, 560)))
        boxes, scores = proposals(Spots(), field(900, 560, truth), 1.0)
        seen = reduce(boxes, scores, ["white cell"])
        self.assertEqual(sorted(map(tuple, seen.cells[:, :4].astype(int))), sorted(truth))
        self.assertEqual(sorted(map(tuple, seen.boxes[:, :4].astype(int))), sorted(truth))

    def test_a_detector_of_any_size_sees_a_field_at_once_and_the_same(self):
        truth = [(20, 30, 100, 110), (400, 300, 520, 400), (600, 10, 700, 90)]
        pixels = field(700, 420, truth)
        detector = Spots(any_size=True)
        seen = [reduce(*proposals(one, pixels, 1.0), ["white cell"]).cells for one in (detector, Spots())]
        np.testing.assert_allclose(*[rows[np.lexsort(rows.T)] for rows in seen])
        self.assertEqual(detector.shapes, [(3, 448, 704)])

    def test_boxes_are_in_pixels_of_the_image_at_any_scale(self):
        truth = [(30, 20, 70, 60)]
        for scale in (0.5, 1.0, 1.7, 4.0):
            detector = Spots()
            boxes, _ = proposals(detector, field(120, 100, truth), scale)
            np.testing.assert_allclose(np.median(boxes, 0), truth[0], atol=1.01 / min(scale, 1))
            self.assertEqual(detector.calls, 1 if 120 * scale <= 320 else len(windows(480, 320)) * len(windows(400, 320)))


class Reduced(unittest.TestCase):
    def test_a_cell_seen_as_two_kinds_counts_once_as_the_likelier_and_other_is_no_kind(self):
        boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 11], [50, 50, 60, 60], [80, 0, 90, 10]], float)
        scores = np.zeros((4, 7))
        scores[0, SEVEN.index("eosinophil")], scores[1, SEVEN.index("band_neutrophil")] = 0.5, 0.7
        scores[2, SEVEN.index("other")] = 0.9
        scores[3, SEVEN.index("segmented_neutrophil")], scores[3, SEVEN.index("band_neutrophil")] = 0.3, 0.4
        seen = reduce(boxes, scores, FIVE)
        self.assertEqual(seen.cells[:, 4:].tolist(), [[0.9, 5], [0.7, 0], [0.4, 0]])
        self.assertEqual(seen.boxes[:, 4:].tolist(), [[0.7, 0], [0.5, 3], [0.4, 0]])
        self.assertEqual(len(reduce(boxes, scores, SEVEN).boxes), 5)

    def test_nothing_seen(self):
        seen = reduce(np.zeros((0, 4)), np.zeros((0, 7)), FIVE)
        self.assertEqual((seen.boxes.shape, seen.cells.shape), ((0, 6), (0, 6)))


class Ignored(unittest.TestCase):
    def test_what_lies_by_half_in_a_region_is_dropped_and_a_labeled_cell_beside_it_stays(self):
        rows = np.array([[0, 0, 10, 10, 0.9, 0], [6, 0, 16, 10, 0.8, 0], [30, 0, 40, 10, 0.7, 0], [52, 0, 62, 10, 0.6, 0]])
        ignored = np.array([[0, 0, 10, 10], [50, 0, 60, 10]], float)
        truth = np.array([[52, 0, 62, 10]], float)
        left = drop_ignored(rows, truth, ignored)
        self.assertEqual(left[:, 4].tolist(), [0.8, 0.7, 0.6])
        self.assertEqual(len(drop_ignored(rows, np.zeros((0, 4)), ignored)), 2)
        self.assertEqual(len(drop_ignored(rows, truth, np.zeros((0, 4)))), 4)


if __name__ == "__main__":
    unittest.main()
