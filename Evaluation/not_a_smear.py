#!/usr/bin/env python3
"""How often `nctd normalize` refuses smears, and how often it takes for a smear what is none.

    Evaluation/not_a_smear.py                                  all fields of labs A to F, and 50 drawn pictures
    Evaluation/not_a_smear.py --lab lab-c --every 5            every fifth field of a lab
    Evaluation/not_a_smear.py --keep DIR                       keeps the drawn pictures and what became of them

A field is refused if no method was run on it: the finding is `not_a_smear` or `blank_field`. A picture of no smear is
missed if a method was run on it. Each lab is one folder, so that its light and colors are learned from all of it. In
parentheses: Wilson's interval, 95 %; fields of one slide are not independent.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from scipy.stats import binomtest

from imaging import IMAGE_SUFFIXES
from not_smears import draw_all

ROOT = Path(__file__).resolve().parent.parent
LABS = ["lab-a/test", "lab-b/train", "lab-b/test", "lab-c", "lab-d", "lab-e", "lab-f"]
REFUSED = {"not_a_smear", "blank_field"}


def images_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)


def normalized(program: Path, inputs: list[Path], options: list[str], output: Path) -> list[dict]:
    """What the program says of each input."""
    command = [program, "normalize", *inputs, *options, "--output", output, "--json"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)["results"]


def is_refused(result: dict) -> bool:
    kept = result["quality"]["treatment"] in ("unchanged", "shifted")
    return kept and any(finding["kind"] in REFUSED for finding in result["findings"])


def share(count: int, of: int) -> str:
    bounds = binomtest(count, of).proportion_ci(method="wilson")
    return f"{count} of {of} ({100 * bounds.low:.1f}…{100 * bounds.high:.1f} %)"


def verdicts(results: list[dict]) -> str:
    counts = collections.Counter(result["status"] for result in results)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("good", "doubtful", "bad") if counts[verdict])


def fields(given: argparse.Namespace, options: list[str], work: Path) -> None:
    refused = total = 0
    for lab in given.lab or LABS:
        inputs = images_in(given.data / lab / "images")[:: given.every]
        results = normalized(given.nctd, inputs, options, work / lab.replace("/", "-"))
        count = sum(map(is_refused, results))
        refused, total = refused + count, total + len(results)
        print(f"{lab}: refused {share(count, len(results))}; {verdicts(results)}", flush=True)
    print(f"all labs: refused {share(refused, total)}")


def pictures(given: argparse.Namespace, options: list[str], work: Path) -> None:
    drawn = work / "drawn"
    drawn.mkdir()
    for name, picture in draw_all(given.pictures, given.seed).items():
        picture.save(drawn / f"{name}.png")
    results = normalized(given.nctd, images_in(drawn), [*options, "--flat-field", "capture"], work / "of-drawn")
    by_kind = collections.defaultdict(list)
    for result in results:
        by_kind[Path(result["input"]).stem.rsplit("-", 1)[0]].append(result)
    for kind, own in by_kind.items():
        missed = [result for result in own if not is_refused(result)]
        names = ", ".join(f"{Path(result['input']).stem} {result['status']}" for result in missed)
        print(f"{kind}: missed {len(missed)} of {len(own)}" + (f": {names}" if missed else ""))
    missed = [result for result in results if not is_refused(result)]
    print(f"no smears: missed {share(len(missed), len(results))}; of all: {verdicts(results)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nctd", type=lambda text: Path(text).resolve(), default=ROOT / ".build/release/nctd")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of the labs")
    parser.add_argument("--lab", action="append", help=f"a folder of it; repeatable (default: {', '.join(LABS)})")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every N-th field of a lab")
    parser.add_argument("--profile", type=Path, help="default: what `nctd profile suggest` makes of lab-a/train")
    parser.add_argument("--pictures", type=int, default=5, metavar="N", help="pictures of each of the ten kinds")
    parser.add_argument("--seed", type=int, default=1, help="of the pictures")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only-pictures", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="a new folder for pictures and results")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = given.keep or Path(scratch)
        work.mkdir(parents=True, exist_ok=given.keep is None)
        profile = given.profile
        if profile is None:
            command = [given.nctd, "profile", "suggest", given.data / "lab-a/train/images", "--count", "3",
                       "--name", "lab-a", "--copy", work / "profile"]
            done = subprocess.run([*map(str, command)], capture_output=True, text=True)
            if done.returncode:
                sys.exit(done.stderr)
            profile = work / "profile" / "lab-a.toml"
            profile.write_text(done.stdout)
        options = ["--profile", profile, "--features", "smearnet", "--threads", given.threads]
        if not given.only_pictures:
            fields(given, options, work)
        pictures(given, options, work)


if __name__ == "__main__":
    main()
