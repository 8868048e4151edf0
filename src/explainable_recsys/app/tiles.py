"""A picture for an item that has no poster: its title, on a colour of its genres.

An SVG of a poster's shape, made for 92 pixels of width: one of its units is a pixel then, so that
letters are 11 pixels high at least. It needs no font but the reader's own and no style sheet. Text
is white on colours so dark that the contrast is 7 or more.
"""

from __future__ import annotations

import colorsys
import functools
import unicodedata
import zlib
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from explainable_recsys.titles import cut_title

WIDTH, HEIGHT = 92, 138
MARGIN = 4
TITLE_HEIGHT = 100
"""Of the part, from above, in the middle of which the title stands."""

SIZES = (17, 15, 13, 11)
"""Of letters; the largest in which the title fits is taken."""

LINE_HEIGHT = 1.2
YEAR_SIZE = 12

LUMINANCE = 0.1
"""Most of a background: (1 + .05) / (.1 + .05) = 7 is the contrast with white (WCAG 2)."""

NARROW, WIDE = frozenset("fijlrtI.,:;!|()[]'- "), frozenset("mwMWOQG@%—…")
HUES = {
    "Action": 0,
    "Western": 20,
    "Children": 35,
    "Comedy": 48,
    "War": 75,
    "Adventure": 120,
    "IMAX": 145,
    "Animation": 165,
    "Sci-Fi": 188,
    "Documentary": 202,
    "Drama": 218,
    "Film-Noir": 232,
    "Mystery": 245,
    "Thriller": 260,
    "Fantasy": 275,
    "Crime": 290,
    "Musical": 310,
    "Romance": 330,
    "Horror": 350,
}
"""Degrees on the colour wheel of the genres of MovieLens; the name of another gives its own."""

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def tile(title: str, year: int | None, genres: str) -> str:
    """Draw a tile.

    Args:
        title: Any text.
        year: None if it is not known.
        genres: Joined with `|`; may be empty.

    Returns:
        An SVG element, 2 : 3, with the title for screen readers.

    >>> tile("Heat & Dust", 1983, "Drama").count("Heat &amp; Dust")
    1
    """
    name = cut_title(_shown(title))
    size, lines = _fitted(name)
    label = name if year is None else f"{name} ({year})"
    top = (TITLE_HEIGHT + 2 * MARGIN - len(lines) * size * LINE_HEIGHT) / 2
    texts = [
        _text(line, top + (number + 0.8) * size * LINE_HEIGHT, size)
        for number, line in enumerate(lines)
    ]
    if year is not None:
        texts.append(_text(str(year), HEIGHT - 12, YEAR_SIZE))
    first, second = _colours(genres)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f"aria-label={quoteattr(label)}>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{first}"/>'
        f'<path d="M0 {HEIGHT}V{TITLE_HEIGHT + 20}L{WIDTH} {TITLE_HEIGHT}V{HEIGHT}z" '
        f'fill="{second}"/>'
        '<g fill="#ffffff" font-family="system-ui, sans-serif" font-weight="600" '
        f'text-anchor="middle">{"".join(texts)}</g></svg>'
    )


def _text(line: str, y: float, size: int) -> str:
    direction = ' direction="rtl"' if _is_right_to_left(line) else ""
    return (
        f'<text x="{WIDTH / 2:g}" y="{y:.1f}" font-size="{size}"{direction}>{escape(line)}</text>'
    )


def _shown(title: str) -> str:
    """A title without what SVG may not hold or what turns text around, and with single blanks."""
    kept = (
        " " if unicodedata.category(letter) in ("Cc", "Cs", "Cn") else letter
        for letter in title
        if letter not in _BIDI_CONTROLS
    )
    return " ".join("".join(kept).split())


def _fitted(title: str) -> tuple[int, list[str]]:
    """The size of the letters, and the lines."""
    for size in SIZES:
        room = (WIDTH - 2 * MARGIN) / size
        most = int((TITLE_HEIGHT - MARGIN) / (size * LINE_HEIGHT))
        is_last = size == SIZES[-1]
        words = [part for word in title.split() for part in _parts(word, room)]
        lines = _lines(words, room)
        if is_last and len(lines) > most:
            return size, [*lines[: most - 1], f"{lines[most - 1][:-1]}…"]
        if is_last or (len(lines) <= most and len(words) == len(title.split())):
            return size, lines
    raise AssertionError("the last size takes all")


def _parts(word: str, room: float) -> Iterator[str]:
    """A word, in pieces where it is too long for a line."""
    start, used = 0, 0.0
    for place, letter in enumerate(word):
        width = _width(letter)
        if used + width > room:
            yield word[start:place]
            start, used = place, 0.0
        used += width
    yield word[start:]


def _lines(words: list[str], room: float) -> list[str]:
    lines = list[str]()
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and sum(map(_width, longer)) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _width(letter: str) -> float:
    """About how wide a letter is, in sizes of the font; rather too wide than too narrow."""
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0.0
    if letter in NARROW:
        return 0.42
    if letter in WIDE or unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    return 0.76 if letter.isupper() else 0.65


def _is_right_to_left(line: str) -> bool:
    """Whether the first letter that has a direction is written from the right."""
    kinds = (unicodedata.bidirectional(letter) for letter in line)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


def _colours(genres: str) -> tuple[str, str]:
    """Of the first two genres, or twice of the only one."""
    first, _, others = genres.partition("|")
    second = others.partition("|")[0]
    return _colour(first), _colour(second or first)


@functools.cache
def _colour(genre: str) -> str:
    """A colour for a genre, always the same, as light as it may be."""
    hue = HUES.get(genre, zlib.crc32(genre.encode("utf-8", "replace")) % 360) / 360
    saturation = 0.55 if genre else 0.0
    for lightness in range(50, 0, -1):
        rgb = colorsys.hls_to_rgb(hue, lightness / 100, saturation)
        values = [round(255 * part) for part in rgb]
        if _luminance(values) <= LUMINANCE:
            break
    return "#" + "".join(f"{value:02x}" for value in values)


def _luminance(rgb: list[int]) -> float:
    """Relative luminance of a colour of 3 numbers from 0 to 255 (WCAG 2)."""
    parts = (value / 255 for value in rgb)
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
