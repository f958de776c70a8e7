"""Detectors taken up again from ONNX files, and the head of kinds: they give what the file gave. Needs the training setup."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

import scenes  # noqa: F401  finds Evaluation/

try:
    import onnx  # noqa: F401
    import torch
    import ultralytics  # noqa: F401
except ImportError:
    raise unittest.SkipTest("ultralytics is not installed here (Evaluation/setup train)")

import fused_weights
import kind_head
from any_size import largest_difference
from detector import Detector
from kinds import Field
from train_kinds import crop, learn, rightly_told


def noise(path, seed):
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8)).save(path)
    return path


class FromFile(unittest.TestCase):
    SIDE = 64

    @classmethod
    def setUpClass(cls):
        """A network of three classes with random weights and normalizations, exported."""
        from ultralytics.nn.tasks import DetectionModel

        cls.folder = tempfile.TemporaryDirectory()
        folder = Path(cls.folder.name)
        torch.manual_seed(3)
        network = DetectionModel("yolov5n.yaml", nc=3, verbose=False).eval()
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.uniform_(-0.3, 0.3)
                module.running_var.uniform_(0.5, 1.5)
                module.weight.data.uniform_(0.5, 1.5)
            elif isinstance(module, torch.nn.Conv2d) and module.bias is not None:
                # Equal tensors would be one in the file, as in a trained network none are.
                module.bias.data.uniform_(-1, 1)
        network = network.fuse(verbose=False)
        network.model[-1].export, network.model[-1].format = True, "onnx"
        cls.file = folder / "three.onnx"
        torch.onnx.export(network, (torch.zeros(1, 3, cls.SIDE, cls.SIDE),), str(cls.file), opset_version=18,
                          input_names=["images"], output_names=["output0"], dynamo=False)
        cls.images = [noise(folder / f"{seed}.png", seed) for seed in range(4)]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_the_network_gives_what_the_file_gives(self):
        network = fused_weights.load(self.file, "yolov5n", None, 0, self.images[:2], self.SIDE)
        self.assertLess(fused_weights.largest_difference(network, self.file, self.images[2:], self.SIDE), 0.02)
        seven = fused_weights.load(self.file, "yolov5n", 7, 1, self.images[:2], self.SIDE)
        with torch.no_grad():
            pixels = torch.rand(1, 3, self.SIDE, self.SIDE)
            theirs, ours = network(pixels)[0], seven(pixels)[0]
        np.testing.assert_allclose(ours[0, 4:], np.repeat(theirs[0, 5:6], 7, axis=0), atol=1e-5)

    def test_normalizations_have_the_statistics_of_what_they_see(self):
        network = fused_weights.load(self.file, "yolov5n", None, 0, self.images, self.SIDE)
        normalization = network.model[0].bn
        self.assertGreater(float(normalization.running_var.std()), 0)
        np.testing.assert_allclose(normalization.weight.detach() ** 2, normalization.running_var + normalization.eps,
                                   rtol=1e-4)

    def test_another_model_is_refused(self):
        with self.assertRaises(SystemExit):
            fused_weights.load(self.file, "yolov5s", None, 0, self.images[:1], self.SIDE)

    def test_a_file_for_any_size_gives_the_same_at_its_own_and_more_at_a_larger(self):
        network = fused_weights.load(self.file, "yolov5n", None, 0, [], self.SIDE).fuse(verbose=False)
        path = Path(self.folder.name) / "any.onnx"
        fused_weights.export(network, network.model[-1], self.SIDE, path)
        detector, own = Detector(path, 1, self.SIDE), Detector(self.file, 1)
        self.assertEqual((detector.any_size, own.any_size, detector.side), (True, False, self.SIDE))
        self.assertLess(largest_difference(own, detector, self.SIDE), 0.02)
        boxes, _ = detector.proposals(np.zeros((3, 2 * self.SIDE, 3 * self.SIDE), np.float32))
        self.assertEqual(len(boxes), 6 * len(own.proposals(np.zeros((3, self.SIDE, self.SIDE), np.float32))[0]))

    def test_the_head_parts_the_white_cell_s_score_and_leaves_the_boxes(self):
        network = kind_head.build(self.file, "yolov5n", self.images[:1], self.SIDE)
        seen = kind_head.features(network, torch.rand(2, 3, kind_head.CROP, kind_head.CROP))
        self.assertEqual(tuple(seen.shape[2:]), (10, 10))
        mean, deviation = seen.mean((0, 2, 3)), seen.std((0, 2, 3)) + 1e-3
        trained = kind_head.head(seen.shape[1], 7).eval()
        made = kind_head.over_anchors(trained, mean, deviation)
        with torch.no_grad():
            np.testing.assert_allclose(made(seen)[1, :, 4, 5], trained((seen[1, :, 4, 5] - mean) / deviation), atol=1e-4)
        path = Path(self.folder.name) / "kinds.onnx"
        kind_head.export(network, made, 1, self.SIDE, path)
        square = np.random.default_rng(1).random((3, self.SIDE, self.SIDE), np.float32)
        (boxes, scores), (theirs, whole) = Detector(path, 1, self.SIDE).proposals(square), Detector(self.file, 1).proposals(square)
        np.testing.assert_allclose(boxes, theirs, atol=0.01)
        np.testing.assert_allclose(scores.sum(1), whole[:, 1], atol=1e-4)
        self.assertGreater(scores.std(1).max(), 0)

    def test_the_head_learns_what_can_be_learned(self):
        from types import SimpleNamespace

        rng = np.random.default_rng(2)
        kinds = np.repeat(np.arange(7), 30)
        values = rng.normal(0, 1, (len(kinds), 4, 20)).astype(np.float32)
        values[np.arange(len(kinds)), :, kinds] += 3
        given = SimpleNamespace(seed=1, rate=5e-3, epochs=15, batch=64)
        self.assertGreater(rightly_told(learn(values[::2], kinds[::2], given), values[1::2], kinds[1::2]).mean(), 0.9)


class Crops(unittest.TestCase):
    def test_the_cell_is_in_the_middle_at_the_scale(self):
        pixels = np.zeros((100, 120, 3), np.uint8)
        pixels[30:50, 40:70] = 255
        one = Field("x", Path("x"), (120, 100), np.array([[40.0, 30, 70, 50]]), np.array([0]))
        rows, columns = np.nonzero(crop(one, 0, pixels, 2.0, np.zeros(2), 160)[..., 0] > 127)
        self.assertEqual((rows.min(), rows.max(), columns.min(), columns.max()), (60, 99, 50, 109))
        rows, columns = np.nonzero(crop(one, 0, pixels, 2.0, np.array([10, 0]), 160, turns=1)[..., 0] > 127)
        self.assertEqual((rows.max() - rows.min(), columns.max() - columns.min()), (59, 39))
        # To the right by 10, then turned counterclockwise: to the upper half.
        self.assertAlmostEqual((rows.max() + rows.min()) / 2, 79.5 - 10, delta=0.6)


if __name__ == "__main__":
    unittest.main()
