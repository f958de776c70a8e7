"""Holds what the built program reads against independent decoders: formats x cases, greatest difference of 8-bit values.

A picture that is no smear comes out of `nctd normalize` as it was read, so that its result shows what was decoded, in
sRGB. Prints a table; exits 1 where a difference is above its tolerance, or a sidecar or error does not say what it should.

    compare.py [NCTD]
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

import cases
import profiles

NCTD = str(Path(sys.argv[1] if len(sys.argv) > 1 else ".build/release/nctd").resolve())
problems = []


def check(condition, text):
    if not condition:
        problems.append(text)
        print(f"    WRONG: {text}")


def run(*arguments):
    return subprocess.run([NCTD, *map(str, arguments)], capture_output=True, text=True)


def is_tagged(path):
    image = Image.open(path)
    return "srgb" in image.info or "icc_profile" in image.info


def smears(folder):
    assert run("phantom", "--output", folder / "captures", "--count", 1, "--seed", 5, "--width", 320, "--height", 240,
               ).returncode == 0
    assert run("phantom", "--output", folder / "lab", "--count", 2, "--seed", 50, "--stain", "lab-a", "--width", 320,
               "--height", 240).returncode == 0
    return np.asarray(Image.open(next((folder / "captures/images").iterdir())).convert("RGB")), sorted(
        (folder / "lab/images").iterdir())


def difference(got, right):
    if isinstance(right, tuple):  # the others show what is behind them, too
        got, right = got[:, ::2], right[1][:, ::2]
    if got.shape != right.shape:
        return f"{got.shape} for {right.shape}"
    return int(np.abs(got.astype(int) - np.asarray(right).astype(int)).max())


def table(folder, references):
    inputs, known = folder / "in", {}
    inputs.mkdir()
    for name, data, right, tolerance, expected in cases.all_cases():
        (inputs / name).write_bytes(data)
        known[name] = cases.by_pillow(data) if right is None else right, tolerance, expected
    files = [inputs / name for name in known]
    result = run("normalize", *files, "--reference", *references, "--method", "reinhard", "--flat-field", "none",
                 "--output", folder / "out", "--json")
    entries = {Path(entry["input"]).name: entry for entry in json.loads(result.stdout)["results"]}
    print(f"{'format':6} {'case':34} {'greatest difference':>20}  allowed")
    for name, (right, tolerance, expected) in known.items():
        entry, kind = entries[name], name.rsplit(".", 1)[1]
        if isinstance(right, str):
            error = entry.get("error", {})
            print(f"{kind:6} {name:34} {'refused':>20}  refused")
            check(right in error.get("cause", ""), f"{name}: is to be refused with \"{right}\", not {error or 'read'}")
            check(error.get("remedy"), f"{name}: no remedy")
            continue
        if "output" not in entry:
            check(False, f"{name}: {entry.get('error')}")
            continue
        sidecar = json.loads(Path(entry["sidecar"]).read_text())
        treatment = sidecar["quality"]["treatment"]
        check(treatment == "unchanged", f"{name}: was repainted ({treatment}), so that it tells nothing")
        got = np.asarray(Image.open(entry["output"]))
        if got.dtype != np.uint8:
            got = np.rint(got / 257).astype(int)
        found = difference(got, right)
        print(f"{kind:6} {name:34} {found!s:>20}  {tolerance}")
        check(isinstance(found, int) and found <= tolerance, f"{name}: differs by {found}")
        check(is_tagged(entry["output"]), f"{name}: the result is not tagged as sRGB")
        source, word = sidecar["source"], expected.get("warning")
        origin = source.get("color_conversion", {}).get("origin")
        check(origin == expected.get("color_conversion"), f"{name}: color conversion {origin}")
        check(source.get("sample_bits") == expected.get("sample_bits"), f"{name}: sample bits {source.get('sample_bits')}")
        warnings = " | ".join(sidecar["warnings"])
        check(word in warnings if word else not warnings, f"{name}: warnings \"{warnings}\"")


def results(folder, smear, references):
    """Must a smear in Adobe RGB come out as its sRGB twin, and one of 12 bits as its twin of 8?"""
    inputs = folder / "twins"
    inputs.mkdir()
    Image.fromarray(smear).save(inputs / "srgb.png")
    Image.fromarray(cases.space(smear, profiles.ADOBE)).save(
        inputs / "adobe.png", icc_profile=profiles.matrix_profile(*profiles.ADOBE))
    (inputs / "twelve.tif").write_bytes(cases.tiff(smear.astype(np.uint16) * 16, photometric="rgb"))
    twelve = (smear.astype(np.uint32) * 4095 + 127) // 255
    (inputs / "twelve-rounded.tif").write_bytes(cases.tiff(twelve.astype(np.uint16), photometric="rgb"))
    got = {}
    for kind in ("png", "jpeg", "tiff"):
        for path in sorted(inputs.iterdir()):
            out = folder / f"twins-{kind}"
            result = run("normalize", path, "--reference", *references, "--flat-field", "none", "--format", kind,
                         "--output", out, "--json")
            entry = json.loads(result.stdout)["results"][0]
            check("output" in entry, f"{path.name} as {kind}: {entry.get('error')}")
            check(is_tagged(entry["output"]), f"{path.name} as {kind}: is not tagged as sRGB")
            if kind == "png":
                data = np.asarray(Image.open(entry["output"]))
                got[path.stem] = data
    lab = {name: rgb2lab(data) for name, data in got.items()}
    for other in ("adobe", "twelve", "twelve-rounded"):
        mean = deltaE_ciede2000(lab["srgb"], lab[other]).mean()
        greatest = np.abs(got["srgb"].astype(int) - got[other].astype(int))
        print(f"result of {other} against that of its 8-bit sRGB twin: mean CIEDE2000 {mean:.3f}, "
              f"levels: mean {greatest.mean():.3f}, greatest {greatest.max()}")
        check(mean <= 1.5, f"{other}: CIEDE2000 {mean:.2f} from its twin")


LEICA = """<?xml version="1.0"?><Data><Image Name="Field 1"><ImageDescription><Dimensions>
<DimensionDescription DimID="X" NumberOfElements="{width}" Origin="0" Length="{x}" Unit="m"/>
<DimensionDescription DimID="Y" NumberOfElements="{height}" Origin="0" Length="{y}" Unit="m"/></Dimensions></ImageDescription>
<Attachment Name="HardwareSetting" SystemTypeName="DM6 B"><ATLCameraSettingDefinition ObjectiveName="HC PL APO 100x/1.40 OIL"
 ExposureTime="0.012"/></Attachment></Image></Data>"""


def leica(shape, micrometers):
    height, width = shape[:2]
    return LEICA.format(width=width, height=height, x=(width - 1) * micrometers * 1e-6, y=(height - 1) * micrometers * 1e-6)


def instruments(folder, smear, references):
    """What microscopes' programs write: in the sidecar, in the result's resolution, and where scales differ in the verdict."""
    inputs = folder / "instruments"
    (inputs / "MetaData").mkdir(parents=True)
    height, width = smear.shape[:2]
    said = {"model": "DM6 B", "make": "Leica", "objective": "HC PL APO 100x/1.40 OIL", "exposure_seconds": 0.012}
    expected = {}
    (inputs / "las-x.tif").write_bytes(cases.tiff(smear, photometric="rgb", description=leica(smear.shape, 0.1),
                                                  metadata=None))
    expected["las-x"] = {**said, "micrometers_per_pixel": 0.1}
    Image.fromarray(smear).save(inputs / "Project_Image001_ch00.png")
    (inputs / "MetaData/Project_Image001.xml").write_text(leica(smear.shape, 0.05), encoding="utf-16")
    expected["Project_Image001_ch00"] = {**said, "micrometers_per_pixel": 0.05}
    (inputs / "imagej.tif").write_bytes(cases.tiff(smear, imagej=True, resolution=(5.0, 5.0), metadata={"unit": "um"}))
    expected["imagej"] = {"micrometers_per_pixel": 0.2}
    ome = {"PhysicalSizeX": 0.065, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.065, "PhysicalSizeYUnit": "µm"}
    (inputs / "scale.ome.tif").write_bytes(cases.tiff(smear, photometric="rgb", ome=True, metadata={"axes": "YXS", **ome}))
    expected["scale.ome"] = {"micrometers_per_pixel": 0.065}
    lab = folder / "scaled-lab.tif"
    lab.write_bytes(cases.tiff(np.asarray(Image.open(references[0])), photometric="rgb", metadata=None,
                               description=leica(smear.shape, 0.1)))
    result = run("normalize", inputs, "--reference", lab, "--flat-field", "none", "--output", folder / "scaled", "--json")
    for entry in json.loads(result.stdout)["results"]:
        name = Path(entry["input"]).stem
        source = json.loads(Path(entry["sidecar"]).read_text())["source"]
        for key, value in expected[name].items():
            got = source.get(key)
            fits = got is not None and (got == value if isinstance(value, str) else abs(got / value - 1) < 1e-3)
            check(fits, f"{name}: {key} is {got}, not {value}")
        size = expected[name]["micrometers_per_pixel"]
        dots = Image.open(entry["output"]).info.get("dpi", (0, 0))[0]
        check(abs(dots * size / 25400 - 1) < 1e-3, f"{name}: the result has {dots} dots per inch")
        differs = "different_scale" in [finding["kind"] for finding in entry["findings"]]
        check(differs == (size != 0.1), f"{name}: {entry['findings']}")
        print(f"{name}: {size} micrometers a pixel, references 0.1: {entry['status']}"
              f"{', different scale' if differs else ''}")


def settings(folder, references):
    """`pages` and `sample_bits` of a profile."""
    inputs = folder / "settings"
    inputs.mkdir()
    full = {"photometric": "rgb", "metadata": None}
    (inputs / "fields.tif").write_bytes(cases.several((cases.A, full), (cases.A[::-1], full), (cases.A[:, ::-1], full)))
    dark = (cases.A.astype(np.uint16) * 16 * 0.4).astype(np.uint16)
    (inputs / "dark.tif").write_bytes(cases.tiff(dark, photometric="rgb"))
    profile = folder / "lab.toml"
    names = ", ".join(json.dumps(str(path)) for path in references)
    profile.write_text(f'references = [{names}]\nmethod = "reinhard"\nflat_field = "none"\npages = "all"\nsample_bits = 12\n')
    out = folder / "settings-out"
    result = run("normalize", inputs, "--profile", profile, "--output", out, "--json")
    check(result.returncode == 0, result.stderr)
    for name, right in (("fields", cases.A), ("fields.p2", cases.A[::-1]), ("fields.p3", cases.A[:, ::-1]),
                        ("dark", np.rint(dark / 4095 * 255))):
        path = out / f"{name}.png"
        check(path.is_file(), f"{name}: no result")
        got = np.asarray(Image.open(path)).astype(int) if path.is_file() else right * 0 - 1
        got = np.rint(got / 257) if got.max() > 255 else got
        check(difference(got, right) <= 1, f"{name}: differs by {difference(got, right)}")
    profile.write_text(profile.read_text().replace('"all"', '"error"'))
    result = run("normalize", inputs / "fields.tif", "--profile", profile, "--output", out, "--overwrite")
    check(result.returncode == 1 and "3 pages" in result.stderr, f"pages = \"error\": {result.stderr}")


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    smear, references = smears(folder)
    table(folder, references)
    results(folder, smear, references)
    instruments(folder, smear, references)
    settings(folder, references)
print(f"{len(problems)} problems")
sys.exit(1 if problems else 0)
