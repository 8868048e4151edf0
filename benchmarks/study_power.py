"""Does the analysis find what is simulated as often as `kedro study check` promises?

Many studies of made-up people (`study.simulation`, without pages), in which each hypothesis of the
plan is true by its difference, are analysed as planned; and many in which no kind of reason does
anything, for the size of the tests. Some people would go beyond the last step if they could, so
differences are found a little smaller than they are felt, and deviations as much.

    python benchmarks/study_power.py studies/reasons --people 70 --studies 1000
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from explainable_recsys.interface.study_plan import read_study
from explainable_recsys.study.contrasts import holm
from explainable_recsys.study.outcomes import contrasts
from explainable_recsys.study.plan import Hypothesis, Plan
from explainable_recsys.study.power import contrast_power, difference_deviation
from explainable_recsys.study.simulation import Simulation, long_form


def found(plan: Plan, effects: dict[str, float], n_people: int, n_studies: int) -> pd.DataFrame:
    """P-values and differences of the hypotheses of a plan in many studies.

    Returns:
        One row per study and hypothesis: `p`, `p_bonferroni`, `p_holm`, `difference`.
    """
    parts = []
    for seed in range(n_studies):
        about = Simulation(effects=effects, seed=seed)
        table = contrasts(long_form(plan, about, n_people))
        rows = pd.DataFrame([_of(table, one) for one in plan.hypotheses])
        rows["p_bonferroni"] = np.minimum(1, rows["p"] * len(rows))
        parts.append(rows.assign(p_holm=holm(rows["p"]), hypothesis=range(len(rows))))
    return pd.concat(parts, ignore_index=True)


def _of(table: pd.DataFrame, one: Hypothesis) -> dict[str, float]:
    """A hypothesis among all contrasts."""
    pairs = list(zip(table["measure"], table["first"], table["second"], strict=True))
    is_so = (one.measure, *one.kinds) in pairs
    place = pairs.index((one.measure, *(one.kinds if is_so else one.kinds[::-1])))
    sign = 1 if is_so else -1
    return {
        "p": float(table["p"].iloc[place]),
        "difference": sign * table["difference"].iloc[place],
    }


def told(plan: Plan, one: Hypothesis, n_people: int, true: pd.DataFrame, null: pd.DataFrame) -> str:
    """What was promised and found of a hypothesis."""
    asked, many = plan.analysis, len(plan.hypotheses)
    items = min(plan.items_of(kind) for kind in plan.kinds if kind.name in one.kinds)
    deviation = difference_deviation(asked.sd_between, asked.sd_within, items)
    promised = contrast_power(one.difference, deviation, n_people, many, asked.alpha)
    error = 1.96 * np.sqrt(promised * (1 - promised) / len(true))
    power, with_holm = ((true[p] < asked.alpha).mean() for p in ("p_bonferroni", "p_holm"))
    return (
        f"{one.measure}, {one.kinds[0]} above {one.kinds[1]} by {one.difference:g} (mean found "
        f"{true['difference'].mean():.3f}): power promised {promised:.3f} ± {error:.3f}, found "
        f"{power:.3f}, by Holm {with_holm:.3f}; size at {asked.alpha:g}: "
        f"{(null['p'] < asked.alpha).mean():.3f}"
    )


def main() -> None:
    """Print power that was promised and found, and sizes."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("plan", type=Path)
    parser.add_argument("--people", type=int)
    parser.add_argument("--studies", type=int, default=1000)
    given = parser.parse_args()
    plan = read_study(given.plan).plan
    n_people, start = given.people or plan.n_people, time.process_time()
    effects = {one.kinds[0]: one.difference for one in plan.hypotheses}
    true = found(plan, effects, n_people, given.studies)
    null = found(plan, {}, n_people, given.studies)
    seconds = time.process_time() - start
    print(f"{given.studies} studies of {n_people} people, {seconds:.0f} s of CPU")
    for number, one in enumerate(plan.hypotheses):
        own = [table[table["hypothesis"] == number] for table in (true, null)]
        print(told(plan, one, n_people, *own))
    studies = np.arange(len(null)) // len(plan.hypotheses)
    claims = null.groupby(studies)["p_holm"].min() < plan.analysis.alpha
    print(f"any false claim of a study in which no kind does anything: {claims.mean():.3f}")


if __name__ == "__main__":
    main()
