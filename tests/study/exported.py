"""An exported study made by hand: four people, two kinds of reasons; and one of any size, drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.study.plan import Plan, parse_plan

Tables = dict[str, pd.DataFrame]

AGREEMENTS = ("interest", "trust")


def plan(**changes: Any) -> Plan:
    """A plan of two or more kinds, with a check, a question of familiarity, and all tasks."""
    made: dict[str, Any] = {
        "slug": "tried",
        "title": "Do you trust it?",
        "kinds": [{"name": "none"}, {"name": "rules", "approach": "posthoc_ar"}],
        "items_per_kind": 1,
        "questions": [
            {
                "name": "seen",
                "text": "Do you know it?",
                "answer": "choice",
                "role": "familiarity",
                "options": [
                    {"name": "no", "text": "No"},
                    {"name": "heard", "text": "Heard of it"},
                    {"name": "yes", "text": "Seen it"},
                ],
                "excludes": ["yes"],
            },
            {"name": "interest", "text": "I want to see it.", "role": "measure"},
            {"name": "trust", "text": "I distrust it.", "role": "measure", "reverse": True},
        ],
        "checks": [{"name": "attention", "text": "Choose 2.", "expected": "2"}],
        "scales": [
            {
                "name": "usefulness",
                "items": [
                    {"name": "useful_1", "text": "Useful."},
                    {"name": "useful_2", "text": "Useless.", "reverse": True},
                    {"name": "useful_3", "text": "Helpful."},
                ],
            }
        ],
        "blocks": {"forecast": 2, "side_by_side": 1, "correction": 1},
        "consent": {"version": "1", "text": "I agree."},
        "opens": "2026-01-01",
        "closes": "2026-02-01",
        "n_people": 4,
        "exclusions": {"failed_checks": 1, "least_seconds": 5, "alike": True},
    }
    return parse_plan(made | changes, "study.yml")


def by_hand() -> Tables:
    """Four people: 1 does all, 2 fails the check, 3 answers little and leaves, 4 never consents."""
    participants = pd.DataFrame(
        {
            "participant": [1, 2, 3, 4],
            "consented": [True, True, True, False],
            "finished": [True, True, False, False],
            "minutes": [9.0, 2.0, 3.0, np.nan],
            "n_ratings": [10, 11, 10, 0],
            "list_popularity_rank": [40.0, 60.0, 80.0, np.nan],
        }
    )
    trials = pd.DataFrame(
        [(who, at, kind) for who in (1, 2, 3) for at, kind in ((1, "none"), (2, "rules"))],
        columns=["participant", "position", "condition"],
    )
    trials = trials.assign(form="sentence", item_id=[11, 12, 12, 13, 11, 13], rank=trials.index + 1)
    trials = trials.assign(popularity_rank=[5, 15, 15, 25, 5, 25], title="A", sentence="B")
    given: list[tuple[int, int, dict[str, str | None], float]] = [
        (1, 1, {"seen": "no", "interest": "4", "trust": "2", "attention": "2"}, 20.0),
        (1, 2, {"seen": "yes", "interest": "5", "trust": "1"}, 10.0),
        (2, 1, {"seen": "heard", "interest": "3", "trust": "3", "attention": "5"}, 4.0),
        (2, 2, {"interest": "3", "trust": "3"}, 3.0),
        (3, 1, {"interest": "1", "trust": None, "attention": None}, 30.0),
    ]
    rows = [
        (who, f"recommendation-{at}", question, value, seconds, at)
        for who, at, answers, seconds in given
        for question, value in answers.items()
    ]
    columns = ["participant", "step", "question", "value", "seconds", "position"]
    scales = [
        (who, "scale-usefulness", f"useful_{n}", value, 12.0, np.nan)
        for who, values in ((1, "425"), (2, "333"))
        for n, value in enumerate(values, start=1)
    ]
    return {
        "participants": participants,
        "trials": trials,
        "answers": pd.DataFrame([*rows, *scales], columns=columns),
        "tasks": pd.DataFrame(
            [
                (1, "forecast", 1, "none", True, 0.2, 10.0),
                (1, "forecast", 2, "rules", False, 0.6, 20.0),
                (2, "forecast", 1, "none", False, 0.4, 30.0),
                (2, "forecast", 2, "rules", True, 0.8, 40.0),
                (1, "side_by_side", 1, "rules", None, 0.5, 15.0),
                (2, "side_by_side", 1, "rules", None, 0.5, 25.0),
                (1, "correction", 1, "none", True, 0.1, 60.0),
            ],
            columns=[
                *("participant", "task", "number", "condition", "right", "faithfulness", "seconds")
            ],
        ),
    }


KINDS = {"fixed": 3.2, "rules": 4.0, "influence": 3.4}
"""Kinds of the study that is drawn, and about which answer they get."""


def drawn_plan(n: int, **changes: Any) -> Plan:
    """The plan of a study of so many people, each of whom sees four items with each kind."""
    kinds = [{"name": name, "approach": "posthoc_ar"} for name in KINDS]
    hypotheses = [{"measure": "interest", "kinds": ["rules", "fixed"]}]
    more = {"kinds": kinds, "items_per_kind": 4, "n_people": n, "hypotheses": hypotheses}
    return plan(**(more | changes))


def drawn(n: int, seed: int = 0) -> Tables:
    """A finished study of so many people."""
    random, n_trials = np.random.default_rng(seed), 4 * len(KINDS)
    who = np.repeat(np.arange(1, n + 1), n_trials)
    positions = np.tile(np.arange(1, n_trials + 1), n)
    conditions = np.concatenate([random.permutation(np.repeat(list(KINDS), 4)) for _ in range(n)])
    items = np.concatenate([1 + random.permutation(40)[:n_trials] for _ in range(n)])
    trials = pd.DataFrame({"participant": who, "position": positions, "condition": conditions})
    trials = trials.assign(form="sentence", item_id=items, rank=random.integers(1, 41, len(who)))
    trials = trials.assign(popularity_rank=items * 3, title="A", sentence="B")
    person = random.normal(0, 0.6, n + 1)[who]
    columns: dict[str, Any] = {"seen": random.choice(["no", "heard"], len(who))}
    for name in AGREEMENTS:
        felt = person + [KINDS[kind] for kind in conditions] + random.normal(0, 0.8, len(who))
        steps = np.clip(np.rint(felt), 1, 5).astype(int)
        columns[name] = (6 - steps if name == "trust" else steps).astype(str)
    keys = {"participant": who, "position": positions, "seconds": random.gamma(9, 2, len(who))}
    answers = pd.DataFrame(keys | columns).melt(list(keys), list(columns), "question", "value")
    answers["step"] = "recommendation-" + answers["position"].astype("str")
    scale = pd.DataFrame({"participant": range(1, n + 1), "seconds": 20.0})
    useful = random.normal(3.2, 0.8, n)
    for name, sign in (("useful_1", 1), ("useful_2", -1), ("useful_3", 1)):
        step = 3 + sign * (useful + random.normal(0, 0.5, n) - 3)
        scale[name] = np.clip(np.rint(step), 1, 5).astype(int).astype(str)
    scales = scale.melt(["participant", "seconds"], var_name="question", value_name="value")
    scales = scales.assign(step="scale-usefulness")
    tasks = pd.DataFrame(
        [
            (person, "forecast", number, kind, bool(random.random() < part), part, 20.0)
            for person in range(1, n + 1)
            for number, kind in enumerate(random.choice(list(KINDS), 2), start=1)
            for part in [float(random.uniform(0.1, 0.9))]
        ]
        + [
            (person, "side_by_side", 1, str(random.choice(list(KINDS))), None, 0.5, 30.0)
            for person in range(1, n + 1)
        ],
        columns=[
            *("participant", "task", "number", "condition", "right", "faithfulness", "seconds")
        ],
    )
    participants = pd.DataFrame({"participant": range(1, n + 1), "consented": True})
    participants = participants.assign(finished=True, minutes=12.0, n_ratings=10)
    return {
        "participants": participants.assign(list_popularity_rank=63.0),
        "trials": trials,
        "answers": pd.concat([answers, scales], ignore_index=True),
        "tasks": tasks,
    }


def write(folder: Path, tables: Tables, of: Plan, **manifest: Any) -> Path:
    """Write a study as `kedro study export` does."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "plan.json").write_text(of.model_dump_json(), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
