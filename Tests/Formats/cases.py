"""Captures as instruments and other programs write them, each with what an independent decoder makes of it.

Every case is written by Pillow, tifffile or imagecodecs (or byte by byte where none of them writes it). What is right is
the picture that was written, or what Pillow with ImageCms reads, never what nctd says.
"""
import io
import struct
import zlib

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageCms

import profiles

WIDTH, HEIGHT = 96, 72


def picture(seed=7):
    """Noise on a ramp, which nothing takes for a smear, whatever a lossy format makes of it; of all colors."""
    random = np.random.default_rng(seed)
    noise = random.integers(0, 256, (HEIGHT, WIDTH, 3))
    noise[:, : WIDTH // 2, 1] = noise[:, : WIDTH // 2, 1] // 4 + np.linspace(0, 191, HEIGHT)[:, None]
    noise[0, 0] = 255
    return noise.astype(np.uint8)


A = picture()
GRAY = np.asarray(Image.fromarray(A).convert("L"))
GRAY3 = np.dstack([GRAY] * 3)
WIDE = A.astype(np.uint16) * 257
SRGB = ImageCms.createProfile("sRGB")


def by_pillow(data):
    """What Pillow and ImageCms read, as sRGB: relative colorimetric with black point compensation."""
    image = Image.open(io.BytesIO(data))
    profile = image.info.get("icc_profile")
    if profile:
        image = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), SRGB, outputMode="RGB", renderingIntent=1,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)
    return np.asarray(image.convert("RGB"))


def saved(image, kind, **options):
    out = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(out, kind, **options)
    return out.getvalue()


def tiff(*arguments, **options):
    out = io.BytesIO()
    tifffile.imwrite(out, *arguments, **options)
    return out.getvalue()


def chunks(data, *added, drop=()):
    """A PNG with more chunks after its header, and without others."""
    out, at = data[:8], 8
    while at < len(data):
        length, = struct.unpack(">I", data[at:at + 4])
        if data[at + 4:at + 8] not in drop:
            out += data[at:at + 12 + length]
        if data[at + 4:at + 8] == b"IHDR":
            for kind, body in added:
                out += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        at += 12 + length
    return out


def iccp(profile):
    return b"iCCP", b"a\0\0" + zlib.compress(profile)


def exif(*entries):
    """A big-endian block: (tag, type, count, value of four bytes), and DCF's option of Adobe RGB."""
    body = struct.pack(">H", len(entries)) + b"".join(
        struct.pack(">HHI", tag, kind, count) + value.ljust(4, b"\0") for tag, kind, count, value in entries)
    return b"MM\0*\0\0\0\x08" + body + struct.pack(">I", 0)


def adobe_exif():
    """EXIF as a camera in Adobe RGB writes it: uncalibrated, and the interoperability index R03."""
    first = 8 + 2 + 12 + 4
    block = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIII", 1, 0x8769, 4, 1, first, 0)
    second = first + 2 + 2 * 12 + 4
    block += struct.pack(">H", 2) + struct.pack(">HHIHH", 0xA001, 3, 1, 0xFFFF, 0)
    block += struct.pack(">HHII", 0xA005, 4, 1, second) + struct.pack(">I", 0)
    return block + struct.pack(">HHHI", 1, 1, 2, 4) + b"R03\0" + struct.pack(">I", 0)


def with_exif(jpeg, block):
    body = b"Exif\0\0" + block
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def space(x, of):
    """The picture's samples in another space, 8 bits."""
    return (profiles.from_srgb(x / 255, of) * 255 + 0.5).astype(np.uint8)


def packed_tiff(bits):
    """Samples that fill no whole bytes, written by hand."""
    values = (A.astype(np.uint32) * ((1 << bits) - 1) + 127) // 255
    wide = values.reshape(HEIGHT, -1)[..., None] >> np.arange(bits - 1, -1, -1) & 1
    data = np.packbits(wide.reshape(HEIGHT, -1).astype(np.uint8), axis=1).tobytes()
    entries = [(256, 4, 1, WIDTH), (257, 4, 1, HEIGHT), (258, 3, 3, 8 + len(data)), (259, 3, 1, 1), (262, 3, 1, 2),
               (273, 4, 1, 8), (277, 3, 1, 3), (278, 4, 1, HEIGHT), (279, 4, 1, len(data))]
    out = struct.pack("<2sHI", b"II", 42, 8 + len(data) + 6) + data + struct.pack("<HHH", bits, bits, bits)
    out += struct.pack("<H", len(entries))
    for tag, kind, count, value in entries:
        out += struct.pack("<HHII", tag, kind, count, value)
    return out + struct.pack("<I", 0)


def subsampled_tiff():
    """YCbCr in blocks of two by two pixels, not compressed; truth by Pillow's conversion of the same numbers."""
    ycc = np.asarray(Image.fromarray(A).convert("YCbCr")).astype(int)
    small = ycc.reshape(HEIGHT // 2, 2, WIDTH // 2, 2, 3)
    chroma = (small[..., 1:].sum(axis=(1, 3)) + 2) // 4
    data = np.concatenate([small[..., 0].transpose(0, 2, 1, 3).reshape(HEIGHT // 2, WIDTH // 2, 4), chroma], axis=2)
    data = data.astype(np.uint8).tobytes()
    full = ycc.copy()
    full[..., 1:] = chroma.repeat(2, axis=0).repeat(2, axis=1)
    at = 8 + len(data)
    beyond = at + 2 + 11 * 12 + 4
    entries = [(256, 4, 1, WIDTH), (257, 4, 1, HEIGHT), (258, 3, 3, beyond), (259, 3, 1, 1), (262, 3, 1, 6),
               (273, 4, 1, 8), (277, 3, 1, 3), (278, 4, 1, HEIGHT), (279, 4, 1, len(data)), (530, 3, 2, 2 | 2 << 16),
               (532, 5, 6, beyond + 6)]
    out = struct.pack("<2sHI", b"II", 42, at) + data + struct.pack("<H", len(entries))
    for entry in entries:
        out += struct.pack("<HHII", *entry)
    out += struct.pack("<I", 0) + struct.pack("<3H", 8, 8, 8)
    out += struct.pack("<12I", 0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1)
    return out, np.asarray(Image.fromarray(full.astype(np.uint8), "YCbCr").convert("RGB"))


def several(*pages, **options):
    out = io.BytesIO()
    with tifffile.TiffWriter(out, **options) as writer:
        for data, page in pages:
            writer.write(data, **page)
    return out.getvalue()


def case(name, data, right, tolerance=0, **expected):
    """`expected`: what the sidecar's source is to say (color_conversion, sample_bits), `warning`: a word of a warning."""
    return name, data, right, tolerance, expected


def png_cases():
    adobe = profiles.matrix_profile(*profiles.ADOBE)
    in_adobe, in_linear = space(A, profiles.ADOBE), space(A, profiles.LINEAR)
    yield case("rgb.png", saved(A, "PNG"), A)
    yield case("gray.png", saved(GRAY, "PNG"), GRAY3)
    yield case("palette.png", saved(Image.fromarray(A).quantize(64), "PNG"),
               np.asarray(Image.fromarray(A).quantize(64).convert("RGB")))
    bits = Image.fromarray(A).convert("1")
    yield case("one-bit.png", saved(bits, "PNG"), np.asarray(bits.convert("RGB")))
    yield case("16-bit.png", imagecodecs.png_encode(WIDE), A)
    yield case("12-bit.png", chunks(imagecodecs.png_encode(A.astype(np.uint16) * 16), (b"sBIT", b"\x0c" * 3)), A, 1,
               sample_bits={"count": 12, "origin": "file"})
    yield case("sbit-stretched.png", chunks(imagecodecs.png_encode(WIDE), (b"sBIT", b"\x0c" * 3)), A)
    yield case("adobe.png", saved(in_adobe, "PNG", icc_profile=adobe), None, 1, color_conversion="profile")
    yield case("linear.png", saved(in_linear, "PNG", icc_profile=profiles.matrix_profile(*profiles.LINEAR)), None, 1,
               color_conversion="profile")
    wide = (profiles.from_srgb(A / 255, profiles.WIDE) * 65535 + 0.5).astype(np.uint16)
    yield case("16-bit-wide.png", chunks(imagecodecs.png_encode(wide), iccp(profiles.matrix_profile(*profiles.WIDE))),
               np.rint(profiles.to_srgb(wide / 65535, profiles.WIDE) * 255), 1, color_conversion="profile")
    yield case("srgb.png", saved(A, "PNG", icc_profile=ImageCms.ImageCmsProfile(SRGB).tobytes()), A)
    yield case("odd-intent.png", saved(in_adobe, "PNG", icc_profile=profiles.matrix_profile(*profiles.ADOBE, intent=77)),
               by_pillow(saved(in_adobe, "PNG", icc_profile=adobe)), 1, color_conversion="profile")
    gray_profile = profiles.matrix_profile(*profiles.ADOBE, space=b"GRAY")
    yield case("gray-profile-in-rgb.png", chunks(saved(A, "PNG"), iccp(gray_profile)), A, warning="ICC profile")
    yield case("damaged-profile.png", chunks(saved(A, "PNG"), iccp(adobe[:200])), A, warning="ICC profile")
    yield case("no-profile-at-all.png", chunks(saved(A, "PNG"), (b"iCCP", b"a\0\0not zlib")), A, warning="ICC profile")
    curved = np.rint(profiles.encoded((GRAY / 255) ** (563 / 256)) * 255)
    yield case("gray-profile.png", chunks(saved(GRAY, "PNG"), iccp(gray_profile)), np.dstack([curved] * 3), 1,
               color_conversion="profile")
    yield case("rgb-profile-in-gray.png", chunks(saved(GRAY, "PNG"), iccp(adobe)), np.dstack([curved] * 3), 1,
               color_conversion="profile")
    light = (profiles.light(A / 255) * 255 + 0.5).astype(np.uint8)
    yield case("gamma-1.png", chunks(saved(light, "PNG"), (b"gAMA", struct.pack(">I", 100000))),
               np.rint(profiles.encoded(light / 255) * 255), 1, color_conversion="tags")
    yield case("gamma-usual.png", chunks(saved(A, "PNG"), (b"gAMA", struct.pack(">I", 45455))), A)
    points = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
    yield case("chromaticities.png", chunks(saved(in_adobe, "PNG"), (b"gAMA", struct.pack(">I", 45471)),
                                            (b"cHRM", struct.pack(">8I", *points))),
               by_pillow(saved(in_adobe, "PNG", icc_profile=adobe)), 2, color_conversion="tags")
    yield case("srgb-chunk-first.png", chunks(saved(A, "PNG"), (b"gAMA", struct.pack(">I", 100000)), (b"sRGB", b"\0")), A,
               warning="gamma")
    opaque = np.dstack([A, np.full(A.shape[:2], 255, np.uint8)])
    yield case("opaque.png", saved(opaque, "PNG"), A)
    yield case("alpha-0-everywhere.png", saved(np.dstack([A, np.zeros(A.shape[:2], np.uint8)]), "PNG"), A,
               warning="alpha")
    yield case("turned.png", saved(A, "PNG", exif=exif((274, 3, 1, struct.pack(">H", 6)))), np.rot90(A, 3))


def jpeg_cases():
    adobe = profiles.matrix_profile(*profiles.ADOBE)
    plain = saved(A, "JPEG", quality=95)
    right = by_pillow(plain)
    for name, options in (("444", {"subsampling": 0}), ("422", {"subsampling": 1}), ("420", {"subsampling": 2}),
                          ("progressive", {"progressive": True}), ("restarts", {"restart_marker_blocks": 3})):
        data = saved(A, "JPEG", quality=90, **options)
        yield case(f"{name}.jpg", data, by_pillow(data), 1)
    yield case("gray.jpg", saved(GRAY, "JPEG"), by_pillow(saved(GRAY, "JPEG")), 1)
    cmyk = saved(Image.fromarray(A).convert("CMYK"), "JPEG", quality=95)
    yield case("cmyk.jpg", cmyk, by_pillow(cmyk), 2, color_conversion="model", warning="CMYK")
    data = saved(space(A, profiles.ADOBE), "JPEG", quality=95, icc_profile=adobe)
    yield case("adobe.jpg", data, by_pillow(data), 2, color_conversion="profile")
    bare = saved(space(A, profiles.ADOBE), "JPEG", quality=95)
    yield case("adobe-by-exif.jpg", with_exif(bare, adobe_exif()), by_pillow(data), 2, color_conversion="exif")
    yield case("no-end-marker.jpg", plain[:-2], right, 1, warning="end marker")
    progressive = saved(A, "JPEG", quality=90, progressive=True)
    yield case("progressive-no-end-marker.jpg", progressive[:-2], by_pillow(progressive), 1, warning="end marker")
    yield case("last-blocks-missing.jpg", plain[:-40], "ends before the image")
    last_scan = progressive.rindex(b"\xff\xda")
    yield case("last-scan-missing.jpg", progressive[:last_scan], "ends before the image")
    yield case("trailer.jpg", plain + b"\0" * 4096, right, 1)
    yield case("turned.jpg", with_exif(plain, exif((274, 3, 1, struct.pack(">H", 3)))), np.rot90(right, 2), 1)


def tiff_cases():
    adobe = profiles.matrix_profile(*profiles.ADOBE)
    planes = np.moveaxis(A, 2, 0)
    tag = lambda data: [(34675, 7, len(data), data, True)]
    for name, options in (("plain", {}), ("planar", {"planarconfig": "separate"}), ("tiled", {"tile": (32, 16)}),
                          ("lzw", {"compression": "lzw", "predictor": True}), ("zstd", {"compression": "zstd"}),
                          ("lzma", {"compression": "lzma"}), ("packbits", {"compression": "packbits"}),
                          ("big-endian", {"byteorder": ">"}), ("bigtiff", {"bigtiff": True})):
        data = planes if name == "planar" else A
        yield case(f"{name}.tif", tiff(data, photometric="rgb", **options), A)
    yield case("webp-lossless.tif", tiff(A, photometric="rgb", compression="webp", compressionargs={"level": -1, "lossless": True}), A)
    yield case("16-bit.tif", tiff(WIDE, photometric="rgb"), A)
    shift = {8: 1, 10: 4, 12: 16, 14: 64}
    for bits in (10, 12, 14):
        deep = A.astype(np.uint16) * shift[bits]
        yield case(f"{bits}-in-16.tif", tiff(deep, photometric="rgb"), A, 1,
                   sample_bits={"count": bits, "origin": "greatest"}, warning=f"{bits} bits")
        yield case(f"{bits}-in-16-said.tif",
                   tiff(deep, photometric="rgb", extratags=[(281, "H", 3, ((1 << bits) - 1,) * 3, True)]), A, 1,
                   sample_bits={"count": bits, "origin": "file"})
        yield case(f"{bits}-packed.tif", packed_tiff(bits), A, 1)
    dark = (A.astype(np.uint16) * 16 * 0.4).astype(np.uint16)
    yield case("dark-16-bit.tif", tiff(dark, photometric="rgb"), np.rint(dark / 257), 1, warning="dark if all 16")
    yield case("12-bit.ome.tif", tiff(A.astype(np.uint16) * 16, photometric="rgb", metadata={"SignificantBits": 12},
                                      ome=True), A, 1, sample_bits={"count": 12, "origin": "file"})
    yield case("12-bit-imagej.tif", tiff(planes.astype(np.uint16) * 16, imagej=True, metadata={
        "axes": "CYX", "mode": "composite", "min": 0.0, "max": 4095.0}), A, 1,
        sample_bits={"count": 12, "origin": "file"})
    yield case("white-is-zero.tif", tiff(255 - GRAY, photometric="miniswhite"), GRAY3)
    colors = Image.fromarray(A).quantize(64)
    yield case("palette.tif", saved(colors, "TIFF"), np.asarray(colors.convert("RGB")))
    cmyk = saved(Image.fromarray(A).convert("CMYK"), "TIFF")
    yield case("cmyk.tif", cmyk, A, 1, color_conversion="model", warning="CMYK")
    lab = Image.fromarray(A)
    lab = ImageCms.profileToProfile(lab, SRGB, ImageCms.createProfile("LAB"), outputMode="LAB", renderingIntent=1)
    yield case("lab.tif", saved(lab, "TIFF"),
               np.asarray(ImageCms.profileToProfile(lab, ImageCms.createProfile("LAB"), SRGB, outputMode="RGB",
                                                    renderingIntent=1)), 2, color_conversion="model")
    ycc = Image.fromarray(A).convert("YCbCr")
    yield case("ycbcr.tif", saved(ycc, "TIFF"), np.asarray(ycc.convert("RGB")), 2)
    data, right = subsampled_tiff()
    yield case("ycbcr-subsampled.tif", data, right, 2)
    yield case("jpeg-in-tiff.tif", tiff(A, photometric="rgb", compression="jpeg", compressionargs={"level": 95}),
               tifffile.imread(io.BytesIO(tiff(A, photometric="rgb", compression="jpeg", compressionargs={"level": 95}))), 2)
    yield case("adobe.tif", tiff(space(A, profiles.ADOBE), photometric="rgb", iccprofile=adobe),
               by_pillow(saved(space(A, profiles.ADOBE), "PNG", icc_profile=adobe)), 1, color_conversion="profile")
    half = np.full(A.shape[:2], 255, np.uint8)
    half[:, 1::2] = 128
    premultiplied = np.dstack([np.rint(A * (half[..., None] / 255)).astype(np.uint8), half])
    yield case("premultiplied.tif", tiff(premultiplied, photometric="rgb", extrasamples=["assocalpha"]),
               ("even columns", A), 0, warning="transparent")
    yield case("not-premultiplied.tif", tiff(np.dstack([A, half]), photometric="rgb", extrasamples=["unassalpha"]),
               ("even columns", A), 0, warning="transparent")
    zero = np.dstack([A, np.zeros(A.shape[:2], np.uint8)])
    for kind in ("assocalpha", "unassalpha"):
        yield case(f"{kind}-0-everywhere.tif", tiff(zero, photometric="rgb", extrasamples=[kind]), A, warning="alpha")
    small = {"photometric": "rgb", "subfiletype": 1, "metadata": None}
    full = {"photometric": "rgb", "metadata": None}
    yield case("thumbnail-first.tif", several((A[::8, ::8], small), (A, full)), A)
    yield case("pyramid.tif", several((A, {**full, "subifds": 1}), (A[::2, ::2], small)), A)
    yield case("imagej-composite.tif", tiff(planes, imagej=True, metadata={"axes": "CYX", "mode": "composite"}), A)
    order = {"axes": "CYX", "Channel": {"Name": ["Blue", "Green", "Red"]}}
    yield case("blue-first.ome.tif", tiff(planes[::-1], photometric="minisblack", metadata=order, ome=True), A)
    red = {"axes": "CYX", "Channel": {"Color": [-16776961, 16711935, 65535]}}
    yield case("by-color.ome.tif", tiff(planes, photometric="minisblack", metadata=red, ome=True), A)
    stack = np.stack([planes, planes[:, ::-1]])
    named = {"axes": "ZCYX", "Channel": {"Name": ["Red", "Green", "Blue"]}}
    yield case("focus-planes.ome.tif", tiff(stack, photometric="minisblack", metadata=named, ome=True), A,
               warning="focus planes")
    stains = {"axes": "CYX", "Channel": {"Name": ["DAPI", "FITC", "TRITC"]}}
    yield case("fluorescence.ome.tif", tiff(planes, photometric="minisblack", metadata=stains, ome=True), "DAPI")
    yield case("three-gray-pages.tif", several(*[(plane, {"photometric": "minisblack", "metadata": None})
                                                 for plane in planes]), "nothing says which are red")
    yield case("multispectral.tif", tiff(np.dstack([A, GRAY, GRAY]), photometric="minisblack", metadata=None,
                                         planarconfig="contig"), "said to be gray")
    yield case("two-fields.tif", several((A, full), (A[::-1], full)), A, warning="2 pages")
    yield case("turned.tif", tiff(A, photometric="rgb", extratags=[(274, "H", 1, 6, True)]), np.rot90(A, 3))
    yield case("damaged-profile.tif", tiff(A, photometric="rgb", iccprofile=adobe[:200]), A, warning="ICC profile")
    yield case("float.tif", tiff(A.astype(np.float32) / 255, photometric="rgb"), "unsigned integers")
    yield case("jpeg-2000.tif", tiff(A, photometric="rgb", compression="jpeg2000"), "JPEG 2000")


def bmp_cases():
    yield case("24-bit.bmp", saved(A, "BMP"), A)
    yield case("gray.bmp", saved(GRAY, "BMP"), GRAY3)
    colors = Image.fromarray(A).quantize(64)
    yield case("palette.bmp", saved(colors, "BMP"), np.asarray(colors.convert("RGB")))
    # A V5 header with a profile behind the pixels.
    adobe = profiles.matrix_profile(*profiles.ADOBE)
    in_adobe = space(A, profiles.ADOBE)
    pixels = in_adobe[::-1, :, ::-1].tobytes()
    head = struct.pack("<IiiHHIIiiII", 124, WIDTH, HEIGHT, 1, 24, 0, len(pixels), 0, 0, 0, 0) + b"\0" * 16
    head += b"DEBM" + b"\0" * 48 + struct.pack("<IIII", 4, 124 + len(pixels), len(adobe), 0)
    data = b"BM" + struct.pack("<IHHI", 14 + len(head) + len(pixels) + len(adobe), 0, 0, 14 + len(head)) + head
    yield case("adobe.bmp", data + pixels + adobe, by_pillow(saved(in_adobe, "PNG", icc_profile=adobe)), 1,
               color_conversion="profile")


def other_cases():
    yield case("named-png.webp", saved(A, "WEBP", lossless=True), "WebP, which is not read")
    yield case("other.jp2", saved(A, "JPEG2000"), "JPEG 2000, which is not read")
    yield case("other.gif", saved(Image.fromarray(A).quantize(64), "GIF"), "GIF, which is not read")


def all_cases():
    for kind in (png_cases, jpeg_cases, tiff_cases, bmp_cases, other_cases):
        yield from kind()
