"""Seconds to explain every recommendation, beside implicit's own `explain`.

    python benchmarks/explanation_speed.py --env ml-100k

Ten recommendations for every user, ten pieces of evidence each. Both take the same item factors
and answer the same question: which rated items make up this score. implicit explains one
recommendation per call, so only those of some users are timed.
"""

from __future__ import annotations

import time

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy import sparse

from experiment import Experiment, argument_parser
from explainable_recsys.data import Lists
from explainable_recsys.explainers.contributions import (
    ContributionParameters,
    explain_by_contributions,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.explanations import additivity_error
from explainable_recsys.recommenders.als import ALS
from explainable_recsys.wording.contributions import contribution_sentences

REPEATS = 5
USERS = 100


def implicit(model: ALS, train: Interactions, lists: Lists, cached: bool) -> tuple[float, float]:
    """Calls per second and the largest difference to the scores of the lists.

    With `cached`, the ten explanations of a user share the factorization of the user's system,
    which implicit returns and takes back.
    """
    library = AlternatingLeastSquares(
        factors=model.item_factors.shape[1],
        regularization=model.parameters.regularization,
        alpha=1.0,
    )
    library.item_factors = model.item_factors
    confidence = sparse.csr_matrix(train.ratings)
    confidence.data = 1 + np.float32(model.parameters.alpha) * confidence.data
    n_users = min(USERS, train.n_users)
    chosen = np.random.default_rng(0).choice(train.n_users, n_users, replace=False)
    some = lists.take(np.isin(lists.users, chosen))
    totals, weights, previous = [], None, -1
    start = time.perf_counter()
    for user, item in zip(some.users, some.items, strict=True):
        if not cached or user != previous:
            weights = None
        total, _, weights = library.explain(user, confidence, item, weights, N=10)
        totals.append(total)
        previous = user
    seconds = time.perf_counter() - start
    return len(some) / seconds, float(np.abs(np.array(totals) / some.table["score"] - 1).max())


def main() -> None:
    """Explain, and print explanations per second."""
    arguments = argument_parser(__doc__).parse_args()
    one = Experiment.prepare(arguments.env, arguments.folder)
    model, lists, _ = one.trained("als")
    assert isinstance(model, ALS)
    parameters, seconds = ContributionParameters(n_evidence=10), []
    for _ in range(REPEATS):
        start = time.perf_counter()
        explained = explain_by_contributions(model, one.data, lists, parameters)
        seconds.append(time.perf_counter() - start)
    per_second = len(lists) / float(np.median(seconds))
    start = time.perf_counter()
    contribution_sentences(explained, one.data, lists, parameters)
    sentences = len(lists) / (time.perf_counter() - start)
    error = additivity_error(model, lists)["additivity_error_relative"]
    print(f"{len(lists):,} recommendations, {len(explained.evidence):,} pieces of evidence")
    print(f"explanations/s: {per_second:,.0f}; sentences/s: {sentences:,.0f}")
    print(f"sum of contributions against score: {error:.1e} relative, at most")
    for name, cached in (("implicit explain", False), ("  with its cache of the user", True)):
        theirs, difference = implicit(model, one.train, lists, cached)
        print(
            f"{name}: {theirs:,.0f} calls/s, ours is {per_second / theirs:,.0f} x that; its total "
            f"against our score: {difference:.1e} relative, at most"
        )


if __name__ == "__main__":
    main()
