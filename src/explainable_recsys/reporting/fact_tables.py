"""The tables of facts: the data, how it was evaluated, stability, and where numbers come from."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.results import Results, records
from explainable_recsys.reporting.tables import Table, plain_table
from explainable_recsys.wording.markup import enumerated, finite, interval, number

_COUNTS = {"n_ratings": "ratings", "n_users": "users", "n_items": "items"}
_SPREADS = {"ratings_per_user": "ratings per user", "ratings_per_item": "ratings per item"}


def card_table(content: ReportContent) -> Table:
    """The dataset card."""
    card = content.card
    rows = [("version", content.data_version)]
    rows += [(title, _count(card[key])) for key, title in _COUNTS.items() if key in card]
    density, mean = finite(card.get("density")), finite(card.get("mean_rating"))
    if density is not None:
        rows.append(("share of the matrix", f"{100 * density:.3g} %"))
    if mean is not None:
        rows.append(("mean rating", f"{mean:.2f}"))
    span = card.get("time_span")
    rows.append(("time", " to ".join(map(str, span)) if span else "no timestamps"))
    rows += [(title, _quantiles(card[key])) for key, title in _SPREADS.items() if card.get(key)]
    parts = card.get("split") or {}
    rows += [(f"{part} ratings", _count(n)) for part, n in parts.items()]
    if "n_read" in card:
        rows.append(("read", _count(card["n_read"])))
    rows.append(("dropped", _dropped(card.get("dropped") or [])))
    return plain_table("Dataset card", ("data", content.name), rows)


def distribution_table(content: ReportContent) -> Table:
    """How often each rating was given."""
    counts = content.card.get("rating_distribution") or {}
    total = sum(counts.values()) or 1
    rows = [
        (f"★ {rating}", _count(n), number(n / total, "percentage")) for rating, n in counts.items()
    ]
    return plain_table("Ratings given", ("rating", "number", "share"), rows, kind="figures")


def protocol_table(content: ReportContent) -> Table:
    """How it was evaluated."""
    rows = [(str(key), str(value)) for key, value in content.protocol.items()]
    return plain_table("How it was evaluated", ("what", "how"), rows)


def stability_table(results: Results, stability: pd.DataFrame) -> Table:
    """Do approaches cite the same after training again? Most stable first."""
    columns = ("approach", "n_cited", "jaccard", "low", "high")
    counts = ("n_retrainings", "n_users", "n_recommendations")
    table = records(stability, *columns, *counts)
    table.sort(key=lambda row: -(finite(row["jaccard"]) or 0.0))
    rows = [
        (str(row["approach"]), *_overlap(row), *(_count(row[key]) for key in ("n_cited", *counts)))
        for row in table
    ]
    titles = ("overlap", "95 % interval", "cited", "retrainings", "users", "recommendations")
    missing = [a for a in results.approaches if results.explains(a) and a not in results.overlaps]
    notes = [f"Not measured: {enumerated(missing)}."] if missing else []
    if results.seedless:
        notes.append("No seed: not trained again; no seed changes the reasons for given lists.")
    caption = "Stability of what is cited"
    return plain_table(caption, ("approach", *titles), rows, *notes, kind="figures")


def run_table(content: ReportContent) -> Table:
    """The run that made the report."""
    facts = content.provenance
    commit = str(facts.get("commit") or "not known")
    rows = [
        ("data", f"{content.name}, version {content.data_version}"),
        ("run", str(facts.get("run") or "not known")),
        ("manifest", str(facts.get("manifest") or "not known")),
        ("commit", f"{commit}, with uncommitted changes" if facts.get("dirty") else commit),
        ("environment", str(facts.get("env") or "base")),
    ]
    return plain_table("This run", ("what", "which"), rows)


def _overlap(row: dict[str, Any]) -> tuple[str, str]:
    value, low, high = (finite(row[key]) for key in ("jaccard", "low", "high"))
    seedless = " (no seed)" * (finite(row["n_retrainings"]) == 0)
    return (
        "not measured" if value is None else number(value) + seedless,
        "not known" if low is None or high is None else interval(low, high),
    )


def _count(value: Any) -> str:
    known = finite(value)
    return "not known" if known is None else number(known, "count")


def _quantiles(quantiles: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:,.10g}" for name, value in quantiles.items())


def _dropped(steps: list[dict[str, Any]]) -> str:
    said = [f"{_count(step.get('ratings'))} ({step.get('reason')})" for step in steps]
    return "; ".join(said) or "nothing"
