"""What whoever runs the system should know of its reasons: a few sentences and two tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd

from explainable_recsys.explainers.styles import STYLES
from explainable_recsys.metrics.oversight import DIFFUSE
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.tables import Body, Cell, Row, Table
from explainable_recsys.wording.numbers import enumerated, number, percentage
from explainable_recsys.wording.phrases import later, phrase

N_TOLD = 3
"""Pieces of evidence shown of each approach; the table in the catalog has the others."""

FEW = 0.05
"""A group with a smaller share of the recommendations is not called the worst off."""

BETWEEN = {
    "first": later("up to {high} ratings: {share}"),
    "middle": later("{low} to {high} ratings: {share}"),
    "last": later("{low} ratings and more: {share}"),
}
"""A group by its place, and the share of its recommendations with no reason or a weak one."""


def owner_sentences(content: ReportContent, approaches: Collection[str]) -> list[str]:
    """What stands out over all approaches, which are in the order of the report."""
    names = _known(approaches, content.reasons_by_group)
    return [*_missing(content, names), *_out_of_sight(content.items_reached)]


def owner_tables(content: ReportContent, approaches: Collection[str]) -> list[Table]:
    """What reasons rest on, and where they or recommendations are missing; those with rows."""
    tables = told_table(content, approaches), gaps_table(content, approaches)
    return [table for table in tables if table.has_rows]


def told_table(content: ReportContent, approaches: Collection[str]) -> Table:
    """The pieces of evidence that each approach tells most often."""
    table, rows = content.evidence_told, list[Row]()
    for name in _known(approaches, table):
        first = table[table["approach"] == name].head(N_TOLD)
        pieces = phrase(STYLES[first["style"].iloc[0]].piece)
        shares = [number(share, "percentage") for share in first["share"]]
        told = [
            phrase("{item} ({share})", item=evidence, share=share)
            for evidence, share in zip(first["evidence"], shares, strict=True)
        ]
        rows.append(Row(name, (Cell(pieces, is_phrase=True), Cell(enumerated(told)))))
    note = phrase("Percentages are of all recommendations; the first pieces of each reason count.")
    columns = (phrase("approach"), phrase("kind of reason"), phrase("told most often"))
    caption = phrase("What reasons rest on most often")
    return Table(caption, columns, (Body(tuple(rows)),), notes=(note,), kind="facts")


def gaps_table(content: ReportContent, approaches: Collection[str]) -> Table:
    """For whom reasons are missing or weak, and which items are never seen."""
    groups, rows = content.reasons_by_group, list[Row]()
    items = content.items_reached.reindex(columns=["approach", "n_recommended", "n_explained"])
    for name in _known(approaches, groups):
        own, reached = groups[groups["approach"] == name], items[items["approach"] == name]
        sums = own[own["whose"] == "history"].sum(numeric_only=True)
        made = max(sums["n_recommendations"], 1)
        mark = "*" if own["n_diffuse"].isna().any() else ""
        unseen = reached["n_recommended"] == 0
        silent = ~unseen & (reached["n_explained"] == 0)
        texts = (
            number(sums["n_none"] / made, "percentage"),
            number((sums["n_single"] + sums["n_diffuse"]) / made, "percentage"),
            worst_off(own[own["whose"] == "history"]),
            worst_off(own[own["whose"] == "item"]),
            number(unseen.mean(), "percentage"),
            number(silent.sum(), "count"),
        )
        rows.append(Row(name, tuple(map(Cell, texts)), mark))
    columns = (
        phrase("approach"),
        phrase("no reason"),
        phrase("weak reason"),
        phrase("most often for people with"),
        phrase("most often for items with"),
        phrase("items never recommended"),
        phrase("items never explained"),
    )
    notes = (
        phrase(
            "Weak: a single piece, or the largest is less than {share} of all that speaks for the "
            "item; how much that is, is not known of those with a *.",
            share=percentage(100 * DIFFUSE),
        ),
        phrase(
            "Never recommended: share of the items with enough ratings for it; never explained: "
            "recommended, but never with a reason."
        ),
    )
    caption = phrase("Where reasons are missing, and what nobody sees")
    return Table(caption, columns, (Body(tuple(rows)),), notes=notes)


def _known(approaches: Collection[str], table: pd.DataFrame) -> list[str]:
    """The approaches that a table has rows of, in the usual order."""
    named = set(table.get("approach", ()))
    return [name for name in approaches if name in named]


def _missing(content: ReportContent, names: list[str]) -> Iterator[str]:
    """Who leaves the most recommendations without a reason, and how many leave none."""
    if not names:
        return
    groups = content.reasons_by_group
    sums = groups[groups["whose"] == "history"].groupby("approach").sum(numeric_only=True)
    shares = (sums["n_none"] / sums["n_recommendations"].clip(lower=1)).loc[names]
    yield phrase(
        "{n} of {n_all} approaches give a reason for every recommendation.",
        n=int((shares == 0).sum()),
        n_all=len(names),
    )
    if shares.max() > 0:
        worst = str(shares.idxmax())
        yield phrase(
            "{approach} leaves the most recommendations without a reason: {share}.",
            approach=phrase(content.titles.get(worst, worst)),
            share=number(shares[worst], "percentage"),
        )


def _out_of_sight(items: pd.DataFrame) -> Iterator[str]:
    """What is on nobody's list, whichever recommender made it."""
    known = items.reindex(columns=["item_id", "n_recommended"]).dropna()
    if known.empty:
        return
    most = known.groupby("item_id")["n_recommended"].max()
    unseen = int((most == 0).sum())
    yield phrase(
        "Of {n} items with enough ratings to be recommended, {n_unseen} ({share}) are on "
        "nobody's list, whichever approach makes it.",
        n=number(len(most), "count"),
        n_unseen=number(unseen, "count"),
        share=number(unseen / len(most), "percentage"),
    )


def _shares(groups: pd.DataFrame) -> pd.Series[float]:
    """Share of the recommendations of every group that have no reason or a weak one."""
    weak = groups[["n_none", "n_single", "n_diffuse"]].astype("float64").sum(axis=1)
    return weak / groups["n_recommendations"].clip(lower=1)


def worst_off(groups: pd.DataFrame) -> str:
    """The group whose reasons are missing or weak most often, in words."""
    made = groups["n_recommendations"].to_numpy()
    shares = np.where(made >= FEW * made.sum(), _shares(groups), 0.0)
    if not shares.any():
        return phrase("none")
    worst = int(shares.argmax())
    place = "last" if worst == len(shares) - 1 else "middle" if worst else "first"
    return phrase(
        BETWEEN[place],
        low=number(groups["low"].iloc[worst], "count"),
        high=number(groups["high"].iloc[worst], "count"),
        share=number(shares[worst], "percentage"),
    )
