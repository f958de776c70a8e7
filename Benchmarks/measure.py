#!/usr/bin/env python3
"""Times of the program's stages by size, levels, features and threads, and what others take in the same run.

    Benchmarks/measure.py [--nctd FILE] [--runs N] [--sizes 500x500,…] [--threads 1,2] [--json FILE]

One process normalizes a few synthetic captures of one size; the first warms it up, of the others the medians are taken,
stage by stage, from their sidecars. `whole` is all stages but decoding and encoding: an answer of the running process.
Memory is the process's greatest. Where references.py finds what it measures (torchstain's Macenko, SGEMM, PyTorch's
VGG-19, OpenCV), each whole also stands as a ratio to Macenko's time of a 500 x 500 image.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAGES = ["features", "projection", "clustering", "search", "vote", "transfer", "recoloring", "quality"]
FILES = ["decoding", "encoding"]
SIZES = [(500, 500), (1280, 960), (2592, 1944)]
LEVELS = ["1", "2", "1,2"]
DEFAULT = "default"  # no levels named


def run(*arguments) -> tuple[str, int]:
    """Standard output and peak memory in KiB."""
    process = subprocess.Popen([str(a) for a in arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(map(str, arguments))}: ended with status {os.waitstatus_to_exitcode(status)}")
    return output, usage.ru_maxrss


def captures(nctd: Path, folder: Path, width: int, height: int, count: int, stain: str, seed: int) -> list[Path]:
    if not folder.is_dir():
        run(nctd, "phantom", "--output", folder, "--count", count, "--seed", seed, "--width", width, "--height", height,
            "--stain", stain)
    return sorted((folder / "images").iterdir())


def measure(nctd: Path, images: list[Path], references: list[Path], work: Path, threads: int, levels: str,
            features: str) -> dict:
    output = work / "results"
    _, memory = run(nctd, "normalize", *images, *(a for r in references for a in ("--reference", r)),
                    *(() if levels == DEFAULT else ("--layer", levels)), "--features", features, "--threads", threads,
                    "--cache", work / "cache", "--output", output, "--overwrite", "--json")
    times = [json.loads((output / f"{image.stem}.png.json").read_text())["timings_ms"] for image in images][1:]
    stages = {name: statistics.median(t.get(name, 0) for t in times) for name in STAGES + FILES}
    whole = statistics.median(sum(t.get(name, 0) for name in STAGES) for t in times)
    return {"stages_ms": stages, "whole_ms": whole, "peak_mib": memory / 1024}


def others(threads: int) -> dict:
    """What references.py measures, in milliseconds."""
    result = subprocess.run([sys.executable, ROOT / "Benchmarks" / "references.py", str(threads), "--json"],
                            capture_output=True, text=True)
    if result.returncode:
        print(result.stderr.strip(), file=sys.stderr)
        return {}
    return json.loads(result.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nctd", type=Path, default=ROOT / ".build" / "release" / "nctd")
    parser.add_argument("--runs", type=int, default=5, help="captures that are measured (default: %(default)s)")
    parser.add_argument("--sizes", default=",".join(f"{w}x{h}" for w, h in SIZES), help="(default: %(default)s)")
    parser.add_argument("--threads", default="1,2", help="(default: %(default)s)")
    parser.add_argument("--features", choices=["vgg19", "smearnet"], help="one of the networks (default: both)")
    parser.add_argument("--no-joint", action="store_true", help="leave out levels 1 and 2 jointly")
    parser.add_argument("--json", type=Path, help="also write all figures there")
    options = parser.parse_args()
    nctd = options.nctd.resolve()
    models = Path(os.environ.get("NCTD_MODELS", "/usr/share/nctd/models"))
    sizes = [tuple(map(int, size.split("x"))) for size in options.sizes.split(",")]
    thread_counts = [int(threads) for threads in options.threads.split(",")]
    settings = [(levels, 1) for levels in LEVELS if not (options.no_joint and "," in levels)] + [(DEFAULT, 3)]
    extractors = ["vgg19", "smearnet"] if (models / "vgg19-features.safetensors").is_file() else ["smearnet"]
    if len(extractors) == 1:
        print(f"no VGG-19 in {models}: the built-in network only", file=sys.stderr)
    extractors = [extractor for extractor in extractors if options.features in (None, extractor)]
    version = run(nctd, "--version")[0].strip()
    print(f"{version}; {os.cpu_count()} processors; milliseconds, medians of {options.runs}\n")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        references = captures(nctd, work / "references", 360, 360, 3, "lab-a", 500)
        print(f"| {'size':>9} | threads | features | levels | refs | " + " | ".join(f"{s[:8]:>8}" for s in STAGES + FILES)
              + " | whole | MiB |")
        print("|" + " --- |" * (7 + len(STAGES + FILES)))
        for width, height in sizes:
            images = captures(nctd, work / f"{width}x{height}", width, height, options.runs + 1, "lab-b", 100)
            for threads in thread_counts:
                for extractor in extractors:
                    for levels, count in settings:
                        row = measure(nctd, images, references[:count], work, threads, levels, extractor)
                        row |= {"width": width, "height": height, "threads": threads, "features": extractor,
                                "levels": levels, "references": count}
                        rows.append(row)
                        times = " | ".join(f"{row['stages_ms'][s]:8.1f}" for s in STAGES + FILES)
                        print(f"| {width:>4}x{height:<4} | {threads:>7} | {extractor:>8} | {levels:>6} | {count:>4} | "
                              f"{times} | {row['whole_ms']:5.0f} | {row['peak_mib']:4.0f} |", flush=True)
    by_threads = {threads: others(threads) for threads in thread_counts}
    for threads, figures in by_threads.items():
        print(f"\n{threads} threads: " + ("; ".join(f"{k} {v:.1f} ms" for k, v in figures.items()) or "nothing of others"))
        macenko = figures.get("torchstain, Macenko")
        for row in rows:
            if macenko and row["threads"] == threads and row["width"] == 500:
                print(f"  {row['features']}, L = {row['levels']}, {row['references']} refs: "
                      f"{row['whole_ms'] / macenko:.1f} x Macenko")
    small = {(r["threads"], r["features"], r["levels"], r["references"]): r["whole_ms"] for r in rows if r["width"] == 500}
    for row in rows:
        key = (row["threads"], row["features"], row["levels"], row["references"])
        if row["width"] > 500 and key in small:
            print(f"  {row['width']}x{row['height']}, {key}: {row['whole_ms'] / small[key]:.1f} x 500x500")
    if options.json:
        options.json.write_text(json.dumps({"nctd": version, "rows": rows, "others_ms": by_threads}, indent=1) + "\n")


if __name__ == "__main__":
    main()
