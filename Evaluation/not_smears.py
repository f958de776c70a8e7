"""Draws pictures that show no blood smear: what lands in export folders beside captures, and what a lens shows instead."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZES = [(640, 480), (1280, 960), (360, 363), (800, 600), (1024, 768)]
WORDS = "report of the analyzer patient sample white cells count reference range 4.0 10.0 flag none page slide".split()
Random = np.random.Generator
Color = tuple[int, int, int]


def color(random: Random, low: int, high: int) -> Color:
    return tuple(int(value) for value in random.integers(low, high, 3))


def noisy(picture: Image.Image, random: Random, deviation: float) -> Image.Image:
    """With a camera's noise."""
    pixels = np.asarray(picture, float)
    return Image.fromarray(np.clip(pixels + random.normal(0, deviation, pixels.shape), 0, 255).astype(np.uint8))


def smooth(random: Random, width: int, height: int, scale: int) -> np.ndarray:
    """A random surface with mean 0 and deviation 1 whose hills are about `scale` pixels wide."""
    shape = (max(2, height // scale + 2), max(2, width // scale + 2))
    hills = Image.fromarray(random.normal(0, 1, shape).astype(np.float32))
    surface = np.asarray(hills.resize((width, height), Image.BICUBIC))
    return (surface - surface.mean()) / max(surface.std(), 1e-6)


def words(random: Random, count: int) -> str:
    return " ".join(random.choice(WORDS, count))


def empty_glass(random: Random, width: int, height: int) -> Image.Image:
    """Nothing but light, a little uneven."""
    light = np.array(color(random, 190, 245)) + 4 * smooth(random, width, height, width)[..., None]
    return noisy(Image.fromarray(np.clip(light, 0, 255).astype(np.uint8)), random, 2)


def dusty_glass(random: Random, width: int, height: int) -> Image.Image:
    """Light, fibers, scratches and grains that are not stained."""
    picture = empty_glass(random, width, height)
    draw = ImageDraw.Draw(picture)
    for _ in range(random.integers(2, 6)):
        x, y, heading = random.uniform(0, width), random.uniform(0, height), random.uniform(0, 2 * np.pi)
        gray = int(random.integers(60, 150))
        for _ in range(80):
            heading += random.normal(0, 0.15)
            end = (x + 8 * np.cos(heading), y + 8 * np.sin(heading))
            draw.line([(x, y), end], fill=(gray, gray, gray), width=int(random.integers(2, 5)))
            x, y = end
    for _ in range(random.integers(5, 40)):
        x, y, radius = random.uniform(0, width), random.uniform(0, height), random.uniform(1, 6)
        gray = int(random.integers(20, 140))
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=(gray, gray, gray))
    return picture.filter(ImageFilter.GaussianBlur(1))


def screenshot(random: Random, width: int, height: int) -> Image.Image:
    """A desktop: windows with titles, buttons and text, icons, a bar below."""
    picture = Image.new("RGB", (width, height), color(random, 20, 160))
    draw = ImageDraw.Draw(picture)
    for row in range(height // 110):
        draw.rectangle([20, 20 + 100 * row, 60, 60 + 100 * row], fill=color(random, 60, 255))
        draw.text((16, 66 + 100 * row), words(random, 1), fill="white")
    for _ in range(random.integers(1, 4)):
        x, y = int(random.uniform(60, width / 2)), int(random.uniform(0, height / 2))
        right, bottom = int(random.uniform(x + width / 4, width)), int(random.uniform(y + height / 4, height - 40))
        draw.rectangle([x, y, right, bottom], fill=(240, 240, 240), outline=(90, 90, 90))
        draw.rectangle([x, y, right, y + 22], fill=color(random, 40, 180))
        draw.text((x + 6, y + 5), words(random, 3), fill="white")
        for line in range(y + 30, bottom - 16, 16):
            draw.text((x + 8, line), words(random, max(1, (right - x) // 50)), fill=(20, 20, 20))
        draw.rectangle([right - 90, bottom - 30, right - 10, bottom - 8], fill=color(random, 120, 230))
    draw.rectangle([0, height - 30, width, height], fill=(35, 35, 45))
    return picture


def face(random: Random, width: int, height: int) -> Image.Image:
    """A person before a wall."""
    picture = Image.new("RGB", (width, height), color(random, 90, 220))
    draw = ImageDraw.Draw(picture)
    x, y, unit = width / 2 + random.uniform(-40, 40), height / 2, min(width, height) / 10 * random.uniform(0.8, 1.2)
    tone = random.uniform(0.35, 1)
    skin = tuple(int(tone * value) for value in (235, 190, 160))

    def round_thing(dx: float, dy: float, rx: float, ry: float, fill: Color) -> None:
        draw.ellipse([x + (dx - rx) * unit, y + (dy - ry) * unit, x + (dx + rx) * unit, y + (dy + ry) * unit], fill=fill)

    round_thing(0, 7, 5, 3.5, color(random, 20, 220))
    round_thing(0, -0.8, 3.1, 3.7, color(random, 10, 120))
    round_thing(0, 0, 2.6, 3.4, skin)
    for side in (-1, 1):
        round_thing(1.05 * side, -0.6, 0.5, 0.28, (245, 245, 245))
        round_thing(1.05 * side, -0.6, 0.22, 0.25, color(random, 20, 110))
        round_thing(1.05 * side, -1.2, 0.6, 0.12, (60, 40, 30))
    round_thing(0, 0.5, 0.35, 0.5, tuple(int(0.85 * value) for value in skin))
    round_thing(0, 1.8, 0.9, 0.3, (170, 70, 80))
    shade = 1 + 0.12 * smooth(random, width, height, width // 2)[..., None]
    shaded = np.clip(np.asarray(picture.filter(ImageFilter.GaussianBlur(unit / 12)), float) * shade, 0, 255)
    return noisy(Image.fromarray(shaded.astype(np.uint8)), random, 3)


def page(random: Random, width: int, height: int) -> Image.Image:
    """A page of print."""
    picture = Image.new("RGB", (width, height), color(random, 225, 255))
    draw = ImageDraw.Draw(picture)
    step = int(random.integers(13, 22))
    for line in range(10, height - 10, step):
        if random.random() < 0.9:
            draw.text((random.choice([12, 30]), line), words(random, max(2, width // 60)), fill=color(random, 0, 70))
    return noisy(picture.rotate(random.uniform(-4, 4), fillcolor="white"), random, 2)


def black(random: Random, width: int, height: int) -> Image.Image:
    """The shutter is closed."""
    return noisy(Image.new("RGB", (width, height), color(random, 0, 14)), random, random.uniform(0, 4))


def tissue(random: Random, width: int, height: int) -> Image.Image:
    """A section in hematoxylin and eosin: fibers, glands around white gaps, nuclei side by side, no free cell."""
    fibers = np.sin((np.mgrid[:height, :width][0] / random.uniform(6, 12)) + 4 * smooth(random, width, height, 90))
    pink = np.array([random.uniform(215, 240), random.uniform(130, 175), random.uniform(180, 210)])
    base = pink + 9 * fibers[..., None] + 9 * smooth(random, width, height, 30)[..., None] * [0.5, 1, 0.7]
    picture = Image.fromarray(np.clip(base, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)

    def nucleus(x: float, y: float, long: float, heading: float) -> None:
        along, across = np.array([np.cos(heading), np.sin(heading)]) * long, np.array([-np.sin(heading), np.cos(heading)])
        across = across * long * random.uniform(0.35, 0.8)
        turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        outline = np.array([x, y]) + np.cos(turns)[:, None] * along + np.sin(turns)[:, None] * across
        depth = random.integers(-20, 20)
        draw.polygon([tuple(point) for point in outline], fill=(95 + depth, 60 + depth, 135 + depth))

    for _ in range(random.integers(2, 7)):
        x, y, radius = random.uniform(0, width), random.uniform(0, height), random.uniform(0.06, 0.14) * height
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=(240, 236, 240))
        for turn in np.linspace(0, 2 * np.pi, int(radius / 2), endpoint=False):
            around = radius * random.uniform(1.15, 1.3)
            nucleus(x + around * np.cos(turn), y + around * np.sin(turn), random.uniform(5, 8), turn)
    for _ in range(width * height // int(random.integers(700, 2500))):
        nucleus(random.uniform(0, width), random.uniform(0, height), random.uniform(4, 9), random.uniform(0, np.pi))
    return noisy(picture.filter(ImageFilter.GaussianBlur(1)), random, 3)


def chart(random: Random, width: int, height: int) -> Image.Image:
    """A scatter plot and a histogram, as analyzers print them."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    for left in (0, width // 2):
        draw.line([(left + 40, 20), (left + 40, height - 40), (left + width // 2 - 20, height - 40)], fill="black", width=2)
        draw.text((left + width // 5, height - 28), words(random, 2), fill="black")
    for _ in range(random.integers(2, 5)):
        dye, place = color(random, 0, 230), random.uniform(0.2, 0.8, 2)
        for x, y in random.normal(place, 0.07, (400, 2)):
            point = (40 + x * (width / 2 - 60), 20 + y * (height - 60))
            draw.ellipse([point[0] - 2, point[1] - 2, point[0] + 2, point[1] + 2], fill=dye)
    bars = random.gamma(2, 0.2, 24)
    for index, bar in enumerate(np.minimum(1, bars)):
        x, step = width / 2 + 42 + index * (width / 2 - 64) / 24, (width / 2 - 64) / 24 - 1
        draw.rectangle([x, height - 41 - bar * (height - 80), x + step, height - 41], fill=(190, 60, 80))
    return picture


def landscape(random: Random, width: int, height: int) -> Image.Image:
    """Sky, hills and a meadow."""
    y, ground = np.mgrid[:height, :width][0] / height, 0.55 + 0.06 * smooth(random, width, height, width // 3)[:1]
    sky = np.stack([100 + 90 * y, 150 + 70 * y, np.full(y.shape, 235)], -1) + 8 * smooth(random, width, height, 80)[..., None]
    meadow = np.array([70, 120, 50]) + (18 * smooth(random, width, height, 4) + 15 * smooth(random, width, height, 60))[..., None]
    pixels = np.where((y > ground)[..., None], meadow, sky)
    return noisy(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), random, 3)


def cloth(random: Random, width: int, height: int) -> Image.Image:
    """Woven threads close by."""
    y, x = np.mgrid[:height, :width]
    period, turn = random.uniform(6, 24), random.uniform(0, np.pi)
    across, along = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    weave = np.where((np.floor(across / period) + np.floor(along / period)) % 2 == 0, np.cos(np.pi * across / period),
                     np.cos(np.pi * along / period))
    pixels = np.array(color(random, 80, 200)) + 28 * weave[..., None] + 6 * smooth(random, width, height, 40)[..., None]
    return noisy(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), random, 4)


KINDS: dict[str, Callable[[Random, int, int], Image.Image]] = {
    "empty glass": empty_glass, "dusty glass": dusty_glass, "screenshot": screenshot, "face": face, "page": page,
    "black": black, "tissue section": tissue, "chart": chart, "landscape": landscape, "cloth": cloth,
}


def draw_all(count: int, seed: int) -> dict[str, Image.Image]:
    """So many of each kind, by name; equal arguments give equal pictures."""
    pictures = {}
    for place, (kind, make) in enumerate(KINDS.items()):
        for index in range(count):
            random = np.random.default_rng([seed, place, index])
            pictures[f"{kind}-{index + 1}"] = make(random, *SIZES[index % len(SIZES)])
    return pictures
