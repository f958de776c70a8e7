#!/usr/bin/env python3
"""Trains SmearNet: features that do not change with the stain, classes of pixels, and whether it is a smear at all.

    Training/train.py --lab LAB/train --phantoms DIR --output DIR

Every batch shows fields of the lab and phantoms, each in two random stains. Stops and goes on where it stopped; the
same data and seed give the same figures within noise. Writes DIR/checkpoint.pt, DIR/curves.csv, DIR/curves.png and
DIR/smearnet.safetensors.
"""

import argparse
import csv
import math
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Evaluation"))
from dataset import file_digest  # noqa: E402
from progress import Progress  # noqa: E402

from data import Crops, cell_fields, phantom_fields, real_fields  # noqa: E402
from export import export, load  # noqa: E402
from losses import AmountHeads, class_loss, contrast  # noqa: E402
from network import SmearNet  # noqa: E402

COLUMNS = ["step", "classes", "amounts", "contrast", "smear", "accuracy"]


class Training:
    def __init__(self, options):
        self.options = options
        torch.manual_seed(options.seed)
        torch.set_num_threads(options.threads)
        self.network = SmearNet().to(memory_format=torch.channels_last)
        self.heads = AmountHeads()
        self.average = SmearNet()
        self.average.load_state_dict(self.network.state_dict())
        parameters = [*self.network.parameters(), *self.heads.parameters()]
        self.optimizer = torch.optim.AdamW(parameters, lr=options.rate, weight_decay=0.02)
        self.step = 0
        self.rows: list[list[float]] = []

    def rate(self) -> float:
        """Rises over the first twentieth, then falls along a cosine to a hundredth."""
        done = self.step / self.options.steps
        if done < 0.05:
            return self.options.rate * (done / 0.05 + 0.01)
        return self.options.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (done - 0.05) / 0.95)))

    def advance(self, batch) -> list[float]:
        first, second, classes, amounts, smear = (torch.from_numpy(array) for array in batch)
        views = torch.cat([first, second]).to(memory_format=torch.channels_last)
        both = lambda tensor: torch.cat([tensor, tensor])
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            features, scores, is_smear = self.network(views)
        generator = torch.Generator().manual_seed(self.options.seed * 1_000_003 + self.step)
        kept = smear > 0
        count = len(first)
        parts = [
            class_loss(scores.float(), both(classes)),
            self.heads.loss(features, both(amounts), both(smear)),
            sum(contrast(f[:count][kept], f[count:][kept], generator) for f in features) / len(features),
            torch.nn.functional.binary_cross_entropy_with_logits(is_smear.float(), both(smear)),
        ]
        loss = parts[0] + 2 * parts[1] + self.options.contrast * parts[2] + 0.3 * parts[3]
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self.follow()
        known = both(classes) != 255
        accuracy = (scores.argmax(dim=1) == both(classes))[known].float().mean()
        return [float(part.detach()) for part in parts] + [float(accuracy)]

    @torch.no_grad()
    def follow(self) -> None:
        """A moving average of the weights, which is what is kept in the end."""
        decay = min(0.998, 1 - 1 / (1 + self.step))
        for mean, now in zip(self.average.state_dict().values(), self.network.state_dict().values()):
            if mean.is_floating_point():
                mean.lerp_(now.to(mean.dtype), 1 - decay)
            else:
                mean.copy_(now)

    def save(self, path: Path) -> None:
        state = {"step": self.step, "rows": self.rows, "network": self.network.state_dict(),
                 "heads": self.heads.state_dict(), "average": self.average.state_dict(),
                 "optimizer": self.optimizer.state_dict(), "options": self.identity()}
        temporary = path.with_suffix(".new")
        torch.save(state, temporary)
        temporary.replace(path)

    def load(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        if state["options"] != self.identity():
            raise SystemExit(f"{path} was made with other options ({state['options']}); delete it or name another "
                             "--output")
        self.network.load_state_dict(state["network"])
        self.heads.load_state_dict(state["heads"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.rows = state["step"], state["rows"]

    def identity(self) -> dict:
        kept = ("seed", "steps", "batch", "size", "rate", "contrast", "phantom_share")
        values = {key: value for key, value in vars(self.options).items() if key in kept}
        if self.options.weights:
            values["weights"] = file_digest(self.options.weights)
        if self.options.cells:
            values["cells"] = self.options.cells[0].name
        return values


def write_curves(training: Training, folder: Path) -> None:
    with open(folder / "curves.csv", "w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *training.rows])
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    columns = list(zip(*training.rows))
    figure, axes = pyplot.subplots(1, len(COLUMNS) - 1, figsize=(18, 3))
    for axis, name, values in zip(axes, COLUMNS[1:], columns[1:]):
        axis.plot(columns[0], values, linewidth=0.8)
        axis.set_title(name)
    figure.tight_layout()
    figure.savefig(folder / "curves.png", dpi=80)
    pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lab", type=Path, required=True, help="YOLO data set of the lab: images/ and labels/")
    parser.add_argument("--phantoms", type=Path, required=True, help="what nctd phantom --dyes wrote")
    parser.add_argument("--cells", type=Path, nargs=2, metavar=("DIR", "SEEN"),
                        help="a data set with one boxed white cell a field, and what `nctd segment DIR/images --output "
                        "SEEN` wrote of it")
    parser.add_argument("--weights", type=Path, help="trains these further")
    parser.add_argument("--output", type=Path, required=True, help="where checkpoint, curves and weights go")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=8, help="fields a step; each is seen in two stains")
    parser.add_argument("--size", type=int, default=192, help="side of a crop in pixels, a multiple of 16")
    parser.add_argument("--rate", type=float, default=2.5e-3)
    parser.add_argument("--contrast", type=float, default=0.1, help="weight of the contrastive loss")
    parser.add_argument("--phantom-share", type=float, default=0.4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    checkpoint = options.output / "checkpoint.pt"
    training = Training(options)
    if checkpoint.is_file():
        training.load(checkpoint)
    real = real_fields(options.lab) + (cell_fields(*options.cells) if options.cells else [])
    crops = Crops(real, phantom_fields(options.phantoms), options.size, options.batch, options.phantom_share)
    if options.weights and training.step == 0:
        first = [torch.from_numpy(array) for array in crops.batch_of(0)[:2]]
        load(training.network, options.weights, torch.cat(first))
        training.average.load_state_dict(training.network.state_dict())
    progress = Progress("training", options.steps)
    progress.done = training.step
    window: list[list[float]] = []
    seed_of = lambda step: options.seed * 10_000_019 + step
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(crops.batch_of, seed_of(training.step))
        while training.step < options.steps:
            batch = coming.result()
            coming = pool.submit(crops.batch_of, seed_of(training.step + 1))
            window.append(training.advance(batch))
            progress.step()
            if training.step % 50 == 0:
                training.rows.append([training.step, *(sum(c) / len(c) for c in zip(*window))])
                window = []
            if training.step % 250 == 0 or training.step == options.steps:
                training.save(checkpoint)
                write_curves(training, options.output)
    progress.end()
    export(training.average, options.output / "smearnet.safetensors", training.identity())


if __name__ == "__main__":
    main()
