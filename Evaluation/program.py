"""Runs the `nctd` binary: references, restained images and normalized images, each kept and taken up again."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from dataset import ImageSet, file_digest, key_of
from progress import Progress


@dataclass(frozen=True)
class Row:
    """A row of the tables: a name, and what is added to `nctd normalize`; None leaves the images as they are."""

    name: str
    arguments: tuple[str, ...] | None


ORIGINAL = Row("original", None)
TRANSFER = Row("color transfer", ())
ROWS = [
    ORIGINAL,
    Row("color balance", ("--method", "color-balance")),
    Row("Reinhard", ("--method", "reinhard")),
    Row("Reinhard in CIELAB", ("--method", "reinhard", "--reinhard-space", "cielab")),
    Row("Macenko", ("--method", "macenko")),
    Row("Vahadane", ("--method", "vahadane")),
    Row("histogram matching", ("--method", "histogram-matching")),
    Row("class palette", ("--method", "class-palette")),
    TRANSFER,
    Row("color transfer, built-in network", ("--features", "smearnet")),
]
# What color transfer is put together from; the first two rows are what all are held against.
COMBINATIONS = [ORIGINAL, TRANSFER] + [
    Row(f"{features}, {enhancement}, level{'s' * (',' in levels)} {levels}",
        ("--features", features, "--enhancement", enhancement, "--layer", levels))
    for features in ("vgg19", "smearnet") for enhancement in ("none", "clustering", "segmentation")
    for levels in ("1", "2", "1,2")
]


@dataclass
class Program:
    """The binary and the folder where its results are kept, with commands.txt: every command that made them."""

    path: Path
    work: Path
    threads: int

    def __post_init__(self):
        result = subprocess.run([self.path, "--version"], capture_output=True, text=True)
        if result.returncode:
            raise SystemExit(f"{self.path}: does not run ({result.stderr.strip()}); build it with `make build`")
        self.version = result.stdout.strip()
        self.digest = file_digest(self.path)
        dump = subprocess.run([self.path, "--experimental-dump-help"], capture_output=True, text=True, check=True)
        self.help = json.loads(dump.stdout)["command"]
        weights = Path(os.environ.get("NCTD_MODELS", "/usr/share/nctd/models")) / "vgg19-features.safetensors"
        self.weights = file_digest(weights) if weights.is_file() else None

    def _options(self, command: str) -> dict[str, list[str]]:
        """The options of a command with the values that they name."""
        for sub in self.help.get("subcommands", []):
            if sub["commandName"] == command:
                return {name["name"]: argument.get("allValues") or [] for argument in sub.get("arguments", [])
                        for name in argument.get("names") or []}
        return {}

    def why_not(self, row: Row) -> str | None:
        """Why the binary cannot do a row; None if it can."""
        if row.arguments is None:
            return None
        options = self._options("normalize")
        arguments = list(row.arguments)
        for index, text in enumerate(arguments):
            if not text.startswith("--"):
                continue
            name, _, value = text[2:].partition("=")
            if name not in options:
                return f"this nctd has no option --{name}"
            value = value or (arguments[index + 1] if index + 1 < len(arguments) else "")
            if name == "method" and options[name] and value not in options[name]:
                return f"this nctd has no method {value}"
        return None

    def _note(self, command: list[str]) -> None:
        self.work.mkdir(parents=True, exist_ok=True)
        with open(self.work / "commands.txt", "a") as file:
            file.write(shlex.join(command) + "\n")

    def run(self, arguments: list, title: str, count: int) -> None:
        """Runs a command with a progress bar over the lines it prints, one an image; ends the program if it fails."""
        command = [str(self.path), *map(str, arguments)]
        self._note(command)
        progress = Progress(title, count)
        with tempfile.TemporaryFile("w+") as complaints:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True)
            try:
                for line in process.stdout:
                    if line.startswith("["):
                        progress.step()
                process.wait()
            except BaseException:
                process.terminate()
                process.wait()
                raise
            complaints.seek(0)
            errors = complaints.read()
        progress.end()
        if process.returncode:
            raise SystemExit(
                f"{' '.join(command[:2])} … for {title} ended with {process.returncode}:\n{errors.strip()}")
        for line in errors.splitlines():
            if "warning" in line:
                print(line, file=sys.stderr)

    def profile(self, train: Path, name: str) -> Path:
        """A profile with references that `nctd profile suggest` chooses from a lab's training images."""
        images = sorted(path for path in (train / "images").iterdir() if path.is_file())
        folder = self.work / "profiles" / key_of(self.digest, name, [(i.name, file_digest(i)) for i in images])
        path = folder / f"{name}.toml"
        if path.is_file():
            return path
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = [str(self.path), "profile", "suggest", str(train / "images"), "--count", "3", "--name", name,
                   "--copy", str(folder), "--threads", str(self.threads)]
        self._note(command)
        print(f"choosing references from {train}", file=sys.stderr, flush=True)
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            raise SystemExit(f"nctd profile suggest failed:\n{result.stderr.strip()}")
        temporary = path.with_suffix(".tmp")
        temporary.write_text(result.stdout)
        temporary.rename(path)
        return path

    def restain(self, images: ImageSet, *arguments: str) -> ImageSet:
        """The images restained by `nctd restain` with these arguments."""
        name = " ".join(arguments).lstrip("-")
        folder = self.work / "restained" / key_of(self.digest, arguments, images.digest)
        self._fill(folder, images, ["restain", *arguments], f"restaining, {name}", sidecars=False)
        return images.with_images(f"{images.name} {name}", folder)

    def classes(self, images: ImageSet) -> Path:
        """The folder of the images' classes as `nctd segment` sees them: NAME-classes.png of the classes' numbers."""
        folder = self.work / "classes" / key_of(self.digest, images.digest)
        self._fill(folder, images, ["segment"], f"{images.name}, classes", sidecars=False,
                   ending="-classes.png")
        return folder

    def normalize(self, images: ImageSet, row: Row, profile: Path) -> tuple[ImageSet, Path | None]:
        """The images of a row, and the folder with their sidecars; the images themselves for the original."""
        folder = self.normalized(images, row, profile)
        return (images, None) if folder is None else (images.with_images(images.name, folder), folder)

    def normalized(self, images: ImageSet, row: Row, profile: Path) -> Path | None:
        """The folder of a row's images and sidecars; None for the original."""
        if row.arguments is None:
            return None
        folder = self.work / "normalized" / key_of(
            self.digest, self.weights, row.arguments, images.digest, profile_digest(profile))
        arguments = ["normalize", "--profile", profile, *row.arguments]
        self._fill(folder, images, arguments, f"{images.name}, {row.name}", sidecars=True)
        return folder

    def _fill(self, folder: Path, images: ImageSet, arguments: list, title: str, sidecars: bool,
              ending: str | None = None) -> None:
        """Runs a command over the images whose results are not in the folder yet.

        Normalized images (which have sidecars) are made anew together where one is missing: what a lab's captures have
        in common is learned from all that a command is given.
        """
        ending = ending or (".png.json" if sidecars else ".png")
        done = {path.name.removesuffix(ending) for path in folder.rglob("*" + ending)} if folder.is_dir() else set()
        missing = [image for image, label in images.pairs if image.stem not in done]
        if missing and sidecars:
            shutil.rmtree(folder, ignore_errors=True)
            done, missing = set(), [image for image, _ in images.pairs]
        if missing:
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.rglob("*.png"):
                if path.name.removesuffix(".png" if sidecars else ending) not in done:
                    path.unlink()
            self.run([arguments[0], *missing, *arguments[1:], "--output", folder, "--threads", self.threads],
                     title, len(missing))


def profile_digest(path: Path) -> str:
    """Of a profile's text and its references."""
    text = path.read_bytes()
    references = tomllib.loads(text.decode()).get("references", [])
    return key_of(text.decode(), [file_digest(path.parent / name) for name in references])
