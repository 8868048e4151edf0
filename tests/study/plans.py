"""A small plan for tests."""

from __future__ import annotations

from typing import Any

from explainable_recsys.study.plan import Plan, parse_plan

SMALL: dict[str, Any] = {
    "slug": "small",
    "title": "A study",
    "kinds": [
        {"name": "own", "approach": "intrinsic_als"},
        {"name": "rules", "approach": "posthoc_ar"},
        {"name": "fixed", "says": "Similar users liked it."},
    ],
    "items_per_kind": 2,
    "pool": {"strata": 2, "length": 20},
    "questions": [
        {"name": "interest", "text": "I want to see it.", "role": "measure"},
        {"name": "trust", "text": "I trust it.", "role": "measure"},
    ],
    "consent": {"version": 1, "text": "I agree."},
    "opens": "2030-01-01",
    "closes": "2030-02-01",
    "n_people": 12,
}
"""As its file has it."""


def changed(found: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a file holds, with other values; `a__b` is b in a, None takes a key away."""
    copy = dict(found)
    for name, value in changes.items():
        block, _, key = name.partition("__")
        if key:
            copy[block] = {**copy.get(block, {}), key: value}
        elif value is None:
            del copy[block]
        else:
            copy[block] = value
    return copy


def small_plan(**changes: Any) -> Plan:
    """The small plan, changed."""
    return parse_plan(changed(SMALL, **changes), "study.yml")
