"""How often each test of a study finds something where there is nothing.

    python benchmarks/study_size.py [--studies 1000] [--people 40] [--items-crossed]

Studies are drawn in which three kinds of reasons do the same: every person judges five items of
each on five points, by a cumulative logit model. People differ in how high they answer; then items
differ too; then people also differ in what they think of each kind, so that there is still no
difference between kinds, but one for everybody. Printed is the share of studies in which a test at
.05 finds one; of 1,000 it lies between .037 and .064 with probability .95 where the test is exact.
Models with items crossed are asked for: they take as long as all the rest.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.progress import progress
from explainable_recsys.study.anova import repeated_measures
from explainable_recsys.study.contrasts import bonferroni, contrasts, holm
from explainable_recsys.study.ordinal import cumulative_logit
from explainable_recsys.study.ranks import friedman

KINDS, ITEMS_PER_KIND, ITEMS = 3, 5, 60
THRESHOLDS = np.array([-2.5, -1.2, -0.2, 1.3])
"""Answers as people give them: few ones, many fours, a mean of 3.6."""

LEVEL = 0.05


class Scenario(NamedTuple):
    """Standard deviations, in logits, of people, of items, and of people about a kind."""

    name: str
    people: float
    items: float
    about_kinds: float


SCENARIOS = (
    Scenario("people differ", 1.0, 0.0, 0.0),
    Scenario("people and items differ", 1.0, 0.5, 0.0),
    Scenario("people differ about kinds too", 1.0, 0.0, 0.5),
)


def study(scenario: Scenario, people: int, rng: np.random.Generator) -> dict[str, NDArray[np.intp]]:
    """The answers of one study without any effect: (people × kinds × items per kind,) each."""
    shape = (people, KINDS, ITEMS_PER_KIND)
    item = np.argsort(rng.random((people, ITEMS)))[:, : KINDS * ITEMS_PER_KIND].reshape(shape)
    felt = rng.logistic(size=shape) + scenario.people * rng.normal(size=(people, 1, 1))
    felt += scenario.items * rng.normal(size=ITEMS)[item]
    felt += scenario.about_kinds * rng.normal(size=(people, KINDS, 1))
    person, kind, _ = np.indices(shape)
    columns = {"answer": np.digitize(felt, THRESHOLDS) + 1, "person": person, "kind": kind}
    return {name: values.ravel() for name, values in (columns | {"item": item}).items()}


def of_means(answers: dict[str, NDArray[np.intp]]) -> dict[str, float]:
    """What tests of people's means and ranks say of one study: their p-values."""
    means = answers["answer"].reshape(-1, KINDS, ITEMS_PER_KIND).mean(axis=2)
    anova, pairs = repeated_measures(means), [contrast.p for contrast in contrasts(means)]
    return {
        "ANOVA": anova.p,
        "ANOVA, Greenhouse-Geisser": anova.p_gg,
        "ANOVA, Huynh-Feldt": anova.p_hf,
        "Mauchly": anova.sphericity_p,
        "Friedman": friedman(means).p,
        "paired t, one pair": pairs[0],
        "any pair, Holm": float(holm(pairs).min()),
        "any pair, Bonferroni": float(bonferroni(pairs).min()),
    }


def of_models(answers: dict[str, NDArray[np.intp]], items_crossed: bool) -> dict[str, float]:
    """And what the ordinal models say."""
    design = (answers["kind"][:, None] == np.arange(1, KINDS)).astype(np.float64)
    own = answers["person"] * KINDS + answers["kind"]
    crossed = {"ordinal": (), "ordinal by participant": (own,)}
    crossed |= {"ordinal, items": (answers["item"],)} if items_crossed else {}
    found: dict[str, float] = {}
    for name, codes in crossed.items():
        fit = cumulative_logit(answers["answer"], design, answers["person"], *codes)
        found |= {f"{name}: likelihood ratio": fit.ratio_p, f"{name}: Wald, one pair": fit.p[0]}
    return found


def main() -> None:
    """Draw studies of every scenario, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--items-crossed", action="store_true")
    given = parser.parse_args()
    began = time.process_time()
    shares: dict[str, pd.Series[float]] = {}
    for number, scenario in enumerate(SCENARIOS):
        found = defaultdict(list)
        for seed in progress(range(given.studies), scenario.name):
            rng = np.random.default_rng([number, seed])
            answers = study(scenario, given.people, rng)
            tests = of_means(answers) | of_models(answers, given.items_crossed)
            for test, p in tests.items():
                found[test].append(p <= LEVEL)
        shares[scenario.name] = pd.DataFrame(found).mean()
        print(pd.DataFrame(shares).round(3).to_string(), flush=True)
    print(f"{given.studies} studies of {given.people} people each; ", end="")
    print(f"{time.process_time() - began:.0f} s of one core")


if __name__ == "__main__":
    main()
