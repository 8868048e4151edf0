"""Phrases in the reader's language, from one gettext catalog per language.

A phrase stands where it is used, whole and in English, with {named} places that a translation may
move: the English text is the message id. `make phrases` gathers all of them into the catalogs in
`locale/`; the English one translates nothing, it lists what there is to translate.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.numbers import format_decimal

from explainable_recsys.errors import InputError

DOMAIN = "explainable_recsys"
CATALOGS = Path(__file__).parent / "locale"
ENGLISH = "en"


@dataclass(frozen=True, eq=False)
class Language:
    """What it takes to write in a language.

    Attributes:
        locale: How numbers and dates are written.
        catalog: Translations of the phrases.
    """

    locale: Locale
    catalog: NullTranslations


_chosen: ContextVar[Language | None] = ContextVar("language", default=None)


@functools.cache
def load_language(name: str, folder: Path = CATALOGS) -> Language:
    """Read the catalog of a language.

    Args:
        name: Such as `en` or `pt_BR`.
        folder: Where `<name>/LC_MESSAGES/explainable_recsys.po` is.

    Raises:
        InputError: If there is none; with the languages that there are.
    """
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    file = folder / name / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not file.exists():
        known = sorted(other.parts[-3] for other in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
        raise InputError(f"unknown language '{name}'; accepted: {', '.join(known)}")
    compiled = BytesIO()
    with file.open("rb") as text:
        write_mo(compiled, read_po(text, locale=name))
    compiled.seek(0)
    return Language(Locale.parse(name), GNUTranslations(compiled))


def nearest(name: str, folder: Path = CATALOGS) -> str:
    """The language with a catalog that is nearest to another: itself, or English.

    >>> nearest("de"), nearest("de_AT"), nearest("fi"), nearest("")
    ('de', 'de', 'en', 'en')
    """
    candidates = (name, name.partition("_")[0]) if name else ()
    found = (n for n in candidates if (folder / n / "LC_MESSAGES" / f"{DOMAIN}.po").exists())
    return next(found, ENGLISH)


def is_spoken(name: str) -> bool:
    """Whether there is a catalog of a language; also of none, which is English."""
    return nearest(name) in (name, name.partition("_")[0] or ENGLISH)


def language() -> Language:
    """The language that phrases are written in here: English, unless `speaking` another."""
    return _chosen.get() or load_language(ENGLISH)


@contextmanager
def speaking(name: str, folder: Path = CATALOGS) -> Iterator[None]:
    """Write in another language for a while.

    Raises:
        InputError: As `load_language`.
    """
    token = _chosen.set(load_language(name, folder))
    try:
        yield
    finally:
        _chosen.reset(token)


def phrase(text: str, /, **values: object) -> str:
    """A phrase in the reader's language.

    Args:
        text: In English, with {named} places.
        values: What stands there; without any, the places stay as they are, to be filled later.
    """
    found = language().catalog.gettext(text) if text else ""
    return found.format(**values) if values else found


def plural(n: int, one: str, many: str, /, **values: object) -> str:
    """A phrase about n things, in the form that the reader's language has for so many.

    Args:
        n: How many; also the value of {n}.
        one: In English, for one.
        many: In English, for any other number.
        values: What stands in other places.
    """
    chosen = language()
    count = format_decimal(n, locale=chosen.locale)
    return chosen.catalog.ngettext(one, many, n).format(n=count, **values)


def later(text: str) -> str:
    """Mark the text of a constant as a phrase: `phrase(CONSTANT)` is said where it is used."""
    return text
