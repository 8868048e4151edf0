"""Draw the explanation of one recommendation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from explainable_recsys.explainers.styles import style_of
from explainable_recsys.figures import signed_bars, style
from explainable_recsys.figures.texts import label, percent
from explainable_recsys.wording.numbers import significant
from explainable_recsys.wording.phrases import phrase, plural


def reasons_figure(
    reasons: pd.DataFrame, title: str, *, score: float | None = None
) -> style.Figure:
    """Draw why one item is recommended to one user.

    Args:
        reasons: Rows of an explanations table of one user and item: columns `position`, `style`,
            `evidence_id`, `evidence`, `weight`, `group`. Weights that are 0 or missing are no
            evidence.
        title: The recommended item's.
        score: Of the recommendation, if the weights of rated items are parts of it; None if they
            are not, and shares are those of the weight shown.
    """
    reasons = signed_bars.weighty(reasons)
    name = f"<i>{label(title, 40)}</i>"
    if reasons.empty:
        return style.message_figure(phrase("No explanation of {title}", title=name))
    kind = style_of(reasons["style"]).name
    evidence = signed_bars.in_order(reasons)
    if kind == "rule":
        found, how = _rules(evidence)
    elif kind == "neighbour":
        found, how = _neighbours(evidence)
    else:
        evidence, found, how = _weights(evidence, score if kind == "item" else None)
    finding = phrase("Why {title}: {finding}", title=name, finding=found)
    return signed_bars.bars_figure({"": evidence}, finding, how)


def _rules(evidence: pd.DataFrame) -> tuple[str, str]:
    """What rules say, and how to read them."""
    finding = plural(
        len(evidence),
        "{n} rule leads to it, with {best} confidence",
        "{n} rules lead to it, with up to {best} confidence",
        best=percent(evidence["weight"].max()),
    )
    return finding, phrase(
        "In %: confidence, the share of those with all items of a bar who have this one too."
    )


def _neighbours(evidence: pd.DataFrame) -> tuple[str, str]:
    """What neighbours say, and how to read it."""
    finding = plural(
        int(evidence["weight"].sum()),
        "{n} neighbour rated it, with {mean}",
        "{n} neighbours rated it, on average {mean}",
        mean=significant(np.average(evidence["order"], weights=evidence["weight"])),
    )
    return finding, phrase("How many of the people with the nearest taste gave which rating.")


def _weights(evidence: pd.DataFrame, score: float | None) -> tuple[pd.DataFrame, str, str]:
    """Evidence, with shares as values if nothing speaks against the item; what it says; how."""
    weights = evidence["weight"].astype(np.float64)
    quoted = "<i>{}</i>" if style_of(evidence["style"]).name == "item" else "“{}”"
    first, last = (quoted.format(label(evidence["evidence"].iloc[i], 40)) for i in (0, -1))
    how = phrase(signed_bars.LEGEND)
    if weights.max() > 0 > weights.min():
        found = phrase("{first} speaks for it most, {last} against it", first=first, last=last)
        return evidence, found, how
    if weights.max() < 0:
        return evidence, phrase("everything speaks against it, {last} most", last=last), how
    if len(evidence) == 1:
        return evidence, phrase("{first} alone speaks for it", first=first), how
    shares = weights / weights.sum()
    how = phrase("All of this speaks for it. In %: shares of the weight shown.")
    if score is not None and score > 0:
        shares = weights / score
        how = phrase("All of this speaks for it. In %: shares of the score.")
    evidence = evidence.assign(value=[percent(share) for share in shares])
    return evidence, _most(shares.cumsum(), first), how


def _most(sums: pd.Series, first: str) -> str:
    """How few pieces carry half of the weight, from the running sums of the shares."""
    n = int((sums < sums.iloc[-1] / 2).sum()) + 1
    facts = {"first": first, "total": len(sums), "share": percent(sums.iloc[n - 1])}
    return plural(
        n, "{first} alone carries {share}", "{n} of {total} reasons carry {share}", **facts
    )
