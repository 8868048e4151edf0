"""Seconds and memory to find frequent itemsets, beside mlxtend, and to explain by 400,000 rules.

    python benchmarks/rule_mining.py --env ml-100k

The transactions are what each user rated 4 or higher, support 5 %, itemsets of up to four items.
Every engine runs in a process of its own, so its peak is its own: that of the whole process,
with the imports and the data, which the first line shows by themselves. mlxtend gets the boolean
table that it asks for ready-made, outside its seconds.

Then the rules among these itemsets are cut where about 400,000 remain, and explain the ten
recommendations that every user gets from SVD (10 % of each user's ratings held out). The rules are
of all ratings, those held out too: what is measured is time, not quality.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from mlxtend.frequent_patterns import apriori, fpgrowth
from scipy import sparse

from experiment import Experiment, argument_parser, raw_table
from explainable_recsys.explainers.rule_explanations import (
    RuleExplanationParameters,
    RuleIndex,
    explain_by_rules,
    look_up,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    RuleParameters,
    TransactionParameters,
    mine,
    rules_from_table,
    rules_table,
)
from explainable_recsys.knowledge.itemsets import frequent_itemsets
from explainable_recsys.liking import Liking

SUPPORT = 0.05
LENGTH = 4
LIKED = Liking(4.0)
RULES = 400_000
REPEATS = 3

Counts = dict[tuple[int, ...], int]


@dataclass(frozen=True)
class Measured:
    """What one engine took, and the itemsets that it found with their counts."""

    seconds: float
    megabytes: float
    found: Counts


def ours(baskets: sparse.csr_array) -> tuple[float, Callable[[], Counts]]:
    """Seconds of this project's miner, and how to read what it found."""
    start = time.perf_counter()
    levels = frequent_itemsets(baskets, SUPPORT, LENGTH)
    seconds = time.perf_counter() - start
    return seconds, lambda: {
        tuple(items): count
        for level in levels
        for items, count in zip(level.items.tolist(), level.counts.tolist(), strict=True)
    }


def theirs(
    engine: Callable[..., pd.DataFrame], baskets: sparse.csr_array
) -> tuple[float, Callable[[], Counts]]:
    """The same of one of mlxtend's."""
    table = pd.DataFrame(baskets.toarray() > 0)
    start = time.perf_counter()
    found = engine(table, min_support=SUPPORT, max_len=LENGTH)
    seconds = time.perf_counter() - start
    counts = np.rint(found["support"] * len(table)).astype(int)
    return seconds, lambda: {
        tuple(sorted(items)): count for items, count in zip(found["itemsets"], counts, strict=True)
    }


ENGINES: dict[str, Callable[[sparse.csr_array], tuple[float, Callable[[], Counts]]]] = {
    "imports and data alone": lambda baskets: (0.0, dict),
    "frequent_itemsets": ours,
    "mlxtend fpgrowth": lambda baskets: theirs(fpgrowth, baskets),
    "mlxtend apriori": lambda baskets: theirs(apriori, baskets),
}


def measure(name: str, env: str, folder: Path | None) -> Measured:
    """Run an engine in this process."""
    ratings = Interactions.from_frame(raw_table(env, folder, "ratings")).ratings
    baskets = LIKED.items(ratings)
    seconds, read = ENGINES[name](baskets)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(seconds, megabytes, read())


def print_engines(env: str, folder: Path | None) -> None:
    """Mine with every engine, each in a new process."""
    first: Counts = {}
    print(f"{'':24}{'seconds':>9}{'peak MB':>9}  itemsets")
    for name in ENGINES:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            measured = pool.submit(measure, name, env, folder).result()
        first = first or measured.found
        same = "the same" if measured.found == first else "DIFFERENT"
        sets = f"{len(measured.found):,}, {same}" if measured.found else ""
        print(f"{name:24}{measured.seconds:9.2f}{measured.megabytes:9.0f}  {sets}", flush=True)


def many_rules(transactions: Interactions) -> pd.DataFrame:
    """The most confident rules among the itemsets, as many as wanted."""
    every = RuleParameters(
        min_support=SUPPORT, min_confidence=1e-9, min_lift=0, max_antecedents=LENGTH - 1
    )
    rules, _ = mine(transactions.ratings, every)
    confidence = float(rules.confidence[min(RULES, len(rules)) - 1])
    start = time.perf_counter()
    kept, _ = mine(transactions.ratings, every.model_copy(update={"min_confidence": confidence}))
    seconds = time.perf_counter() - start
    print(
        f"\n{len(rules):,} rules with up to {LENGTH - 1} antecedents; {len(kept):,} with a "
        f"confidence of {confidence:.4f} or more, any lift: mined in {seconds:.2f} s"
    )
    return rules_table(kept, transactions)


def print_explanation(rules: pd.DataFrame, one: Experiment) -> None:
    """Explain SVD's lists, as a whole and step by step; the fastest of a few runs."""
    model, lists, _ = one.trained("svd")
    parameters = RuleExplanationParameters()
    data, transactions = replace(one.data, liking=LIKED), TransactionParameters()
    steps = []
    for _ in range(REPEATS):
        times = [time.perf_counter()]
        explained = explain_by_rules(
            model, data, lists, parameters, rules=rules, transactions=transactions
        )
        times.append(time.perf_counter())
        liked = LIKED.interactions(lists.histories)
        parsed = rules_from_table(rules, liked)
        times.append(time.perf_counter())
        clusters = rules["cluster"].to_numpy(np.int32)
        index = RuleIndex.build(parsed, clusters, liked.n_items)
        times.append(time.perf_counter())
        nobody = np.zeros(liked.n_users, np.int32)
        look_up(index, liked.ratings, lists.users, lists.items, nobody, parameters.n_rules)
        times.append(time.perf_counter())
        steps.append(np.diff(times))
    whole, read, build, find = np.min(steps, axis=0)
    n_explained = len(explained.evidence[["user_id", "item_id"]].drop_duplicates())
    print(
        f"{len(lists):,} recommendations, {n_explained:,} of them explained, by up to "
        f"{parameters.n_rules} rules each: {whole:.2f} s\n"
        f"  read the rules {read:.2f} s, index them {build:.2f} s, look up {find:.2f} s"
    )


def main() -> None:
    """Measure, and print."""
    arguments = argument_parser(__doc__).parse_args()
    where = arguments.env, arguments.folder
    print_engines(*where)
    ratings = Interactions.from_frame(raw_table(*where, "ratings"))
    print_explanation(many_rules(LIKED.interactions(ratings)), Experiment.prepare(*where))


if __name__ == "__main__":
    main()
