"""Finds items by what a person types of a title: misspelled, foreign, incomplete, half typed.

A title has several names: the whole, and the parts between brackets, colons and dashes, such as
"Seven" and "Se7en" of "Seven (a.k.a. Se7en)". A name is compared with the query by the pairs and
triples of characters that they share, rare ones weighing more (the cosine of their TF-IDF), so that
what is spelled right counts wherever it stands. Popularity decides among titles that fit about
equally.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

LONGEST = 200
"""Characters of a query that are looked at."""

FOR_WHOLE_NAME, FOR_YEAR, FOR_POPULARITY = 1.0, 0.5, 1.0
"""What is added to a similarity (0 to 1) where the query is a whole name, its words in any order,
or has the year; and the share by which it is raised for the most popular item: for others less, as
the logarithm of their number of ratings."""

_BETWEEN_NAMES = re.compile(r"[():]|\s-\s")
_ALSO_KNOWN_AS = re.compile(r"a\.?k\.?a\.?\s", re.IGNORECASE)
_INSIDE_WORDS = re.compile("['\u2019`\u00b4.]")
_WORDS = re.compile(r"\w+")
_YEAR = re.compile(r"\b(?:18|19|20)\d\d\b")
_PLAIN = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th"})


@dataclass(frozen=True, eq=False)
class TitleSearch:
    """Titles, ready to be searched.

    Attributes:
        item_ids: Of all items (n_items,).
        years: Theirs, 0 where it is not known (n_items,).
        factors: By which popularity raises a similarity, from 1 (n_items,).
        owners: Row of the item that each name is of (n_names,).
        whole: Rows of the items that have a name, by its sorted words.
        grams: Pairs and triples of characters that names have, as numbers, sorted (n_grams,).
        weights: Theirs (n_grams,).
        names: Their weights in each name, which has length 1 (n_grams, n_names).
    """

    item_ids: NDArray[Any]
    years: NDArray[np.int64]
    factors: NDArray[np.float64]
    owners: NDArray[np.int64]
    whole: Mapping[str, list[int]]
    grams: NDArray[np.int64]
    weights: NDArray[np.float64]
    names: sparse.csr_matrix

    @classmethod
    def of(cls, items: pd.DataFrame, n_ratings: pd.Series[Any] | None = None) -> TitleSearch:
        """Prepare the titles of a catalogue.

        Args:
            items: Columns `item_id`, `title`, `year`.
            n_ratings: How many people rated an item, by its id; None: all are equally popular.
        """
        named = [(row, name) for row, title in enumerate(items["title"]) for name in _names(title)]
        whole = defaultdict(list)
        for row, name in named:
            whole[_sorted_words(name)].append(row)
        grams, weights, names = _weighted([f" {name} " for _, name in named])
        counts = np.zeros(len(items))
        if n_ratings is not None:
            counts = n_ratings.reindex(items["item_id"]).fillna(0).to_numpy(np.float64)
        popularity = np.log1p(counts) / max(np.log1p(counts).max(initial=0), 1)
        return cls(
            items["item_id"].to_numpy(),
            pd.to_numeric(items["year"]).fillna(0).to_numpy(np.int64),
            1 + FOR_POPULARITY * popularity,
            np.array([row for row, _ in named], np.int64),
            dict(whole),
            grams,
            weights,
            names,
        )

    def find(self, query: str, n: int) -> list[Any]:
        """The items that somebody most probably means.

        Args:
            query: What was typed so far; its last word may be unfinished.
            n: Most items.

        Returns:
            Ids, best first; none where nothing is similar.

        >>> items = pd.DataFrame({
        ...     "item_id": [4, 5, 6],
        ...     "title": ["The Matrix", "Seven (a.k.a. Se7en)", "Hate (Haine, La)"],
        ...     "year": [1999, 1995, 1995],
        ... })
        >>> search = TitleSearch.of(items)
        >>> [search.find(text, 1) for text in ("matirx", "se7en", "la haine", "!")]
        [[4], [5], [6], []]
        """
        text = _folded(query[:LONGEST])
        scores = np.zeros(len(self.item_ids))
        np.maximum.at(scores, self.owners, self._similarity(text))
        scores *= self.factors
        years = [int(year) for year in _YEAR.findall(text)]
        scores[(scores > 0) & np.isin(self.years, years)] += FOR_YEAR
        scores[self.whole.get(_sorted_words(text), [])] += FOR_WHOLE_NAME
        best = np.argsort(-scores, kind="stable")[:n]
        found: list[Any] = self.item_ids[best[scores[best] > 0]].tolist()
        return found

    def _similarity(self, text: str) -> NDArray[np.float64]:
        """The cosine between a query and each name, of what they are known to consist of."""
        shared = np.flatnonzero(np.isin(self.grams, _grams([f" {text}"])[1]))
        weights = self.weights[shared] / (np.linalg.norm(self.weights[shared]) or 1.0)
        return np.asarray(self.names[shared].T @ weights)


def _weighted(
    names: Sequence[str],
) -> tuple[NDArray[np.int64], NDArray[np.float64], sparse.csr_matrix]:
    """What names consist of, how rare that is (its IDF), and the names as vectors of length 1."""
    owners, found = _grams(names)
    grams, rows = np.unique(found, return_inverse=True)
    has = sparse.csr_matrix((np.ones(len(rows)), (rows, owners)), (len(grams), len(names)))
    has.data[:] = 1.0  # however often
    weights = 1 + np.log((1 + len(names)) / (1 + np.diff(has.indptr)))
    lengths = np.sqrt(has.T @ weights**2)
    return grams, weights, (sparse.diags(weights) @ has @ sparse.diags(1 / lengths)).tocsr()


def _grams(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs and triples of neighbouring characters: the text each is in, and what it is, a number.

    A character is a number of 21 bits.
    """
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    letters = np.frombuffer(joined, np.uint32).astype(np.int64)
    owners = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    pairs = letters[:-1] << 21 | letters[1:]
    triples = pairs[:-1] << 21 | letters[2:]
    is_pair, is_triple = owners[:-1] == owners[1:], owners[:-2] == owners[2:]
    of_both = owners[:-1][is_pair], owners[:-2][is_triple]
    return np.concatenate(of_both), np.concatenate([pairs[is_pair], triples[is_triple]])


def _names(title: str) -> Iterator[str]:
    """What an item is known by, each once, as it is compared."""
    parts = (_ALSO_KNOWN_AS.sub("", part.strip(), count=1) for part in _BETWEEN_NAMES.split(title))
    yield from dict.fromkeys(name for part in (title, *parts) if (name := _folded(part)))


def _folded(text: str) -> str:
    """Words without upper case, accents, apostrophes and dots (E.T. is et), one blank between.

    A text without any letter or digit, such as the film "$", stays as it is.
    """
    letters = unicodedata.normalize("NFKD", text).casefold().translate(_PLAIN)
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(_WORDS.findall(_INSIDE_WORDS.sub("", plain))) or text.strip()


def _sorted_words(name: str) -> str:
    return " ".join(sorted(name.split()))
