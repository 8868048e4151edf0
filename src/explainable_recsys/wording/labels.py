"""Names of features, which a run keeps in English, in the reader's language."""

from __future__ import annotations

import re

from explainable_recsys.wording.numbers import short
from explainable_recsys.wording.phrases import later, phrase

LABELS = (
    later("both {label}"),
    later("from the {decade}s"),
    later("from {first} to {last}"),
    later("from {year}"),
    later("among the {share} % most often rated"),
    later("rarely rated"),
    later("aged {first} to {last}"),
    later("aged {age}"),
    later("same {relation}: {name}"),
    later("same {relation}"),
    later("tag {name}"),
)
"""How `knowledge.features`, `knowledge.graph` and `explainers.paths` name them."""

NAMES = (
    *(later("genre"), later("decade"), later("tag"), later("series"), later("director")),
    *(later("actor"), later("writer"), later("producer"), later("cinematographer")),
    *(later("production company"), later("female"), later("male")),
)
"""Relations, and what is said of people."""

_NUMBERS = ("decade", "first", "last", "year", "age", "share")


def _pattern(label: str) -> re.Pattern[str]:
    def place(found: re.Match[str]) -> str:
        inner = r"[\d.]+" if found[1] in _NUMBERS else "[^:]+" if found[1] == "relation" else ".+"
        return f"(?P<{found[1]}>{inner})"

    return re.compile(re.sub(r"\\\{(\w+)\\\}", place, re.escape(label)))


_PATTERNS = tuple((label, _pattern(label)) for label in LABELS)


def said_label(label: str) -> str:
    """A name in the reader's language; names of genres and people stay as the data has them.

    >>> said_label("from the 1970s"), said_label("Sci-Fi")
    ('from the 1970s', 'Sci-Fi')
    """
    if label in NAMES:
        return phrase(label)
    for text, pattern in _PATTERNS:
        if found := pattern.fullmatch(label):
            values = found.groupdict()
            if "share" in values:
                values["share"] = short(float(values["share"]))
            if "label" in values:
                values["label"] = said_label(values["label"])
            if "relation" in values:
                values["relation"] = said_label(values["relation"])
            return phrase(text, **values)
    return label
