"""What a study found, from anybody's answers in long form, as tables."""

from __future__ import annotations

from dataclasses import asdict, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.errors import InputError
from explainable_recsys.study.anova import RepeatedMeasures, interaction, repeated_measures
from explainable_recsys.study.contrasts import LEVEL, bonferroni, holm
from explainable_recsys.study.contrasts import contrasts as contrasts_of
from explainable_recsys.study.long_form import check_answers, measures
from explainable_recsys.study.ranks import friedman


def descriptives(table: pd.DataFrame) -> pd.DataFrame:
    """Means of every measure in every condition, over the people with all conditions.

    Args:
        table: Answers in long form.

    Returns:
        `measure`, `condition`, `n`, `n_left_out` (people), `mean` and `sd` of people's means, `low`
        and `high` (the mean's interval), `within_low` and `within_high`: an interval for comparing
        conditions, from which the differences between people are taken out (Cousineau 2005, with
        Morey's 2008 correction).

    Raises:
        InputError: As `measures`.

    >>> answers = pd.DataFrame(
    ...     [(who, "trust", kind, who + 2 * (kind == "rules"))
    ...      for who in (1, 2, 3) for kind in ("fixed", "rules")],
    ...     columns=["participant", "measure", "condition", "value"])
    >>> descriptives(answers)[["condition", "n", "mean", "sd"]].to_csv(index=False).split()
    ['condition,n,mean,sd', 'fixed,3,2.0,1.0', 'rules,3,4.0,1.0']
    """
    parts = []
    for measure in measures(table):
        values = measure.means
        n, k = values.shape
        within = values - values.mean(axis=1, keepdims=True) + values.mean()
        mean, half = values.mean(axis=0), _half_interval(values)
        half_within = _half_interval(within) * np.sqrt(k / (k - 1))
        part = {
            "measure": measure.name, "condition": measure.conditions, "n": n,
            "n_left_out": measure.n_left_out, "mean": mean, "sd": values.std(axis=0, ddof=1),
            "low": mean - half, "high": mean + half,
            "within_low": mean - half_within, "within_high": mean + half_within,
        }  # fmt: skip
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def answer_counts(table: pd.DataFrame) -> pd.DataFrame:
    """How often each answer was given, by everybody who answered.

    Args:
        table: Answers in long form.

    Returns:
        `measure`, `condition`, `value`, `n`, `share` of the answers in that condition. Every answer
        that anybody gave to a measure has a row in each of its conditions.

    Raises:
        InputError: As `check_answers`.
    """
    answers = check_answers(table)
    parts = []
    for measure, part in answers.groupby("measure", observed=True):
        counts = pd.crosstab(part["condition"].cat.remove_unused_categories(), part["value"])
        long = counts.melt(ignore_index=False, value_name="n").sort_index(kind="stable")
        long["share"] = long["n"] / long.groupby("condition", observed=True)["n"].transform("sum")
        parts.append(long.reset_index().assign(measure=str(measure)))
    found = pd.concat(parts, ignore_index=True)
    columns = ["measure", "condition", "value", "n", "share"]
    return found[columns].astype({"measure": "str", "condition": "str", "value": "float64"})


def omnibus(table: pd.DataFrame) -> pd.DataFrame:
    """Does any condition differ? By means and by ranks, one row per measure.

    Args:
        table: Answers in long form.

    Returns:
        `measure`, `n_left_out`, the fields of `RepeatedMeasures`, and `friedman_chi2`,
        `friedman_df`, `friedman_p`, `kendall_w`.

    Raises:
        InputError: As `descriptives`, and for a measure without variance.
    """
    rows = []
    for measure in measures(table):
        try:
            means, ranks = repeated_measures(measure.means), friedman(measure.means)
        except InputError as problem:
            raise InputError(f"measure {measure.name}: {problem}") from None
        ordered = {
            "friedman_chi2": ranks.chi2, "friedman_df": ranks.df, "friedman_p": ranks.p,
            "kendall_w": ranks.w,
        }  # fmt: skip
        of_measure = {"measure": measure.name, "n_left_out": measure.n_left_out}
        rows.append(of_measure | asdict(means) | ordered)
    return pd.DataFrame(rows)


def interactions(table: pd.DataFrame) -> pd.DataFrame:
    """Do differences between conditions hang on the form? One row per measure.

    Args:
        table: Answers in long form, with the column `form`.

    Returns:
        `measure`, `n_left_out` and the fields of `RepeatedMeasures`, over the people with answers
        to each condition in each form. A measure of which that cannot be tested has no row, as
        where there are fewer than three of them.

    Raises:
        InputError: As `check_answers`.
    """
    columns = {"measure": "str", "n_left_out": "int"}
    columns |= {field.name: str(field.type) for field in fields(RepeatedMeasures)}
    shown, rows = table.dropna(subset="form"), []
    answers = check_answers(shown) if len(shown) else shown
    for name, part in answers.groupby("measure", observed=True):
        cells = part.pivot_table(
            index="participant", columns=["condition", "form"], values="value", observed=True
        )
        levels = [cells.columns.unique(level).size for level in ("condition", "form")]
        complete = cells.dropna()
        if cells.shape[1] < levels[0] * levels[1]:
            continue
        try:
            tests = interaction(complete.to_numpy(np.float64).reshape(-1, *levels))
        except InputError:
            continue
        rows.append(
            {"measure": str(name), "n_left_out": len(cells) - len(complete)} | asdict(tests)
        )
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def contrasts(table: pd.DataFrame) -> pd.DataFrame:
    """How much does each condition differ from each other, and is that chance?

    Args:
        table: Answers in long form.

    Returns:
        `measure`, `first`, `second`, the other fields of `Contrast`, `p_holm` (corrected for all
        measures and pairs of the table) and `p_bonferroni` (for the pairs of the measure alone, as
        studies often report it).

    Raises:
        InputError: As `descriptives`.
    """
    rows: list[dict[str, object]] = []
    for measure in measures(table):
        found = contrasts_of(measure.means)
        corrected = bonferroni([contrast.p for contrast in found])
        for contrast, p in zip(found, corrected, strict=True):
            pair = {
                "first": measure.conditions[contrast.first],
                "second": measure.conditions[contrast.second],
            }
            rows.append(
                {"measure": measure.name} | asdict(contrast) | pair | {"p_bonferroni": float(p)}
            )
    found_all = pd.DataFrame(rows)
    found_all["p_holm"] = holm(found_all["p"])
    return found_all


def _half_interval(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half the width of the t interval of the mean of every column."""
    from scipy import special

    n = len(means)
    error = means.std(axis=0, ddof=1) / np.sqrt(n)
    return np.asarray(special.stdtrit(n - 1, 0.5 + LEVEL / 2) * error, np.float64)
