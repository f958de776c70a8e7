#!/usr/bin/env python3
"""Makes an exported YOLOv5 detector one whose input may have any size, so that large and small fields are seen at once.

    .venv/bin/python Evaluation/any_size.py --detector detector.onnx --output detector-any-size.onnx

The weights stay as they are; at the file's own size the result gives what the file gives, which is checked.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from detector import Detector


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detector", type=Path, required=True, help="the ONNX file")
    parser.add_argument("--output", type=Path, required=True, help="the ONNX file to write")
    parser.add_argument("--model", default="yolov5n", help="what the file is (default: %(default)s)")
    return parser.parse_args()


def largest_difference(first: Detector, second: Detector, side: int, seed: int = 1) -> float:
    """Of boxes (pixels) and scores (times the side), over an image of noise and one of smooth colors."""
    rng = np.random.default_rng(seed)
    smooth = np.kron(rng.random((3, 4, 4)), np.ones((side // 4, side // 4)))
    worst = 0.0
    for square in (rng.random((3, side, side)), smooth):
        (boxes, scores), (theirs, other) = (one.proposals(square.astype(np.float32)) for one in (first, second))
        worst = max(worst, float(np.abs(boxes - theirs).max()), side * float(np.abs(scores - other).max()))
    return worst


def main() -> int:
    given = arguments()
    if not given.detector.is_file():
        raise SystemExit(f"{given.detector}: there is no such file")
    with tempfile.TemporaryDirectory() as work:
        os.environ.update(YOLO_OFFLINE="true", YOLO_CONFIG_DIR=work)
        try:
            import fused_weights

            own = Detector(given.detector, 1)
            network = fused_weights.load(given.detector, given.model, None, 0, [], own.side)
        except ImportError as error:
            raise SystemExit(f"any_size.py needs ultralytics ({error}): run Evaluation/setup train") from error
        network = network.fuse(verbose=False)
        temporary = given.output.with_suffix(".tmp")
        fused_weights.export(network, network.model[-1], own.side, temporary)
        off = largest_difference(own, Detector(temporary, 1, own.side), own.side)
        if off > 0.05:
            temporary.unlink()
            raise SystemExit(f"{given.detector}: the result is off by {off:.3f} pixels; nothing was written")
        temporary.rename(given.output)
    print(f"{given.output}: within {off:.4f} pixels of {given.detector.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
