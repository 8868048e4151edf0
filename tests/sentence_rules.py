"""What every sentence of a run has to keep to, read from stored tables and ratings alone.

Nothing of the package is used here, least of all what words the sentences:

    python -m tests.sentence_rules data 0.75
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TITLE = "\u2068([^\u2069]*)\u2069"
RATED = re.compile(TITLE + r" ★(\d+(?:\.\d+)?)")
PERCENT = re.compile(r"(\d[\d,]*) %")
CUT = re.compile(r"\s*\((?:a\.?k\.?a\.?)\s", re.IGNORECASE)
LONGEST = 75
LEAST_SHARE = 5
MIN_SHARE_OF_NEIGHBOURS = 0.3
MIN_HELD_OUT_R2 = 0.3

Problem = tuple[str, str]


class Run:
    """The last version of what a run stored below a folder."""

    def __init__(self, root: Path, share: float) -> None:
        """Read ratings and items.

        Args:
            root: The folder of results, such as `data`.
            share: Of the scale, from which rating on something is liked.
        """
        self.root = root
        parts = [
            self.table(f"05_model_input/{name}")
            for name in ("train_ratings", "validation_ratings", "fold_in_ratings")
        ]
        known = pd.concat(parts, ignore_index=True)
        low, high = (self.table("03_primary/ratings")["rating"].agg(way) for way in ("min", "max"))
        self.least = low + share * (high - low)
        self.rating = dict(
            zip(zip(known["user_id"], known["item_id"], strict=True), known["rating"], strict=True)
        )
        learned = pd.concat(parts[:2])
        fond = learned[learned["rating"] >= self.least]
        self.fans = {item: set(users) for item, users in fond.groupby("item_id")["user_id"]}
        self.n_users = learned["user_id"].nunique()
        items = self.table("03_primary/items")
        self.by_start: defaultdict[str, list[tuple[str, Any]]] = defaultdict(list)
        self.twins = Counter(_plain(title) for title in items["title"])
        for item_id, title, year in items[["item_id", "title", "year"]].itertuples(index=False):
            self.by_start[title[:3]].append((title, (item_id, year)))
        self.named: dict[str, list[Any]] = {}

    def table(self, name: str) -> pd.DataFrame:
        """A table by its path without suffix."""
        return pd.read_parquet(max((self.root / f"{name}.parquet").glob("*/*.parquet")))

    def has(self, name: str) -> bool:
        """Whether a table is stored."""
        return any((self.root / f"{name}.parquet").glob("*/*.parquet"))

    def broken(self, user: Any, item: Any, text: str) -> Iterator[str]:
        """Names of the rules that a sentence about an item for a user breaks."""
        return _broken(self, user, item, text)

    def items_called(self, shown: str) -> list[Any]:
        """Ids of all items that a shown title may stand for."""
        if shown not in self.named:
            text = re.sub(r" \[([^\]]+)\]$", "", shown)
            text, dated = re.subn(r" \((\d{4})\)$", "", text)
            year = int(re.findall(r"\((\d{4})\)", shown)[-1]) if dated else None
            start = text.removesuffix("…")
            found = [
                item
                for title, (item, of) in self.by_start[shown[:3]]
                if title == shown
                or (_plain(title).startswith(start) and (year is None or of == year))
            ]
            exact = [
                item
                for title, (item, of) in self.by_start[shown[:3]]
                if title == shown or (_plain(title) == text and (year is None or of == year))
            ]
            number = re.search(r" \[([^\]]+)\]$", shown)
            found = [i for i in exact or found if not number or str(i) == number[1]]
            self.named[shown] = found
        return self.named[shown]


def _plain(title: str) -> str:
    """A title without what it is also known as."""
    return re.sub(r"\s*\((?:a\.?k\.?a\.?)\s[^()]*\)", "", title, flags=re.IGNORECASE).strip()


def problems(run: Run, approach: str) -> Iterator[Problem]:
    """What is wrong with the sentences of an approach: the rule, and the sentence."""
    table = run.table(f"07_model_output/{approach}/sentences")
    evidence = run.table(f"07_model_output/{approach}/explanations")
    told = set(zip(evidence["user_id"], evidence["item_id"], strict=True))
    poor = set()
    if run.has(f"07_model_output/{approach}/surrogates"):
        fits = run.table(f"07_model_output/{approach}/surrogates")
        bad = fits[~(fits["held_out_r2"] >= MIN_HELD_OUT_R2)]
        poor = set(zip(bad["user_id"], bad["item_id"], strict=True))
    for user, item, text in table[["user_id", "item_id", "sentence"]].itertuples(index=False):
        for rule in run.broken(user, item, text):
            yield rule, text
        if (user, item) not in told:
            yield "has evidence", text
        if (user, item) in poor:
            yield "a surrogate that does not fit is not told", text


def _broken(run: Run, user: Any, item: Any, text: str) -> Iterator[str]:
    """Names of the rules that a sentence breaks."""
    said = re.sub(TITLE, "", text)
    if not text.endswith(".") or re.search(r"\bnan\b|None|\{|more than chance", said):
        yield "reads like a sentence"
    for shown in re.findall(TITLE, text):
        if CUT.search(shown) or len(shown) > LONGEST:
            yield "titles are short"
        if not run.items_called(shown):
            yield "titles are of items"
        if run.twins[shown] > 1:
            yield "twins carry their year"
    for shown, stars in RATED.findall(text):
        mine = [run.rating.get((user, one)) for one in run.items_called(shown)]
        if not any(rating is not None and abs(rating - float(stars)) < 0.01 for rating in mine):
            yield "stars are the user's"
    if any(int(number.replace(",", "")) > 100 for number in PERCENT.findall(text)):
        yield "no percentage above 100"
    yield from _support(run, user, item, text)


def _support(run: Run, user: Any, item: Any, text: str) -> Iterator[str]:
    """Rules about what is said to speak for an item."""
    clauses = re.split(r"; (?=[^;]*speak|[^;]*lower|\d+ % rests)", text)
    for_it = clauses[0]
    if text.startswith("Recommended "):
        if "you liked" not in for_it:
            yield "support is liked"
        shares = [int(number) for number in re.findall(r"\((\d+) %\)", for_it)]
        rest = re.findall(r"(\d+) % rests on", text)
        if sum(shares) + sum(map(int, rest)) > 100 + (len(shares) + len(rest)) / 2:
            yield "parts are parts of 100 %"
        if re.search(r"because of the \d", for_it) and shares[0] < 30:
            yield "a group is 30 % or more"
    stars = [float(stars) for _, stars in RATED.findall(for_it)]
    named = (
        "Recommended because",
        "rate it much as they rate",
        "Recommended for",
        "our rating",
        "shares with",
    )
    rests = any(start in text for start in named)
    if rests and any(rating < run.least - 1e-6 for rating in stars):
        yield "support is liked"
    against = [clause for clause in clauses[1:] if re.search("speaks|lowers", clause)]
    if any(float(stars) >= run.least for one in against for _, stars in RATED.findall(one)):
        yield "opposition is not liked"
    if text.startswith("Because you liked"):
        yield from _path(run, user, text)
    if "whose taste is nearest" in text:
        yield from _neighbours(run, text)
    if " also liked " in text:
        yield from _rule(run, user, item, text)
    if " fits you because " in text and "most often rated" in for_it.split("Besides")[0]:
        reasons = re.split(r";", for_it.split(" because ")[1])[0]
        if "among the" in reasons.split("Besides")[0]:
            yield "popularity is said last and apart"
    for new, old in re.findall(r"number ([\d,]+) instead of ([\d,]+)", text):
        if int(new.replace(",", "")) <= int(old.replace(",", "")):
            yield "without support it falls"


def _path(run: Run, user: Any, text: str) -> Iterator[str]:
    """Every item that a path starts from is one that the user likes."""
    for shown in re.findall(TITLE, text):
        mine = [run.rating.get((user, one), -np.inf) for one in run.items_called(shown)]
        if max(mine, default=-np.inf) < run.least - 1e-6:
            yield "support is liked"
    if re.search(r"\((?:one person|[1-4] people) liked both", text):
        yield "a few people are no reason"


def _neighbours(run: Run, text: str) -> Iterator[str]:
    n, k = map(int, re.findall(r"^(\d+) of the (\d+)", text)[0])
    likes, _, lower = text.partition("; ")
    groups = [
        [(float(s), int(c)) for s, c in re.findall(r"★(\d+(?:\.\d+)?) × (\d+)", part)]
        for part in (likes, lower)
    ]
    if n < MIN_SHARE_OF_NEIGHBOURS * k or n > k:
        yield "enough neighbours"
    if sum(count for _, count in groups[0]) != n:
        yield "counts add up"
    if any(stars < run.least - 1e-6 for stars, _ in groups[0]):
        yield "support is liked"
    if any(stars >= run.least for stars, _ in groups[1]):
        yield "lower is lower"


def _rule(run: Run, user: Any, item: Any, text: str) -> Iterator[str]:
    """The numbers of a rule of all users are those of the ratings."""
    if not text.startswith("People who liked"):
        return
    before = re.findall(TITLE, text.split(" also liked ")[0])
    confidence, lift = re.findall(r"\((\d+) % of them, ([\d.]+) times", text)[0]
    found = []
    for shown in before:
        mine = [
            one
            for one in run.items_called(shown)
            if run.rating.get((user, one), -np.inf) >= run.least - 1e-6
        ]
        if not mine:
            yield "support is liked"
            return
        found.append(run.fans[mine[0]])
    fans = set.intersection(*found)
    both = len(fans & run.fans.get(item, set()))
    share = both / len(fans)
    if abs(100 * share - int(confidence)) > 0.51:
        yield "confidence is of the ratings"
    if abs(share * run.n_users / len(run.fans[item]) - float(lift)) > 0.051:
        yield "lift is of the ratings"


def approaches(root: Path) -> list[str]:
    """Names of all approaches that have sentences."""
    return sorted(p.parent.name for p in (root / "07_model_output").glob("*/sentences.parquet"))


def main(folder: str, share: str) -> None:
    """Say how many sentences break which rule."""
    run = Run(Path(folder), float(share))
    for approach in approaches(run.root):
        found = list(problems(run, approach))
        n = len(run.table(f"07_model_output/{approach}/sentences"))
        lines = [f"{approach}: {n} sentences, {len(found)} problems"]
        for rule, count in Counter(rule for rule, _ in found).most_common():
            lines.append(f"  {count} × {rule}: {next(t for one, t in found if one == rule)}")
        sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
