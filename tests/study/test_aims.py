"""Ready scales for the aims of explanations."""

from __future__ import annotations

import pytest

from explainable_recsys.study.aims import AIMS
from tests.study.plans import small_plan


def test_there_is_one_for_each_of_the_seven_aims() -> None:
    assert set(AIMS) == {
        *("transparency", "scrutability", "trust", "effectiveness"),
        *("persuasiveness", "efficiency", "satisfaction"),
    }


@pytest.mark.parametrize("name", AIMS)
def test_its_statements_stand_in_each_language_and_one_is_reverse(name: str) -> None:
    plan = small_plan(scales=[name], questions=[{"name": "q", "text": "?"}])
    (scale,) = plan.scales
    assert scale.name == name
    assert len(scale.items) >= 3
    assert 1 <= sum(one.reverse for one in scale.items) < len(scale.items)
    assert {len(each) for each in AIMS[name].statements.values()} == {len(scale.items)}
    assert [one.text.said("en") for one in scale.items] == list(AIMS[name].statements["en"])


def test_it_stands_beside_ones_own_in_the_languages_of_the_study() -> None:
    def both(text: str) -> dict[str, str]:
        return {"en": text, "de": f"{text}, auf Deutsch"}

    items = [{"name": f"calm_{n}", "text": both(f"Calm {n}")} for n in (1, 2)]
    plan = small_plan(
        languages=["en", "de"], scales=["satisfaction", {"name": "calm", "items": items}]
    )
    assert [scale.name for scale in plan.scales] == ["satisfaction", "calm"]
    first = plan.scales[0].items[0]
    assert first.text.said("de") != first.text.said("en")
    assert first.ends is not None
    assert first.ends[0].said("de") == "gar nicht"
