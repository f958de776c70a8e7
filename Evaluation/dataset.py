"""YOLO data sets: images with labels, and digests that tell whether they changed."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from imaging import labeled_images

# YOLOv5's usual color augmentation: gains of hue, saturation and value.
HSV = {"hsv_h": 0.015, "hsv_s": 0.7, "hsv_v": 0.4}


def file_digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def key_of(*parts) -> str:
    """A short name for what a cached thing depends on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:20]


@dataclass
class ImageSet:
    """Images with their labels, in the order of the names."""

    name: str
    pairs: list[tuple[Path, Path]]
    digest: str

    @staticmethod
    def of(name: str, images: Path, labels: Path, limit: int | None = None) -> "ImageSet":
        pairs = labeled_images(images, labels)[:limit]
        return ImageSet(name, pairs, key_of([(i.name, file_digest(i), file_digest(l)) for i, l in pairs]))

    @property
    def stems(self) -> list[str]:
        return [label.stem for _, label in self.pairs]

    def with_images(self, name: str, folder: Path) -> "ImageSet":
        """The same labels with images of the same names from another folder."""
        found = {label.stem: image for image, label in labeled_images_of(folder, self.pairs)}
        pairs = [(found[label.stem], label) for _, label in self.pairs]
        return ImageSet(name, pairs, key_of([(i.name, file_digest(i), file_digest(l)) for i, l in pairs]))


def labeled_images_of(folder: Path, pairs: list[tuple[Path, Path]]) -> list[tuple[Path, Path]]:
    """The images in a folder that belong to these labels, each of which must have one."""
    from imaging import IMAGE_SUFFIXES, stem

    found = {stem(path): path for path in sorted(folder.rglob("*"))
             if path.is_file() and path.suffix.lower() in IMAGE_SUFFIXES}
    missing = [label.stem for _, label in pairs if label.stem not in found]
    if missing:
        raise SystemExit(f"{folder}: {len(missing)} of {len(pairs)} images are missing, the first is {missing[0]}")
    return [(found[label.stem], label) for _, label in pairs]


def split_folder(lab: Path, split: str) -> Path:
    """LAB/SPLIT, or LAB itself where it holds images/ and labels/ without splits."""
    for folder in (lab / split, lab):
        if (folder / "images").is_dir():
            return folder
    raise SystemExit(f"{lab}: neither {split}/images nor images is there; give a YOLO data set")


def class_names(lab: Path, given: str | None) -> list[str]:
    """From an option (comma-separated), or LAB/classes.txt, or the names of LAB/data.yaml, or the three of a smear."""
    if given:
        return [name.strip() for name in given.split(",")]
    if (lab / "classes.txt").is_file():
        return [line.strip() for line in (lab / "classes.txt").read_text().splitlines() if line.strip()]
    if (lab / "data.yaml").is_file():
        return names_of_yaml(lab / "data.yaml")
    return ["WBC", "RBC", "platelet"]


def names_of_yaml(path: Path) -> list[str]:
    """The `names` of a YOLO data.yaml, in the three ways in which it is written."""
    names: dict[int, str] = {}
    inside = False
    for line in path.read_text().splitlines():
        text = line.split("#")[0].rstrip()
        if text.startswith("names:"):
            rest = text[6:].strip()
            if rest.startswith("["):
                return [name.strip().strip("'\"") for name in rest.strip("[]").split(",")]
            inside = True
        elif inside and text[:1] in (" ", "-") and text.strip():
            entry = text.strip()
            number, name = (str(len(names)), entry[1:]) if entry.startswith("-") else entry.split(":", 1)
            names[int(number)] = name.strip().strip("'\"")
        elif text:
            inside = False
    if sorted(names) != list(range(len(names))) or not names:
        raise SystemExit(f"{path}: no `names` that count from 0; give --classes NAME,NAME,…")
    return [names[index] for index in range(len(names))]
