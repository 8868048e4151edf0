"""A small evaluation made by hand: seven recommenders, two of them baselines; four approaches."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.wording.markup import marked

HOSTILE = "<script>alert(1)</script> | *x* `y` [z](http://evil.example) & \\ _u_"
"""A title that may not change the meaning of anything around it."""

RUN = "2026-11-23T02.39.17.123Z"
MANIFEST = f"data/08_reporting/run_manifest.json/{RUN}/run_manifest.json"

_NDCG = {
    "ease": 0.300,
    "als": 0.280,
    "svd": 0.150,
    "fm": 0.140,
    "mf": 0.120,
    "popularity": 0.130,
    "random": 0.010,
}
APPROACHES = {
    "intrinsic_ease": "ease",
    "posthoc_knn": "als",
    "posthoc_ar": "svd",
    "posthoc_lime": "fm",
}
_COVERAGE = {
    "intrinsic_ease": (1.0, None, None),
    "posthoc_knn": (0.863, 0.785, 0.122),
    "posthoc_ar": (0.934, 0.904, 0.005),
    "posthoc_lime": (1.0, 1.0, 1.0),
}
_FAITHFULNESS = {  # own, of random, of popular: POS@10,3; DEL@3
    "intrinsic_ease": ((0.400, 0.850, 0.700), (0.600, 0.960, 0.900)),
    "posthoc_knn": ((0.800, 0.900, 0.880), (0.500, 0.970, 0.900)),
    "posthoc_ar": ((0.930, 0.920, 0.925), (0.980, 0.960, 0.950)),
}
_VERDICTS = {  # against random, against popular: POS@10,3; DEL@3
    "intrinsic_ease": (("better", "better"), ("better", "better")),
    "posthoc_knn": (("better", "no difference"), ("better", "better")),
    "posthoc_ar": (("no difference", "no difference"), ("worse", "worse")),
}
SCOPES = {
    "intrinsic_ease": "cited items",
    "posthoc_knn": "cited items",
    "posthoc_ar": "projection: antecedents of the rules",
    "posthoc_lime": "not applicable: LIME weighs features, not items",
}
METRICS = {"pos@10,3": 0, "del@3": 1}
CONTROLS = {"random": 0, "popular": 1}


def content(**changes: Any) -> ReportContent:
    """The evaluation, with some of its fields replaced."""
    made = ReportContent(
        card={
            "name": "tiny",
            "version": "3f9a1c07",
            "n_ratings": 100_004,
            "n_users": 671,
            "n_items": 9_066,
            "density": 0.0164,
            "mean_rating": 3.5436,
            "rating_distribution": {"1": 25, "5": 75},
            "ratings_per_user": {"min": 20.0, "median": 71.5},
            "ratings_per_item": {"min": 1.0, "median": 3.0},
            "time_span": ["1995-01-09", "2016-10-16"],
            "split": {"train": 80_949, "test": 10_031},
            "n_read": 100_010,
            "dropped": [{"reason": "duplicates", "ratings": 6}],
        },
        protocol={"split": "random_fraction", "relevant": "any held-out rating"},
        accuracy=accuracy(),
        explanation_quality=explanation_quality(),
        scope=pd.DataFrame(SCOPES.items(), columns=["approach", "scope"]),
        accuracy_tests=accuracy_tests(),
        explanation_tests=_tested([("pos@10,3", "intrinsic_ease", "posthoc_knn", -0.4)]),
        control_tests=control_tests(),
        stability=pd.DataFrame(
            {
                "approach": ["intrinsic_ease", "posthoc_knn", "posthoc_knn"],
                "n_cited": [3, 1, 3],
                "jaccard": [0.91, 0.2, 0.4125],
                "low": [0.9, 0.1, 0.4],
                "high": [0.92, 0.3, 0.43],
                "n_users": 200,
                "n_recommendations": 2_000,
                "n_retrainings": 3,
            }
        ),
        **oversight(),
        **folded_in(),
        figures={
            "Accuracy": go.Figure(
                go.Bar(y=[1, 2], name="</script><script>alert(2)</script>"),
                layout={
                    "title": {"text": "Found<br><b>this</b> &amp; that", "subtitle_text": "How"},
                    "margin_t": 79,
                    "width": 900,
                },
            )
        },
        examples=examples(),
        histories=pd.DataFrame(
            {
                "user_id": [573] * 12,
                "item_id": range(12),
                "year": None,
                "title": [HOSTILE, *(f"Movie {n}" for n in range(11))],
                "rating": [5.0, 4.5, *[3.0] * 10],
            }
        ),
        provenance={
            "run": RUN,
            "manifest": MANIFEST,
            "commit": "7f3343d0be851f466940908502877291182d34cb",
            "dirty": True,
            "env": None,
            "data_version": "3f9a1c07",
        },
        k=10,
        n_cited=3,
        intrinsic=["intrinsic_ease"],
        titles={"ease": "EASE", "intrinsic_ease": "EASE by its ratings"},
        about={"ease": "A linear model.", "intrinsic_ease": "Its score taken apart."},
        seconds={"intrinsic_ease": 0.0002, "posthoc_knn": 0.001},
    )
    return dataclasses.replace(made, **changes)


def oversight() -> dict[str, pd.DataFrame]:
    """What the owner sees of two approaches."""
    told = [
        ("intrinsic_ease", "item", "7", HOSTILE, 600, 200, 0.3),
        ("intrinsic_ease", "item", "8", "Alien", 200, 100, 0.1),
        ("posthoc_ar", "rule", "8 → 7", "Alien → Aliens", 40, 40, 0.02),
    ]
    groups = [
        ("intrinsic_ease", "history", 1, 40, 1_000, 0, 0, 50),
        ("intrinsic_ease", "history", 41, 900, 1_000, 0, 0, 100),
        ("intrinsic_ease", "item", 1, 20, 50, 0, 0, 50),
        ("intrinsic_ease", "item", 21, 300, 1_950, 0, 0, 100),
        ("posthoc_ar", "history", 1, 40, 1_000, 300, 100, None),
        ("posthoc_ar", "history", 41, 900, 1_000, 100, 100, None),
        ("posthoc_ar", "item", 1, 20, 500, 100, 0, None),
        ("posthoc_ar", "item", 21, 300, 1_500, 300, 200, None),
    ]
    reached = [
        ("intrinsic_ease", 7, 30, 900, 900),
        ("intrinsic_ease", 8, 20, 1_100, 1_100),
        ("intrinsic_ease", 9, 10, 0, 0),
        ("posthoc_ar", 7, 30, 1_600, 1_600),
        ("posthoc_ar", 8, 20, 400, 0),
        ("posthoc_ar", 9, 10, 0, 0),
    ]
    counts = ["n_recommendations", "n_none", "n_single", "n_diffuse"]
    pieces = ["style", "evidence_id", "evidence", "n_recommendations", "n_users", "share"]
    items = ["item_id", "n_ratings", "n_recommended", "n_explained"]
    return {
        "evidence_told": pd.DataFrame(told, columns=["approach", *pieces]),
        "reasons_by_group": pd.DataFrame(
            groups, columns=["approach", "whose", "low", "high", *counts]
        ).astype({"n_diffuse": "Int64"}),
        "items_reached": pd.DataFrame(reached, columns=["approach", *items]),
    }


def accuracy() -> pd.DataFrame:
    """The metrics of the lists, with intervals where the pipelines make any."""
    return pd.DataFrame(
        {
            "recommender": name,
            **_with_interval("recall@10", ndcg - 0.005),
            **_with_interval("ndcg@10", ndcg),
            "catalogue_coverage@10": 0.0602,
            "rmse": 0.869 if name == "mf" else None,
        }
        for name, ndcg in _NDCG.items()
    )


def explanation_quality() -> pd.DataFrame:
    """The metrics of the explanations."""
    rows = []
    for name, recommender in APPROACHES.items():
        shares = _COVERAGE[name]
        row = {
            "approach": name,
            "recommender": recommender,
            **_with_interval("coverage", shares[0]),
        }
        row |= {"coverage_of_popularity": shares[1], "coverage_of_random": shares[2]}
        for metric, number in METRICS.items() if name in _FAITHFULNESS else ():
            own, *of_controls = _FAITHFULNESS[name][number]
            row |= _with_interval(metric, own)
            for control, value in zip(CONTROLS, of_controls, strict=True):
                row |= _with_interval(f"{metric}/{control}", value)
        rows.append(row)
    return pd.DataFrame(rows)


def _with_interval(metric: str, value: float) -> dict[str, float]:
    limits = {f"{metric}/low": value - 0.01, f"{metric}/high": value + 0.01}
    return {metric: value, **limits, f"{metric}/n": 671.0}


def accuracy_tests() -> pd.DataFrame:
    """The best against the others in nDCG."""
    pairs = [("ndcg@10", "ease", other, 0.3 - _NDCG[other]) for other in _NDCG if other != "ease"]
    return _tested([*pairs, ("ndcg@10", "svd", "popularity", 0.02)])


def _tested(pairs: list[tuple[str, str, str, float]]) -> pd.DataFrame:
    table = pd.DataFrame(pairs, columns=["metric", "first", "second", "difference"])
    return table.assign(
        n_users=671,
        low=table["difference"] - 0.008,
        high=table["difference"] + 0.008,
        p_value=[0.00004 if abs(d) > 0.02 else 0.2 for d in table["difference"].round(6)],
        p_corrected=[0.0003 if abs(d) > 0.02 else 0.41 for d in table["difference"].round(6)],
    )


def control_tests() -> pd.DataFrame:
    """Every measured approach against both controls."""
    return pd.DataFrame(
        [
            {
                "approach": name,
                "metric": metric,
                "control": control,
                "n_users": 671,
                "own": _FAITHFULNESS[name][m][0],
                "of_control": _FAITHFULNESS[name][m][1 + c],
                "difference": _FAITHFULNESS[name][m][0] - _FAITHFULNESS[name][m][1 + c],
                "low": -0.5,
                "high": 0.1,
                "p_value": 0.01,
                "p_corrected": 0.04,
                "verdict": verdicts[m][c],
            }
            for name, verdicts in _VERDICTS.items()
            for metric, m in METRICS.items()
            for control, c in CONTROLS.items()
        ]
    )


def folded_in() -> dict[str, pd.DataFrame]:
    """A recommender without a seed that predicts no ratings, and one with both."""
    found = pd.DataFrame(
        {
            "recommender": ["ease", "svd"],
            "n": 30,
            "n_people": 20,
            "overlap": [0.95, 0.5],
            "overlap/low": [0.9, 0.4],
            "overlap/high": [1.0, 0.6],
            "overlap_of_others": [0.96, 0.55],
            "overlap_of_two_trainings": [1.0, 0.45],
            "rmse_fold_in": [float("nan"), 0.91],
            "rmse_retrained": [float("nan"), 0.905],
            "n_held_out": 300,
            "is_deterministic": [True, False],
        }
    )
    seconds = pd.DataFrame(
        {
            "recommender": ["ease", "svd"],
            "seconds_fold_in": [0.0021, 0.001],
            "seconds_training": [0.2, 8.4],
        }
    )
    return {"fold_in": found, "fold_in_seconds": seconds}


def examples() -> pd.DataFrame:
    """One user; two approaches with reasons, one without; a reason and a title are missing."""
    rated, cited = marked("A * | B"), marked("<b>Alien</b>")
    return pd.DataFrame(
        [
            (573, "posthoc_knn", 2, 12, HOSTILE, None, 0.4, None),
            (573, "posthoc_knn", 1, 11, "Toy Story", 1995, 0.5, f"You rated {rated} ★4."),
            (573, "intrinsic_ease", 1, 11, "Toy Story", 1995, 1.5, f"Because of {cited}."),
            (573, "posthoc_lime", 1, 13, None, 1999, 4.5, None),
        ],
        columns=["user_id", "approach", "rank", "item_id", "title", "year", "score", "sentence"],
    )


TABLES = (
    "accuracy",
    "explanation_quality",
    "scope",
    "accuracy_tests",
    "explanation_tests",
    "control_tests",
    "stability",
    "evidence_told",
    "reasons_by_group",
    "items_reached",
    "fold_in",
    "fold_in_seconds",
)


def empty() -> ReportContent:
    """Nothing at all."""
    frames = dict.fromkeys((*TABLES, "examples", "histories"), pd.DataFrame())
    return content(card={}, protocol={}, figures={}, provenance={}, **frames)


def without_values(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with NaN for every number."""
    numbers = table.select_dtypes("number").columns
    return table.assign(**dict.fromkeys(numbers, float("nan")))


@functools.cache
def poor_contents() -> dict[str, ReportContent]:
    """Contents that lack something, by what they lack; figures, which take time, all of them."""
    full = content()
    frames = (*TABLES, "examples", "histories")
    poor = {f"without {name}": content(**{name: pd.DataFrame()}) for name in frames}
    poor |= {f"no rows of {name}": content(**{name: getattr(full, name)[:0]}) for name in frames}
    poor |= {
        f"NaN in {name}": content(**{name: without_values(getattr(full, name))}) for name in TABLES
    }
    for name, metrics in (
        ("accuracy", ("ndcg@10", "rmse")),
        ("explanation_quality", ("coverage", "pos@10,3", "del@3")),
    ):
        table = getattr(full, name)
        for metric in metrics:
            columns = [c for c in table if str(c).partition("/")[0] == metric]
            poor[f"without {metric}"] = content(**{name: table.drop(columns=columns)})
    poor["one approach"] = content(
        accuracy=full.accuracy[:1], explanation_quality=full.explanation_quality[:1]
    )
    poor["baselines"] = content(
        accuracy=full.accuracy[-2:], explanation_quality=full.explanation_quality[:0]
    )
    poor["no explanations"] = content(
        explanation_quality=full.explanation_quality[["approach", "recommender"]],
        scope=full.scope.assign(scope="no explanations"),
        explanation_tests=pd.DataFrame(),
        control_tests=pd.DataFrame(),
        stability=pd.DataFrame(),
        examples=full.examples.assign(sentence=None),
    )
    poor["all NaN"] = content(**{name: without_values(getattr(full, name)) for name in TABLES})
    poor["nothing"] = empty()
    return {name: dataclasses.replace(made, figures={}) for name, made in poor.items()}
