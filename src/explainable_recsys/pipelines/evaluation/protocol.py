"""How everything was evaluated, in words."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.metrics.faithfulness import FaithfulnessParameters
from explainable_recsys.metrics.parameters import ComparisonParameters, EvaluationParameters
from explainable_recsys.preprocessing.splits import SplitParameters
from explainable_recsys.wording.numbers import number, short
from explainable_recsys.wording.phrases import later, phrase

HELD_OUT = {
    "random_fraction": later("{share} of each user's ratings at random (seed {seed})"),
    "latest_n": later("the latest {n} ratings of each user"),
    "global_time": later("the latest {share} of all ratings"),
    "predefined": later("the data set's own test file"),
    "held_out_users": later(
        "{share} of the users (seed {seed}), whom no model has seen; {fold_in} of each one's "
        "ratings are the history"
    ),
}
"""What is judged, by strategy of the split."""


def protocol_words(
    accuracy: pd.DataFrame,
    split: SplitParameters,
    evaluation: EvaluationParameters,
    faithfulness: FaithfulnessParameters,
    tests: ComparisonParameters,
) -> dict[str, str]:
    """How approaches were evaluated, in words."""
    n = accuracy[f"recall@{evaluation.k}/n"].max()
    n_users = faithfulness.n_users
    relevant = (
        phrase("every held-out rating")
        if evaluation.relevance == "any"
        else phrase("held-out ratings of what is liked")
    )
    probed = (
        phrase("all users")
        if n_users is None
        else phrase("up to {n} users", n=number(n_users, "count"))
    )
    return {
        phrase("Held out"): phrase(
            HELD_OUT[split.strategy],
            share=phrase("{number} %", number=short(100 * split.fraction)),
            n=split.n,
            seed=split.seed,
            fold_in=phrase("{number} %", number=short(100 * split.fold_in)),
        ),
        phrase("Users"): phrase("{n} with relevant held-out ratings", n=number(n, "count")),
        phrase("Relevant"): relevant,
        phrase("Lists"): phrase(
            "top {k} of all items not in the user's history; no sampled negatives", k=evaluation.k
        ),
        phrase("Faithfulness"): phrase(
            "{users}, the same for every approach (seed {seed}); {sizes} cited items; {draws} "
            "random choices averaged",
            users=probed,
            seed=faithfulness.seed,
            sizes=", ".join(map(str, faithfulness.n_cited)),
            draws=faithfulness.random_draws,
        ),
        phrase("Intervals"): phrase(
            "95 %, {n} bootstrap resamples of the users", n=number(evaluation.n_resamples, "count")
        ),
        phrase("Tests"): phrase(
            "paired t-tests over users; p-values corrected after Benjamini and {author}",
            author={"by": "Yekutieli", "bh": "Hochberg"}[tests.correction],
        ),
    }
