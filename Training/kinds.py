#!/usr/bin/env python3
"""Trains KindNet, which tells the kinds of white cells (docs/smearnet.md).

    nctd segment DATA/train/images --output crops --crops --json > crops.json
    nctd segment restained/images --output restained-crops --crops --json > restained.json
    Training/kinds.py --cells DATA/train crops.json --cells restained restained.json --output training-output

DATA: images/, labels/ and kinds.csv (image, kind, and part where there are several); Training/restained.py makes the
same fields as other labs would have them. Every eighth cell is held back; the temperature that makes its probabilities
true is found on these. Writes training-output/kindnet.safetensors.
"""

import argparse
import math
import sys
import zlib
from pathlib import Path

import torch
from torch.nn import functional as F

from kind_crops import Augmentation, Cells, plain, read_cells
from kind_network import KindNet, export

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Evaluation"))
from progress import Progress  # noqa: E402

HELD_BACK = 8


def rate(done: float, greatest: float) -> float:
    """Rises over the first twentieth, then falls along a cosine; `done` is a share."""
    if done < 0.05:
        return greatest * (done / 0.05 + 0.01)
    return greatest * (0.005 + 0.995 * 0.5 * (1 + math.cos(math.pi * (done - 0.05) / 0.95)))


@torch.no_grad()
def follow(average: KindNet, network: KindNet, step: int) -> None:
    """A moving average of the weights, which is what is kept in the end."""
    decay = min(0.995, 1 - 1 / (1 + step))
    for mean, now in zip(average.state_dict().values(), network.state_dict().values()):
        if mean.is_floating_point():
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)


def trained(cells: Cells, options) -> KindNet:
    generator = torch.Generator().manual_seed(options.seed)
    augmented = Augmentation(generator, options.by_class, options.together)
    network, average = KindNet().to(memory_format=torch.channels_last), KindNet()
    average.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.05)
    progress = Progress("training", options.steps)
    for step in range(options.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step / options.steps, options.rate)
        batch = cells.take(torch.randint(len(cells), (options.batch,), generator=generator))
        windows, sizes = augmented(batch)
        scores = network(windows.contiguous(memory_format=torch.channels_last), sizes)
        loss = F.cross_entropy(scores, batch.kinds, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        follow(average, network, step)
        progress.step()
    progress.end()
    return average.eval()


@torch.no_grad()
def temperature(network: KindNet, cells: Cells, augmented: Augmentation, views: int = 4) -> float:
    """The one of 0.5 to 3 that makes the kinds of held-back cells likeliest, in random colors as other labs have them."""
    scores = torch.cat([network(*augmented(cells)) for _ in range(views)])
    kinds = cells.kinds.repeat(views)
    return min((0.5 + 0.05 * step for step in range(51)),
               key=lambda value: float(F.cross_entropy(scores / value, kinds)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=Path, nargs=2, action="append", required=True, metavar=("DATA", "CROPS"),
                        help="data set with kinds, and what nctd segment --crops --json printed of it; repeatable")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--by-class", type=float, default=1.6, help="how far each class's colors go on their own")
    parser.add_argument("--together", type=float, default=1.4, help="how far all colors go together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    cells = read_cells(options.cells)
    held_back = torch.tensor([zlib.crc32(name.encode()) % HELD_BACK == 0 for name in cells.fields])
    network = trained(cells.take(~held_back), options)
    known = cells.take(held_back)
    augmented = Augmentation(torch.Generator().manual_seed(options.seed), options.by_class, options.together)
    value = temperature(network, known, augmented)
    with torch.no_grad():
        right = float((network(*plain(known)).argmax(1) == known.kinds).float().mean())
    print(f"{len(cells) - len(known)} cells; of {len(known)} held back {100 * right:.0f} % right, temperature {value:.2f}")
    options.output.mkdir(parents=True, exist_ok=True)
    described = {key: vars(options)[key] for key in ("steps", "batch", "rate", "by_class", "together", "seed")}
    export(network, options.output / "kindnet.safetensors", value, described)


if __name__ == "__main__":
    main()
