#!/usr/bin/env python3
"""Teaches a trained YOLOv5 detector the kinds of white cells, within minutes on a CPU.

    .venv/bin/python Evaluation/train_kinds.py --data LAB --start detector.onnx --output kinds.onnx           augmented
    .venv/bin/python Evaluation/train_kinds.py --data LAB --start detector-no-hsv.onnx --output kinds-no-hsv.onnx --hsv 0

LAB/train has images/ and labels/, LAB/kinds.csv the kind of each boxed cell. The detector stays as it is: its boxes are
those of the file, and a white cell's score is parted among the kinds by a small head of its own, which sees the means and
deviations of the network's early layers in two windows about each anchor. That head learns from crops around the cells,
turned, mirrored, moved, scaled and (--hsv) recolored. A tenth of the cells is held out, to see how it goes; nothing is
chosen by it. Beside the detector lies a JSON file that says how it was made. Evaluation/train.py --kinds trains all
layers on whole fields instead, which takes hours.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from dataset import HSV, file_digest, key_of
from detections import save_whole
from imaging import PADDING_GRAY, read_rgb
from kind_head import CENTER, CROP, build, export, features, head, over_anchors
from kinds import FIELD, SEVEN, Field, read_lab
from progress import Progress

def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a lab with kinds.csv and train/")
    parser.add_argument("--start", type=Path, required=True, help="the ONNX file of a detector to begin with")
    parser.add_argument("--output", type=Path, required=True, help="the ONNX file to write")
    parser.add_argument("--model", default="yolov5n", help="what the file is (default: %(default)s)")
    parser.add_argument("--white", type=int, default=0, help="the file's class of white cells (default: 0)")
    parser.add_argument("--draws", type=int, default=4, help="crops a cell (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=24, help="(default: %(default)s)")
    parser.add_argument("--rate", type=float, default=2e-3, help="the first step size (default: %(default)s)")
    parser.add_argument("--imgsz", type=int, default=320, help="side of the detector's input (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=256, help="(default: %(default)s)")
    parser.add_argument("--hsv", type=float, default=1.0, help="color augmentation: 1 as YOLOv5 has it, 0 none")
    parser.add_argument("--validation", type=float, default=0.1, help="share of the cells held out (default: 0.1)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--limit", type=int, help="use only so many images, to try it out")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def crop(field: Field, cell: int, pixels: np.ndarray, scale: float, shift: np.ndarray, side: int,
         turns: int = 0, mirrored: bool = False) -> np.ndarray:
    """A square around a cell, side x side bytes; `shift` in its pixels."""
    left, top, right, bottom = field.boxes[cell]
    corner = np.array([(left + right) / 2, (top + bottom) / 2]) - (side / 2 + shift) / scale
    square = np.asarray(Image.fromarray(pixels).transform(
        (side, side), Image.Transform.AFFINE, (1 / scale, 0, corner[0], 0, 1 / scale, corner[1]),
        Image.Resampling.BILINEAR, fillcolor=(PADDING_GRAY,) * 3))
    square = np.rot90(square, turns)
    return np.ascontiguousarray(square[:, ::-1] if mirrored else square)


def draw(field: Field, cell: int, pixels: np.ndarray, given: argparse.Namespace, generator, recolor) -> np.ndarray:
    """A crop at random."""
    scale = given.imgsz / FIELD * np.exp(generator.uniform(np.log(0.75), np.log(1.25)))
    return recolor(crop(field, cell, pixels, scale, generator.uniform(-12, 12, 2), CROP, int(generator.integers(4)),
                        bool(generator.integers(2))))


def recoloring(amount: float):
    """YOLOv5's color augmentation of RGB bytes, by the package's own code; nothing where the amount is 0."""
    if amount == 0:
        return lambda square: square
    from ultralytics.data.augment import RandomHSV

    change = RandomHSV(*(amount * HSV[key] for key in ("hsv_h", "hsv_s", "hsv_v")))
    return lambda square: np.ascontiguousarray(change({"img": np.ascontiguousarray(square[..., ::-1])})["img"][..., ::-1])


def seen(network, squares, count: int, title: str) -> np.ndarray:
    """What the fixed layers make of crops: crops x anchors about the center x features."""
    import torch

    progress = Progress(title, count)
    parts = []
    with torch.no_grad():
        batch = []
        for number, square in enumerate(squares, 1):
            batch.append(square)
            if len(batch) == 8 or number == count:
                pixels = torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2).float() / 255
                parts.append(features(network, pixels)[:, :, CENTER, CENTER].flatten(2).transpose(1, 2).half().numpy())
                progress.step(len(batch))
                batch = []
    progress.end()
    return np.concatenate(parts)


def learn(values: np.ndarray, kinds: np.ndarray, given: argparse.Namespace):
    """The head over anchors, by cross entropy over crops x anchors."""
    import torch

    torch.manual_seed(given.seed)
    inputs = torch.from_numpy(values.reshape(-1, values.shape[2])).float()
    targets = torch.from_numpy(np.repeat(kinds, values.shape[1]))
    mean, deviation = inputs.mean(0), inputs.std(0) + 1e-3
    inputs = (inputs - mean) / deviation
    made = head(inputs.shape[1], len(SEVEN))
    optimizer = torch.optim.AdamW(made.parameters(), lr=given.rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, given.epochs * -(-len(inputs) // given.batch))
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.05)
    progress = Progress("head", given.epochs)
    for _ in range(given.epochs):
        for chosen in torch.randperm(len(inputs)).split(given.batch):
            loss = loss_of(made(inputs[chosen]), targets[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        progress.step()
    progress.end()
    return over_anchors(made, mean, deviation)


def rightly_told(made, values: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Of each crop whether the mean over its anchors names its kind."""
    import torch

    with torch.no_grad():
        logits = made(torch.from_numpy(values).float().transpose(1, 2)[..., None])
    return logits.mean((2, 3)).argmax(1).numpy() == kinds


def main() -> int:
    given = arguments()
    if given.output.suffix != ".onnx" or not given.start.is_file():
        raise SystemExit("--output must end in .onnx, --start must be the ONNX file of a detector")
    if given.imgsz % 32 or min(given.draws, given.epochs, given.batch) < 1 or not 0 < given.validation < 1:
        raise SystemExit("--imgsz: a multiple of 32; --draws, --epochs, --batch: at least 1; --validation: within 0 to 1")
    work = given.output.with_suffix(".training").absolute()
    work.mkdir(parents=True, exist_ok=True)
    os.environ.update(OMP_NUM_THREADS=str(given.threads), YOLO_OFFLINE="true", YOLO_CONFIG_DIR=str(work))
    try:
        import torch
        import ultralytics
    except ImportError as error:
        raise SystemExit(f"train_kinds.py needs ultralytics ({error}): run Evaluation/setup train") from error
    import random

    torch.set_num_threads(given.threads)
    lab = read_lab(given.data, "training lab", "train").some(given.limit)
    network = build(given.start, given.model, [lab.fields[0].image], given.imgsz)
    cells = [(f, c) for f in lab.fields for c in range(len(f.boxes))]
    generator = np.random.default_rng(given.seed)
    order = generator.permutation(len(cells))
    count = max(1, round(given.validation * len(cells)))
    held, mine = [cells[i] for i in order[:count]], [cells[i] for i in order[count:]]
    pixels = {f.name: read_rgb(f.image) for f in lab.fields}
    random.seed(given.seed)
    np.random.seed(given.seed)
    recolor = recoloring(given.hsv)
    key = key_of(file_digest(given.start), lab.digest, given.limit, given.draws, given.hsv, given.validation, given.imgsz,
                 given.seed)
    crops = work / f"{key}.npz"
    if not crops.is_file():
        drawn = (draw(f, c, pixels[f.name], given, generator, recolor) for _ in range(given.draws) for f, c in mine)
        values = seen(network, drawn, given.draws * len(mine), "crops")
        plain = (crop(f, c, pixels[f.name], given.imgsz / FIELD, np.zeros(2), CROP) for f, c in held)
        save_whole(crops, values=values, test=seen(network, plain, len(held), "held out"))
    with np.load(crops) as kept:
        values, test = kept["values"], kept["test"]
    kinds, theirs = (np.array([f.kinds[c] for f, c in part]) for part in (mine, held))
    made = learn(values, np.tile(kinds, given.draws), given)
    right = rightly_told(made, test, theirs)
    print(f"held out: {right.sum()} of {len(right)} kinds right", file=sys.stderr)
    temporary = given.output.with_suffix(".tmp")
    export(network, made, given.white, given.imgsz, temporary)
    temporary.rename(given.output)
    settings = {key: getattr(given, key) for key in (
        "model", "white", "draws", "epochs", "rate", "imgsz", "batch", "hsv", "validation", "seed")}
    settings |= {"start_sha256": file_digest(given.start), "lab": lab.digest, "classes": lab.kinds,
                 "held_out_right": float(right.mean()), "ultralytics": ultralytics.__version__,
                 "torch": torch.__version__, "onnx_sha256": file_digest(given.output)}
    given.output.with_suffix(".json").write_text(json.dumps(settings, indent=2) + "\n")
    print(f"{given.output}: {len(mine)} cells, {len(held)} held out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
