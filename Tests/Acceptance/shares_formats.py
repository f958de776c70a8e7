"""Pictures in formats that store pixels in known places, for the acceptance scripts on copies."""
import random
import struct
import zlib


def noisy(seed, width, height):
    rng = random.Random(seed)
    return [bytes(150 + (x * 7 + y * 3) % 60 + rng.randrange(8) for x in range(3 * width)) for y in range(height)]


def bmp(width, height, rows):
    data = b"".join(bytes(row) + bytes(-len(row) % 4) for row in reversed(rows))
    return (b"BM" + struct.pack("<IHHI", 54 + len(data), 0, 0, 54)
            + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(data), 2835, 2835, 0, 0) + data)


def tiff(width, height, rows, packed, last):
    strips = [b"".join(rows[top:top + 40]) for top in range(0, height, 40)]
    if packed:
        strips = [zlib.compress(strip) for strip in strips]
    count = len(strips)
    size = 2 + 12 * 10 + 4
    extra = 8 * count + 6
    body = sum(map(len, strips))
    directory = 8 + body if last else 8
    start = 8 if last else 8 + size + extra
    places, at = [], start
    for strip in strips:
        places.append(at)
        at += len(strip)
    values = directory + size

    def entry(tag, kind, number, value):
        return struct.pack("<HHII", tag, kind, number, value)
    ifd = struct.pack("<H", 10) + b"".join([
        entry(256, 4, 1, width), entry(257, 4, 1, height), entry(258, 3, 3, values + 8 * count),
        entry(259, 3, 1, 8 if packed else 1), entry(262, 3, 1, 2), entry(273, 4, count, values), entry(277, 3, 1, 3),
        entry(278, 4, 1, 40), entry(279, 4, count, values + 4 * count), entry(284, 3, 1, 1)]) + struct.pack("<I", 0)
    tail = (struct.pack(f"<{count}I", *places) + struct.pack(f"<{count}I", *map(len, strips))
            + struct.pack("<HHH", 8, 8, 8))
    head = b"II*\0" + struct.pack("<I", directory)
    return head + (b"".join(strips) + ifd + tail if last else ifd + tail + b"".join(strips))
