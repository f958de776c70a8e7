"""Takes a YOLOv5 detector in ONNX form up again for training.

An exported detector has its batch normalizations folded into the convolutions, so that training cannot go on from it as
it is. Here each normalization is put back as the one that changes nothing: its running mean and variance are those that
the convolution's output has over some images of the detector's own lab, its gain and shift undo them. The network gives
what the file gave, and in training, where a batch's own statistics take their place, nearly so.
"""

from pathlib import Path

import numpy as np

from imaging import letterbox, read_rgb

# Of the file's initializers, those that are constants of the head and no weights.
FIXED = "dfl.conv.weight"


def initializers(path: Path) -> dict[str, np.ndarray]:
    """The weights and biases of an ONNX file by the names that the ultralytics package gives them."""
    import onnx
    from onnx import numpy_helper

    return {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}


def spread(values: np.ndarray, classes: int, like: int) -> np.ndarray:
    """The last layer's rows for another number of classes: each begins as the file's class `like`."""
    return values if values.shape[0] == classes else np.repeat(values[like : like + 1], classes, axis=0)


def load(path: Path, model: str, classes: int | None, like: int, images: list[Path], side: int):
    """The network of an ONNX file as a trainable `DetectionModel` in evaluation mode.

    `classes`: how many, each of which begins as the file's class `like`; None for the file's own. `images` are a few
    dozen of the lab that the file was trained on, none where nothing is trained; `side` is the input's in pixels.
    """
    import torch
    from ultralytics.nn.tasks import DetectionModel

    given = initializers(path)
    last = [values for name, values in given.items() if ".cv3." in name and name.endswith(".2.bias")]
    if not last:
        raise SystemExit(f"{path}: no detector that the ultralytics package exported; give a .pt file")
    classes = classes or len(last[0])
    network = DetectionModel(f"{model}.yaml", nc=classes, verbose=False).eval()
    modules = dict(network.named_modules())
    used, normalized = set(), []
    with torch.no_grad():
        for name, module in modules.items():
            if not isinstance(module, torch.nn.Conv2d) or f"{name}.weight" not in given or name.endswith("dfl.conv"):
                continue
            if f"{name}.bias" not in given:
                raise SystemExit(f"{path}: {name} has no bias of its own; give a .pt file")
            weight, bias = given[f"{name}.weight"], given[f"{name}.bias"]
            used |= {f"{name}.weight", f"{name}.bias"}
            normalization = modules.get(name.removesuffix(".conv") + ".bn") if name.endswith(".conv") else None
            if normalization is None:
                weight, bias = (spread(v, classes, like) if ".cv3." in name else v for v in (weight, bias))
            if weight.shape != tuple(module.weight.shape):
                raise SystemExit(f"{path}: {name} is {list(weight.shape)}, {model} has {list(module.weight.shape)}; "
                                 "name the file's own --model")
            module.weight.copy_(torch.from_numpy(weight.copy()))
            if normalization is None:
                module.bias.copy_(torch.from_numpy(bias.copy()))
            else:
                normalization.running_mean.zero_()
                normalization.running_var.fill_(1 - normalization.eps)
                normalization.weight.fill_(1)
                normalization.bias.copy_(torch.from_numpy(bias.copy()))
                normalized.append((module, normalization))
    left = {name for name in given if name.endswith((".weight", ".bias")) and not name.endswith(FIXED)} - used
    if left or len(normalized) < 10:
        raise SystemExit(f"{path}: no {model} that the ultralytics package exported ({len(used)} of its tensors found, "
                         f"{len(left)} too many); give a .pt file, or name its --model")
    if images:
        settle(network, normalized, images, side)
    return network


def settle(network, normalized: list, images: list[Path], side: int) -> None:
    """Gives each normalization the statistics of what it sees over the images, and the gain and shift that undo them."""
    import torch

    sums = [[0.0, 0.0, 0] for _ in normalized]

    def watch(index):
        def hook(_module, _inputs, output):
            values = output.double()
            sums[index][0] = sums[index][0] + values.sum((0, 2, 3))
            sums[index][1] = sums[index][1] + values.square().sum((0, 2, 3))
            sums[index][2] += values.shape[0] * values.shape[2] * values.shape[3]
        return hook

    hooks = [convolution.register_forward_hook(watch(i)) for i, (convolution, _) in enumerate(normalized)]
    with torch.no_grad():
        for image in images:
            square = letterbox(read_rgb(image), side, "linear")[0]
            network(torch.from_numpy(square[None].astype(np.float32)))
        for hook in hooks:
            hook.remove()
        for (total, squares, count), (_, normalization) in zip(sums, normalized):
            mean = total / count
            variance = (squares / count - mean.square()).clamp_min(1e-6)
            normalization.bias.add_(mean.to(normalization.bias.dtype))
            normalization.running_mean.copy_(mean)
            normalization.running_var.copy_(variance)
            normalization.weight.copy_((variance + normalization.eps).sqrt())


def largest_difference(network, path: Path, images: list[Path], side: int) -> float:
    """How far the network's proposals are from the file's over some images: boxes in pixels, scores times the side.

    Only boxes are held against each other where the numbers of classes differ.
    """
    import torch

    from detector import Detector

    detector = Detector(path, 1)
    worst = 0.0
    with torch.no_grad():
        for image in images:
            square = letterbox(read_rgb(image), side, "linear")[0].astype(np.float32)
            own = network(torch.from_numpy(square[None]))
            own = (own[0] if isinstance(own, tuple) else own)[0].numpy()
            theirs = detector.session.run(None, {detector.input.name: square[None]})[0][0]
            rows = slice(None) if own.shape == theirs.shape else slice(0, 4)
            difference = np.abs(own[rows] - theirs[rows])
            difference[4:] *= side
            worst = max(worst, float(difference.max()))
    return worst


def export(module, head, side: int, path: Path) -> None:
    """Writes a detector as an ONNX file whose input may have any size (multiples of 32); `head` is its last layer."""
    import torch

    head.export, head.format, head.dynamic = True, "onnx", True
    torch.onnx.export(module, (torch.zeros(1, 3, side, side),), str(path), opset_version=18, input_names=["images"],
                      output_names=["output0"], dynamo=False,
                      dynamic_axes={"images": {2: "height", 3: "width"}, "output0": {2: "proposals"}})


def save(network, path: Path, names: list[str]) -> None:
    """A checkpoint from which `YOLO(path)` trains on."""
    import torch

    network.names = dict(enumerate(names))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save({"model": network, "train_args": {}, "epoch": -1}, temporary)
    temporary.rename(path)
