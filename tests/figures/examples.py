"""Examples of every figure, usual and extreme: all of them have to keep to the one look.

To add a figure, write a function that returns some of it and name it in `EXAMPLES`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.exploration import filters
from explainable_recsys.figures.draw import finish_lists, points
from explainable_recsys.figures.evidence_bars import evidence_bars_figure
from explainable_recsys.figures.explainability_sweep import explainability_sweep_figure
from explainable_recsys.figures.exploration_filters import cleaning_figure
from explainable_recsys.figures.faithfulness import faithfulness_curves_figure, faithfulness_figure
from explainable_recsys.figures.fold_in import fold_in_figure, fold_in_seconds_figure
from explainable_recsys.figures.item_map import item_map_figure
from explainable_recsys.figures.lime_stability import lime_stability_figure
from explainable_recsys.figures.reasons import reasons_figure
from explainable_recsys.figures.rows import Panel, rows_figure, share_panel
from explainable_recsys.figures.rule_coverage import coverage_frontier_figure
from explainable_recsys.figures.rule_network import draw_rule_network, rule_network
from explainable_recsys.figures.signed_bars import bars_figure, in_order
from explainable_recsys.figures.study_answers import study_answers_figure, study_means_figure
from explainable_recsys.figures.study_flow import study_flow_figure, study_session_figure
from explainable_recsys.figures.study_tests import study_contrasts_figure, study_forecast_figure
from explainable_recsys.figures.style import new_figure
from explainable_recsys.figures.surrogate_fit import surrogate_fit_figure
from explainable_recsys.figures.surroundings import (
    SurroundingsParameters,
    surroundings,
    surroundings_figure,
)
from explainable_recsys.figures.trade_off import trade_off_figure
from explainable_recsys.figures.tuning import tuning_history_figure, tuning_parameters_figure
from explainable_recsys.figures.what_if import what_if_figure
from explainable_recsys.preprocessing.cleaning import Dropped
from explainable_recsys.study.about import About
from tests.figures.exploration_of import figures_of
from tests.study import exported

Figures = dict[str, Any]
"""Figures by what is special about them."""

NAN = np.nan
LONG = "The Assassination of Jesse James & the Coward <Robert Ford>"
APPROACHES = [*(f"approach_with_a_name_{number}" for number in range(17)), "an & <approach>"]


def evidence_of(style: str, *pieces: tuple[Any, ...], item: int = 1) -> pd.DataFrame:
    """Evidence of one item from text, weight and, for rules, group."""
    columns = ["evidence", "weight", "group"]
    table = pd.DataFrame([(*piece, 1)[:3] for piece in pieces], columns=columns)
    return table.assign(
        user_id=1,
        item_id=item,
        position=range(1, len(table) + 1),
        style=style,
        evidence_id=[str(text).removeprefix("★") for text in table["evidence"]],
    )


MIXED = evidence_of("feature", ("Drama", 0.5), (LONG, 0.25), ("from the 1990s", -0.004))


def evidence_bars() -> Figures:
    items = pd.DataFrame({"item_id": [1, 2], "title": ["Alien", LONG], "year": [1979, None]})
    recommendations = pd.DataFrame({"user_id": 1, "item_id": [1, 2], "rank": [1, 2]})
    tables = {
        "usual": pd.concat([MIXED, MIXED.assign(item_id=2)]),
        "one": MIXED.head(1),
        "missing": MIXED.assign(weight=NAN),
        "none": MIXED.head(0),
    }
    return {
        name: evidence_bars_figure(table, recommendations, items, 1)
        for name, table in tables.items()
    }


def reasons() -> Figures:
    many = [(f"{LONG} {place}", 1 / (1 + place), place // 3) for place in range(15)]
    tables = {
        "items": evidence_of("item", ("Alien", 0.5), ("Big", 0.25), (LONG, 0.25)),
        "features": MIXED,
        "rules": evidence_of("rule", *many),
        "rule": evidence_of("rule", ("Alien", 1.0)),
        "neighbours": evidence_of("neighbour", ("★5", 120), ("★0.5", 1)),
        "neighbour": evidence_of("neighbour", ("★3", 1)),
        "paths": evidence_of("path", ("Alien → Ridley Scott", 1.0)),
        "missing": MIXED.assign(weight=NAN),
        "none": MIXED.head(0),
    }
    return {name: reasons_figure(table, LONG) for name, table in tables.items()}


def bars() -> Figures:
    panels = {"A heading": in_order(MIXED), "": in_order(MIXED.head(1))}
    return {"usual": bars_figure(panels, "A finding", "How to read it.")}


def lists() -> Figures:
    figure = new_figure()
    points(figure, [0, 1], [1, 2], "a line")
    lists = {1: LONG, 2: "Up"}, {1.5: LONG}
    return {"usual": finish_lists(figure, *lists, ("left", "right"), "A finding", "How.")}


def what_if() -> Figures:
    def list_of(*titles: str) -> pd.DataFrame:
        return pd.DataFrame({"title": titles, "rank": range(1, len(titles) + 1), "score": 0.5})

    return {
        "usual": what_if_figure(list_of("Big", "Up", "Jaws"), list_of("Up", LONG), "Without A"),
        "one": what_if_figure(list_of("Up"), list_of("Up"), f"With {LONG} rated 5"),
        "none before": what_if_figure(list_of(), list_of("Up"), "Without A"),
        "none": what_if_figure(list_of(), list_of(), "Without A"),
    }


def explainability_sweep() -> Figures:
    rows = [(0.0, 0.60, 0.071), (1.0, 0.66, 0.07), (0.5, 0.64, 0.08)]
    sweep = pd.DataFrame(rows, columns=["explainability_weight", "mep", "ndcg"])
    tables = {"usual": sweep, "one": sweep.head(1), "none": sweep.head(0)}
    return {name: explainability_sweep_figure(table) for name, table in tables.items()}


def faithfulness() -> Figures:
    rows = [
        (approach, metric, evidence, n, 0.9 - share * n)
        for place, approach in enumerate(APPROACHES)
        for metric in ("pos", "del")
        for evidence, share in (("own", 0.01 * place), ("random", 0.02), ("popular", 0.05))
        for n in range(1, 6)
    ]
    table = pd.DataFrame(rows, columns=["approach", "metric", "evidence", "n_cited", "value"])
    table = table.assign(low=table["value"] - 0.1, high=table["value"] + 0.1, n_users=1234)
    tables = {
        "many": table,
        "two": table[table["approach"].isin(APPROACHES[-2:])],
        "one": table.head(1).assign(low=NAN, high=NAN),
        "missing": table.assign(value=NAN),
        "none": table.head(0),
    }
    return {name: faithfulness_figure(table) for name, table in tables.items()}


def faithfulness_curves() -> Figures:
    rows = [
        (approach, evidence, share, 1 - share**power)
        for place, approach in enumerate(APPROACHES)
        for evidence, power in (("own", 0.1 + 0.1 * place), ("random", 2), ("popular", 1))
        for share in (0, 0.25, 0.5, 1)
    ]
    table = pd.DataFrame(rows, columns=["approach", "evidence", "share", "value"])
    table = table.assign(metric="pos", n_users=943)
    tables = {
        "many": table,
        "one": table.head(1),
        "missing": table.assign(value=NAN),
        "none": table.head(0),
    }
    return {name: faithfulness_curves_figure(table) for name, table in tables.items()}


def trade_off() -> Figures:
    ndcg = np.linspace(0.3, 0.01, len(APPROACHES))
    has_reasons = np.arange(len(APPROACHES)) < 10
    table = pd.DataFrame(
        {
            "approach": APPROACHES,
            "ndcg@10": ndcg,
            "ndcg@10/low": ndcg - 0.01,
            "ndcg@10/high": ndcg + 0.01,
            "coverage": np.where(has_reasons, 0.5 + 0.02 * np.arange(len(APPROACHES)), NAN),
            "pos@10,3": np.where(has_reasons, 1 - ndcg, NAN),
            "pos@10,3/random": np.where(has_reasons, 0.9, NAN),
        }
    )
    alone = table.head(1)[["approach", "ndcg@10", "pos@10,3", "pos@10,3/random"]]
    titles = [f"Factorization machine's ratings by method {n}" for n in range(len(table))]
    titled = table.assign(approach=titles)
    tables = {"many": table, "one": alone, "missing": table.tail(2), "none": table.head(0)}
    tables["titled"] = titled
    return {name: trade_off_figure(table, 10, 3) for name, table in tables.items()}


def item_map() -> Figures:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "item_id": range(400),
            "title": [f"{LONG} {place}" if place % 2 else f"Title {place}" for place in range(400)],
            "genres": [f"Genre {place % 10}" if place % 11 else "" for place in range(400)],
            "popularity": range(1, 401),
            "x": rng.normal(size=400),
            "y": rng.normal(size=400),
        }
    )
    tables = {
        "usual": table,
        "one": table.head(1),
        "no genres": table.assign(genres=None),
        "none": table.head(0),
    }
    return {name: item_map_figure(table) for name, table in tables.items()}


def lime_stability() -> Figures:
    kinds = ["item", "user", "history", LONG, "another"]
    rows = [(kind, n, n / 2000 + i / 10) for i, kind in enumerate(kinds) for n in (100, 300, 1000)]
    table = pd.DataFrame(rows, columns=["neighbourhood", "n_samples", "top3_jaccard"]).assign(
        coefficient_spread=0.1, held_out_r2=0.5, effective_samples=40.0, n_explanations=100
    )
    tables = {
        "usual": table,
        "one": table.head(1),
        "missing": table.assign(top3_jaccard=NAN, held_out_r2=NAN),
        "none": table.head(0),
    }
    return {name: lime_stability_figure(table, 300) for name, table in tables.items()}


def fold_in() -> Figures:
    overlaps = pd.Series(np.linspace(1, 0, len(APPROACHES)))
    columns = ["overlap", "overlap_of_others", "overlap_of_two_trainings"]
    bounds = {
        f"{c}/{end}": overlaps + s for c in columns for end, s in (("low", -0.1), ("high", 0.1))
    }
    table = pd.DataFrame(
        {
            "recommender": APPROACHES,
            "n": 30,
            "n_people": 20,
            **dict.fromkeys(columns, overlaps),
            **bounds,
            "rmse_fold_in": 0.9,
            "rmse_retrained": np.where(overlaps > 0.5, 0.89, NAN),
            "is_deterministic": overlaps > 0.8,
        }
    )
    tables = {
        "many": table,
        "one": table.head(1),
        "missing": table.assign(**dict.fromkeys([*columns[1:], *bounds, "rmse_fold_in"], NAN)),
        "none": table.head(0),
    }
    return {name: fold_in_figure(table) for name, table in tables.items()}


def fold_in_seconds() -> Figures:
    powers = 10.0 ** -np.arange(len(APPROACHES))
    table = pd.DataFrame(
        {"recommender": APPROACHES, "seconds_fold_in": powers / 1e3, "seconds_training": powers}
    )
    tables = {"many": table, "one": table.head(1), "none": table.head(0)}
    return {name: fold_in_seconds_figure(table) for name, table in tables.items()}


def coverage_frontier() -> Figures:
    rows = [(s, c, 1 - s - c) for s in (0.01, 0.02, 0.05, 0.1, 0.2) for c in (0.1, 0.3, 0.5)]
    table = pd.DataFrame(rows, columns=["min_support", "min_confidence", "coverage"]).assign(
        n_rules=1000,
        median_lift=lambda rows: 1 + rows["min_confidence"],
        coverage_of_popularity=lambda rows: 0.9 * rows["coverage"],
        coverage_of_random=lambda rows: 0.1 * rows["coverage"],
    )
    tables = {
        "usual": table,
        "one": table.head(1),
        "missing": table.assign(median_lift=NAN),
        "none": table.head(0),
    }
    return {name: coverage_frontier_figure(table) for name, table in tables.items()}


def networks() -> Figures:
    n_items = 30
    items = pd.DataFrame(
        {
            "item_id": range(n_items),
            "title": [f"{LONG} {item}" if item % 2 else f"Title {item}" for item in range(n_items)],
            "year": 1999,
            "genres": [f"Genre {item % 9}" for item in range(n_items)],
        }
    )
    first = np.arange(n_items)
    rules = pd.DataFrame(
        {
            "cluster": 0,
            "antecedent_1": first,
            "antecedent_2": None,
            "antecedent_3": None,
            "consequent": first // 3 * 3 + (first + 1) % 3,
            "support": 0.2,
            "confidence": np.where(first % 2, 0.4, 0.8),
            "lift": 2.0,
        }
    )
    graphs = {
        "usual": rule_network(rules, items, n_rules=50, seed=0),
        "one": rule_network(rules, items, n_rules=1, seed=0),
        "none": rule_network(rules.head(0), items, n_rules=1, seed=0),
    }
    return {
        f"{name}, {colour}": draw_rule_network(graph, colour)
        for name, graph in graphs.items()
        for colour in ("genre", "community")
    }


def surroundings_of_items() -> Figures:
    rows = [
        (f"item:{item}", f"relation {entity % 7}", f"entity:{entity}")
        for entity in range(30)
        for item in range(2 + entity)
    ]
    triples = pd.DataFrame(rows, columns=["head", "relation", "tail"]).assign(
        head_type="item",
        tail_type="entity",
        head_label=lambda table: f"{LONG} " + table["head"].str[5:] + " (2007)",
        tail_label=lambda table: "a role of " + table["tail"],
    )
    some, many = SurroundingsParameters(), SurroundingsParameters(n_relations=7, n_items=50)
    return {
        "usual": surroundings_figure(surroundings(triples, "item:0", some)),
        "many": surroundings_figure(surroundings(triples, "item:0", many)),
        "one": surroundings_figure(surroundings(triples.head(2), "item:0", some)),
        "none": surroundings_figure(surroundings(triples.head(0), "item:0", some)),
    }


def surrogate_fit() -> Figures:
    def table_of(*values: float) -> pd.DataFrame:
        return pd.DataFrame({"held_out_r2": pd.Series(values, dtype="float64")})

    tables = {name: table_of(0.05 * place, 0.5) for place, name in enumerate(APPROACHES)}
    return {
        "usual": surrogate_fit_figure(**{"one": table_of(0.5, 0.6, -1), LONG: table_of(0.2, 0.9)}),
        "many": surrogate_fit_figure(**tables),
        "missing": surrogate_fit_figure(one=table_of(NAN)),
        "none": surrogate_fit_figure(),
    }


def _trials(n: int) -> pd.DataFrame:
    table = pd.DataFrame({"fold_1": np.linspace(0.2, 0.4, n), "fold_2": np.linspace(0.3, 0.5, n)})
    table.loc[2::5, "fold_2"] = NAN
    value = table[["fold_1", "fold_2"]].mean(axis=1, skipna=False)
    parameters = {f"a_parameter_with_a_name_{place}": np.arange(1.0, n + 1) for place in range(7)}
    return table.assign(
        recommender="als",
        metric="ndcg@10",
        trial=range(n),
        state=np.where(value.notna(), "complete", "pruned"),
        value=value,
        message=None,
        **parameters,
    )


def tuning(draw: Callable[[pd.DataFrame], Any]) -> Figures:
    table = _trials(30)
    return {
        "usual": draw(table),
        "one": draw(_trials(1)),
        "missing": draw(table.assign(value=NAN)),
    }


def ratings_of(n: int) -> pd.DataFrame:
    """So many ratings of 60 users, over years."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "user_id": rng.integers(60, size=n),
            "item_id": (90 * rng.random(n) ** 2).astype(int),
            "rating": rng.integers(1, 11, size=n) / 2,
            "timestamp": pd.to_datetime("1999-12-01")
            + pd.to_timedelta(rng.integers(4000, size=n), "D"),
        }
    )
    return table.drop_duplicates(["user_id", "item_id"], ignore_index=True)


RATINGS = ratings_of(2000)
NAMES = [f"{LONG} {number}" if number % 2 else f"Name {number}" for number in range(30)]
ITEMS = pd.DataFrame(
    {
        "item_id": range(90),
        "title": [NAMES[number % 30] for number in range(90)],
        "year": pd.array([1900 + number if number % 9 else None for number in range(90)], "Int16"),
        "genres": [f"{NAMES[number % 30]}|{NAMES[number // 3]}" for number in range(90)],
    }
)
USERS = pd.DataFrame(
    {
        "user_id": range(60),
        "age": [10 + number for number in range(60)],
        "gender": [("F", "M", LONG, "")[number % 4] for number in range(60)],
        "occupation": [NAMES[number % 30] for number in range(60)],
    }
)


@cache
def explorations() -> dict[str, Figures]:
    """All figures of three data sets; made when the first is asked for."""
    return {
        "usual": figures_of(RATINGS, ITEMS, USERS),
        "one": figures_of(RATINGS.head(1), ITEMS, USERS),
        "missing": figures_of(
            RATINGS.drop(columns="timestamp"),
            ITEMS.assign(genres="", year=pd.array([None] * len(ITEMS), "Int16")),
            USERS.head(0),
        ),
    }


def explored(name: str) -> Figures:
    return {kind: figures[name] for kind, figures in explorations().items()}


def cleaning() -> Figures:
    steps = [
        Dropped(reason=reason, ratings=100 * place, users=place, items=5 * place)
        for place, reason in enumerate(("item not in the items file", LONG, "rated again later"))
    ]
    tables = {"usual": steps, "one": steps[1:2], "none": []}
    return {
        name: cleaning_figure(filters.cleaning_steps(RATINGS, dropped))
        for name, dropped in tables.items()
    }


def rows() -> Figures:
    values = pd.Series([0.25, NAN, 0.5])
    means = pd.DataFrame({"value": 10 * values, "low": values, "high": NAN})
    panels = [share_panel("Share", {"users": values}), Panel("Mean rating", {"mean": means})]
    many = [share_panel("Share", dict.fromkeys("abcdefg", values))]
    return {
        "usual": rows_figure("ABC", panels, "A finding", "How to read it.", ["1", "2", "3"]),
        "many": rows_figure("ABC", many, "A finding", "How to read it."),
    }


KINDS_OF_REASONS = ["no_reason_at_all", "a_fixed_sentence", "similar_items", "contributions"]
STUDY = About(
    exported.plan(
        kinds=[{"name": name, "approach": "posthoc_ar"} for name in KINDS_OF_REASONS],
        confounded="rules were shown for films that are better known.",
        closing=[{"name": "why", "text": "Why?", "answer": "text"}],
        raffle="A voucher.",
    ),
    simulated=True,
    shown_rank=21,
    list_rank=63,
)


def of_study(draw: Callable[[pd.DataFrame, About], Any], table: pd.DataFrame) -> Figures:
    bare = table.replace({"condition": {KINDS_OF_REASONS[0]: "an & <approach>"}})
    bare = bare.assign(**{name: NAN for name in bare if name.endswith(("low", "high"))})
    return {
        "usual": draw(table, STUDY),
        "without a plan": draw(bare, About()),
        "none": draw(table.head(0), STUDY),
    }


def of_answers(*measures: str) -> pd.DataFrame:
    """Answers, and means, to some measures."""
    return pd.DataFrame(
        [
            (measure, kind, float(value), 3 * place + value, 30, 2 + place / 2)
            for measure in measures
            for place, kind in enumerate(KINDS_OF_REASONS)
            for value in range(1, 6)
        ],
        columns=["measure", "condition", "value", "n", "n_people", "mean"],
    )


def study_means() -> Figures:
    table = of_answers("interest", "trust").drop_duplicates(["measure", "condition"])
    ends = {"within_low": table["mean"] - 0.3, "within_high": table["mean"] + 0.3}
    return of_study(study_means_figure, table.assign(n=30, **ends))


def study_contrasts() -> Figures:
    table = pd.DataFrame(
        {
            "measure": ["interest", "interest", "trust", "trust"],
            "first": [KINDS_OF_REASONS[0], "<approach>", KINDS_OF_REASONS[0], "<approach>"],
            "second": "similar_items",
            "difference": [0.5, -0.1, 0.2, NAN],
            "p_holm": [0.01, 0.9, 0.2, NAN],
        }
    )
    table = table.assign(low=table["difference"] - 0.3, high=table["difference"] + 0.3)
    return of_study(study_contrasts_figure, table)


def study_forecast() -> Figures:
    table = pd.DataFrame({"task": "forecast", "condition": KINDS_OF_REASONS, "chance": 0.25})
    table = table.assign(share=[0.2, 0.4, 0.6, 0.8], faithfulness=[0, 0.2, 0.2, 0.9])
    return of_study(
        study_forecast_figure, table.assign(low=table["share"] - 0.2, high=table["share"] + 0.2)
    )


def study_flow() -> Figures:
    steps = ["consented", "answered", "saw_all", "finished", "unfinished", "alike", "analysed"]
    table = pd.DataFrame({"step": steps, "n": [200, 190, 180, 150, 30, 0, 150]})
    table = table.assign(excluded=table["step"].isin(["unfinished", "alike"]))
    return of_study(study_flow_figure, table)


def study_session() -> Figures:
    return {"usual": study_session_figure(STUDY.plan), "none": study_session_figure(None)}


EXAMPLES: dict[str, Callable[[], Figures]] = {
    "activity_figure": lambda: explored("activity"),
    "bars_figure": bars,
    "best_rated_figure": lambda: explored("best_rated"),
    "cleaning_figure": cleaning,
    "concentration_figure": lambda: explored("concentration"),
    "cores_figure": lambda: explored("cores"),
    "coverage_frontier_figure": coverage_frontier,
    "demographics_figure": lambda: explored("demographics"),
    "draw_rule_network": networks,
    "evidence_bars_figure": evidence_bars,
    "explainability_sweep_figure": explainability_sweep,
    "faithfulness_curves_figure": faithfulness_curves,
    "faithfulness_figure": faithfulness,
    "finish_lists": lists,
    "fold_in_figure": fold_in,
    "fold_in_seconds_figure": fold_in_seconds,
    "genders_by_genre_figure": lambda: explored("genders"),
    "genre_pairs_figure": lambda: explored("pairs"),
    "genres_figure": lambda: explored("genres"),
    "item_map_figure": item_map,
    "lime_stability_figure": lime_stability,
    "long_tail_figure": lambda: explored("long_tail"),
    "most_rated_figure": lambda: explored("most_rated"),
    "rating_distribution_figure": lambda: explored("distribution"),
    "reasons_figure": reasons,
    "releases_figure": lambda: explored("releases"),
    "rows_figure": rows,
    "sparsity_figure": lambda: explored("sparsity"),
    "study_answers_figure": lambda: of_study(study_answers_figure, of_answers("interest", "trust")),
    "study_contrasts_figure": study_contrasts,
    "study_flow_figure": study_flow,
    "study_forecast_figure": study_forecast,
    "study_means_figure": study_means,
    "study_session_figure": study_session,
    "surrogate_fit_figure": surrogate_fit,
    "surroundings_figure": surroundings_of_items,
    "trade_off_figure": trade_off,
    "tuning_history_figure": lambda: tuning(tuning_history_figure),
    "tuning_parameters_figure": lambda: tuning(tuning_parameters_figure),
    "what_if_figure": what_if,
}
"""By the name of the function that draws them."""
