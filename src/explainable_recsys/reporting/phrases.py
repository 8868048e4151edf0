"""Phrases of the report: whole, in English, with {named} places."""

from __future__ import annotations


def phrase(text: str, /, **values: object) -> str:
    """A phrase; without values its places stay as they are, to be filled later."""
    return text.format(**values) if values else text
