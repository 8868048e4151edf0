"""What has to be said beside every result is said, and only where it is so."""

from __future__ import annotations

import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.study.about import About
from tests.study.exported import plan


def test_answers_are_simulated_if_plan_or_manifest_says_so() -> None:
    given = plan().model_dump(mode="json")
    assert not About.of(given, {}).simulated
    assert About.of(given, {"simulated": True}).simulated
    assert About.of(given | {"simulated": True}, {"simulated": False}).simulated
    assert About.of({}, {"simulated": True}).titled("A").endswith(": A")


def test_a_confound_and_how_known_the_items_are_stand_beside_a_text() -> None:
    given = plan(confounded="kinds had other films.").model_dump(mode="json")
    popularity = pd.DataFrame(
        {"condition": ["none", "all shown", "list"] * 2, "popularity_rank": [5, 21, 63, 1, 2, 3]}
    )
    about = About.of(given, {}, popularity)
    said = about.cautious("Means.")
    assert said.startswith("Means. Confounded: kinds had other films. ")
    assert "21" in said  # of the first rows, with the exclusions
    assert "63" in said
    assert About().cautious("Means.") == "Means."
    unknown = popularity.assign(popularity_rank=float("nan"))
    assert About.of({}, {}, unknown).known_items == ""


def test_a_plan_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"plan\.json:\n  title: missing\n  kinds: missing"):
        About.of({"slug": "a"}, {})
