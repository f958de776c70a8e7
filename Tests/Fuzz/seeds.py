#!/usr/bin/env python3
"""Writes small seeds for the fuzzers: `seeds.py DIRECTORY` makes a folder for each target. Generated, so that none is
committed; sidecars are the example of docs/sidecar.md and one of an earlier version.

Needs Python 3.9 and nothing else.
"""
import json
import os
import struct
import sys
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
W, H = 5, 4


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(kind, depth, channels, extra=b"", interlaced=0):
    row = b"\0" + bytes(range(1, 1 + (W * channels * depth + 7) // 8))
    rows = row * H
    if interlaced:
        # Adam7's passes of 5 x 4: their rows, each behind its filter.
        sizes = [(1, 1), (1, 1), (2, 1), (1, 1), (3, 1), (2, 2), (5, 2)]
        rows = b"".join((b"\0" + bytes((w * channels * depth + 7) // 8)) * h for w, h in sizes)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, depth, kind, 0, 0, interlaced)) + extra
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def exif(order="<"):
    tags = [(271, 2, b"Leica\0"), (272, 2, b"DM2000\0"), (274, 3, 6), (282, 5, (300, 1)), (296, 3, 2), (305, 2, b"LAS\0")]
    return tiff_file(order, tags, b"", None)


def tiff_file(order, tags, data, offset_tag):
    """A classic TIFF: values longer than four bytes lie behind the directory, the data at the end."""
    body = {2: None, 3: "H", 4: "I", 5: None}
    entries, tail = b"", b""
    base = 8 + 2 + 12 * len(tags) + 4
    total = sum(len(v) + len(v) % 2 for _, t, v in tags if isinstance(v, bytes) and len(v) > 4) + 8 * sum(t == 5 for _, t, _ in tags)
    for tag, kind, value in tags:
        if tag == offset_tag:
            value = base + total
        if kind == 2:
            inline, count = value, len(value)
        elif kind == 5:
            inline, count = struct.pack(order + "II", *value), 1
        elif isinstance(value, (list, tuple)):
            inline, count = struct.pack(order + str(len(value)) + body[kind], *value), len(value)
        else:
            inline, count = struct.pack(order + body[kind], value), 1
        if len(inline) > 4:
            place = struct.pack(order + "I", base + len(tail))
            tail += inline + b"\0" * (len(inline) % 2)
        else:
            place = inline.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", tag, kind, count) + place
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(tags))
    return head + entries + b"\0\0\0\0" + tail + data


def tiff(order="<", bits=8, channels=3, compression=1, photometric=2, predictor=1):
    data = bytes(range(W * H * channels * bits // 8))
    data = {1: data, 8: zlib.compress(data), 32773: b"".join(bytes([0, b]) for b in data)}[compression]
    tags = [(256, 4, W), (257, 4, H), (258, 3, bits), (259, 3, compression), (262, 3, photometric), (273, 4, 0),
            (277, 3, channels), (278, 4, H), (279, 4, len(data)), (317, 3, predictor)]
    return tiff_file(order, tags, data, 273)


def bmp(bits, compression=0, palette=b"", data=None, masks=b""):
    stride = (W * bits + 31) // 32 * 4
    data = bytes(stride * H) if data is None else data
    offset = 54 + len(masks) + len(palette)
    return (b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset)
            + struct.pack("<IiiHHIIiiII", 40, W, H, 1, bits, compression, len(data), 2835, 2835, len(palette) // 4, 0)
            + masks + palette + data)


# A JPEG of 8 x 8 gray pixels: tables of the standard, one block.
JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300" + "10" * 64 + "ffc0000b080008000801011100"
    "ffc4001f0000010501010101010100000000000000000102030405060708090a0b"
    "ffc400b5100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f024"
    "33627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778"
    "797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9"
    "dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffda0008010100003f00d2cf20ffd9")


def jpeg(segments=b""):
    return JPEG[:2] + segments + JPEG[2:]


def segment(marker, body):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def safetensors(tensors):
    header, data = {}, b""
    for name, shape in tensors:
        size = 4
        for side in shape:
            size *= side
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + size]}
        data += bytes(size)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


NOTES = [
    b'<?xml version="1.0"?><OME xmlns="http://x/2016-06"><Instrument><Microscope Manufacturer="Leica" Model="DM2000"/>'
    b'<Objective Model="PL" NominalMagnification="100"/></Instrument><Image><Pixels PhysicalSizeX="0.1" PhysicalSizeY="0.1" '
    b'PhysicalSizeXUnit="\xc2\xb5m"><Plane ExposureTime="5" ExposureTimeUnit="ms"/></Pixels></Image></OME>',
    b'<Data><Image><ImageDescription><Dimensions><DimensionDescription DimID="X" NumberOfElements="5" Length="1e-6" Unit="m"/>'
    b'</Dimensions></ImageDescription><Attachment><ATLCameraSettingDefinition ObjectiveName="HC &lt;&#49;"/></Attachment>'
    b'</Image></Data>',
    b'ImageJ=1.53t\nimages=2\nunit=micron\nspacing=2.0\n']
PROFILE = b'name = "lab-a"\nreferences = ["a.png"]\nlevels = [1, 2]\nenhancement = "none"\n[thresholds]\n# x\n'
CONFIGURATION = (b'[daemon]\nstate_directory = "/s"\nprofiles_directory = "/p"\n[output]\ndirectory = "/o"\n'
                 b'quarantine_directory = "/q"\n[[watch]]\npath = "/w"\nlab = "l"\nprofile = "lab-a"\n'
                 b'[[watch.rule]]\npath = "**/*.png"\nprofile = "lab-a"\n')


def seeds():
    icc = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(132)))
    physical = chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1))
    pngs = [png(2, 8, 3, physical), png(6, 16, 4), png(0, 1, 1), png(3, 2, 1, chunk(b"PLTE", bytes(12)) + chunk(b"tRNS", b"\0\x80")),
            png(4, 8, 2, icc), png(2, 8, 3, chunk(b"eXIf", exif()), interlaced=1)]
    jpegs = [JPEG, jpeg(segment(0xE1, b"Exif\0\0" + exif(">"))), jpeg(segment(0xE2, b"ICC_PROFILE\0\x01\x01" + bytes(132))),
             JPEG.replace(b"\xff\xc0", b"\xff\xc2")]
    tiffs = [tiff(), tiff(">", 16), tiff(compression=8, predictor=2), tiff(compression=32773), tiff(channels=1, photometric=1),
             tiff(channels=1, photometric=0)]
    bmps = [bmp(24), bmp(8, palette=bytes(1024)), bmp(1, palette=bytes(8)), bmp(32, 3, masks=struct.pack("<III", 0xFF0000, 0xFF00, 0xFF)),
            bmp(8, 1, bytes(1024), b"\5\1\0\0\0\3\1\2\3\0\0\2\1\1\2\2\0\1"), bmp(4, 2, bytes(64), b"\5\x12\0\0\0\1")]
    images = pngs + jpegs + tiffs + bmps
    with open(os.path.join(ROOT, "docs", "sidecar.md"), encoding="utf-8") as file:
        example = file.read().split("```json\n")[1].split("```")[0]
    with open(os.path.join(ROOT, "Tests", "Fixtures", "sidecar-0.7.0.json"), encoding="utf-8") as file:
        # Short, so that what is changed in them is seldom a blank.
        sidecars = [json.dumps(json.loads(text), separators=(",", ":")).encode() for text in [example, file.read()]]
    return {
        "png": pngs, "jpeg": jpegs, "tiff": tiffs, "images": images, "headers": images, "completeness": images,
        "bmp": bmps, "exif": [exif(), exif(">")], "notes": NOTES, "safetensors": [safetensors([("a.weight", [2, 3]), ("a.bias", [2])])],
        "globs": [b"**/*.png\0a/b.png", b"[a-z]?{x,y}*\0az", b"\\*\0*"], "toml": [PROFILE, CONFIGURATION, b'a = """x"""\nb = [1, 2.5e3]\n[c.d]\ne = 2026-01-01T00:00:00Z\n'],
        "sidecar": sidecars,
    }


for target, files in seeds().items():
    folder = os.path.join(sys.argv[1], target)
    os.makedirs(folder, exist_ok=True)
    for index, data in enumerate(files):
        with open(os.path.join(folder, f"seed-{index}"), "wb") as file:
            file.write(data)
