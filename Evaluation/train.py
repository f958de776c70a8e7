#!/usr/bin/env python3
"""Trains a YOLOv5 detector on a lab's train/ part with the ultralytics package and exports it for score.py.

    Evaluation/setup train
    .venv/bin/python Evaluation/train.py --data LAB --output detector.onnx               usual color augmentation
    .venv/bin/python Evaluation/train.py --data LAB --output detector-no-hsv.onnx --hsv 0             none at all

LAB/train has images/ and labels/ (YOLO format). A tenth of it, drawn by the seed, decides which epoch was best; LAB/test
is never looked at. Interrupted, the same command goes on after the last whole epoch. Beside the detector lies a JSON
file that says how it was made.
"""

import argparse
import json
import os
import random
import shutil
import sys
from pathlib import Path

from dataset import HSV, ImageSet, class_names, file_digest, key_of, split_folder
from kinds import KindLab, read_lab, yolo_lines


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a YOLO data set with train/images and train/labels")
    parser.add_argument("--output", type=Path, required=True, help="the ONNX file to write")
    parser.add_argument("--model", default="yolov5n", help="yolov5n, s, m, l or x (default: %(default)s)")
    parser.add_argument("--weights", type=Path,
                        help="a .pt file to start from, or the .onnx file of a detector of the same --model (default: "
                        "random weights)")
    parser.add_argument("--like", type=int, default=0,
                        help="the class of an .onnx file that each class begins as, where their numbers differ (default: 0)")
    parser.add_argument("--freeze", type=int, default=0, help="leave so many of the first layers as they are")
    parser.add_argument("--kinds", action="store_true", help="classes are the kinds of LAB/kinds.csv, the paper's seven")
    parser.add_argument("--classes", help="class names joined by commas (default: the data set's, or a smear's)")
    parser.add_argument("--epochs", type=int, default=100, help="(default: %(default)s)")
    parser.add_argument("--imgsz", type=int, default=320, help="side of the input in pixels (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=16, help="(default: %(default)s)")
    parser.add_argument("--hsv", type=float, default=1.0,
                        help="color augmentation: 1 as YOLOv5 usually has it, 0 none, or a factor between")
    parser.add_argument("--validation", type=float, default=0.1, help="share of train/ that is held out (default: 0.1)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--limit", type=int, help="use only so many images, to try it out")
    parser.add_argument("--device", default="cpu", help="cpu, or a GPU's number (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--work", type=Path, help="where training is kept (default: OUTPUT.training)")
    return parser.parse_args()


def check(given: argparse.Namespace) -> None:
    if given.epochs < 1 or given.imgsz < 32 or given.imgsz % 32 or given.batch < 1:
        raise SystemExit("--epochs and --batch must be at least 1, --imgsz a multiple of 32")
    if not 0 <= given.hsv <= 1:
        raise SystemExit("--hsv: use 0 (no color augmentation) to 1 (the usual)")
    if not 0 < given.validation < 1:
        raise SystemExit("--validation: use a share above 0 and below 1")
    if given.weights and not given.weights.is_file():
        raise SystemExit(f"--weights {given.weights}: there is no such file")
    if given.output.suffix != ".onnx":
        raise SystemExit(f"--output {given.output}: the name must end in .onnx")


def prepare(folder: Path, images: ImageSet, names: list[str], validation: float, seed: int,
            lab: KindLab | None) -> Path:
    """Lists for training and validation and a data.yaml; links, for the package writes beside what it reads.

    Labels are those of the images, or with a lab its kinds' boxes.
    """
    kinds = {} if lab is None else {one.name: yolo_lines(one) for one in lab.fields}
    for kind in ("images", "labels"):
        shutil.rmtree(folder / kind, ignore_errors=True)
        (folder / kind).mkdir(parents=True)
    links = []
    for image, label in images.pairs:
        link = folder / "images" / (label.stem + image.suffix)
        link.symlink_to(image.resolve())
        if lab is None:
            (folder / "labels" / label.name).symlink_to(label.resolve())
        else:
            (folder / "labels" / label.name).write_text(kinds[label.stem])
        links.append(str(link.absolute()))
    random.Random(seed).shuffle(links)
    held = max(1, round(validation * len(links)))
    if held >= len(links):
        raise SystemExit(f"{len(links)} images are too few to hold {held} of them out")
    (folder / "validation.txt").write_text("\n".join(sorted(links[:held])) + "\n")
    (folder / "training.txt").write_text("\n".join(sorted(links[held:])) + "\n")
    yaml = folder / "data.yaml"
    yaml.write_text(f"path: {folder.absolute()}\ntrain: training.txt\nval: validation.txt\nnames:\n"
                    + "".join(f"  {index}: {json.dumps(name)}\n" for index, name in enumerate(names)))
    return yaml


def start_from(given: argparse.Namespace, run: Path, images: ImageSet, names: list[str]):
    """The network that is trained: from --weights, or new."""
    from ultralytics import YOLO

    if not given.weights:
        return YOLO(f"{given.model}.yaml")
    if given.weights.suffix != ".onnx":
        return YOLO(given.weights)
    import fused_weights

    some = [image for image, _ in images.pairs[:: max(1, len(images.pairs) // 32)]]
    network = fused_weights.load(given.weights, given.model, len(names), given.like, some, given.imgsz)
    fused_weights.save(network, run / "start.pt", names)
    return YOLO(run / "start.pt")


def main() -> int:
    given = arguments()
    check(given)
    work = (given.work or given.output.with_suffix(".training")).absolute()
    work.mkdir(parents=True, exist_ok=True)
    os.environ.update(OMP_NUM_THREADS=str(given.threads), YOLO_OFFLINE="true", YOLO_CONFIG_DIR=str(work))
    try:
        import torch
        import ultralytics
        from ultralytics import YOLO
    except ImportError as error:
        raise SystemExit(f"train.py needs the ultralytics package ({error}): run Evaluation/setup train") from error
    ultralytics.settings.update({"sync": False})
    torch.set_num_threads(given.threads)

    train = split_folder(given.data, "train")
    images = ImageSet.of("train", train / "images", train / "labels", given.limit)
    lab = read_lab(given.data, "training lab", "train") if given.kinds else None
    names = class_names(given.data, given.classes) if lab is None else lab.kinds
    settings = {
        "model": given.model, "weights": file_digest(given.weights) if given.weights else None,
        "images": len(images.pairs), "image_set": images.digest, "classes": names, "epochs": given.epochs,
        "kinds": lab.digest if lab else None, "like": given.like, "freeze": given.freeze,
        "imgsz": given.imgsz, "batch": given.batch, "validation": given.validation, "seed": given.seed,
        **{key: given.hsv * value for key, value in HSV.items()},
        "ultralytics": ultralytics.__version__, "torch": torch.__version__,
    }
    # Another setting is another training: what was begun with one is not gone on with under another.
    run = work / key_of(settings)
    last, done = run / "training" / "weights" / "last.pt", run / "done"
    # The package marks the last file of a training that came to its end by an epoch of -1.
    finished = last.is_file() and torch.load(last, map_location="cpu", weights_only=False)["epoch"] == -1
    if done.is_file() or finished:
        print("trained already; exporting", file=sys.stderr)
    elif last.is_file():
        print(f"going on from {last}", file=sys.stderr)
        YOLO(last).train(resume=True, device=given.device)
    else:
        start_from(given, run, images, names).train(
            data=str(prepare(run, images, names, given.validation, given.seed, lab)), epochs=given.epochs,
            imgsz=given.imgsz, batch=given.batch, seed=given.seed, deterministic=True, device=given.device,
            workers=min(2, given.threads), project=str(run), name="training", exist_ok=True, plots=False, amp=False,
            patience=0, freeze=given.freeze or None, **{key: settings[key] for key in HSV})
    done.touch()
    best = run / "training" / "weights" / "best.pt"
    exported = Path(YOLO(best).export(format="onnx", imgsz=given.imgsz, dynamic=False, simplify=False, device="cpu"))
    given.output.parent.mkdir(parents=True, exist_ok=True)
    temporary = given.output.with_suffix(".tmp")
    shutil.copyfile(exported, temporary)
    temporary.rename(given.output)
    settings["onnx_sha256"] = file_digest(given.output)
    given.output.with_suffix(".json").write_text(json.dumps(settings, indent=2) + "\n")
    print(f"{given.output}: score it with Evaluation/score.py --detector {given.output} --images "
          f"{given.data}/test/images --labels {given.data}/test/labels")
    return 0


if __name__ == "__main__":
    sys.exit(main())
