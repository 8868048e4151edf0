"""Names of features in the language of who reads them."""

from __future__ import annotations

import pytest

from explainable_recsys.wording.labels import said_label
from explainable_recsys.wording.phrases import speaking


@pytest.mark.parametrize(
    ("label", "german"),
    [
        ("from the 1970s", "aus den 1970ern"),
        ("from 1971", "von 1971"),
        ("from 1970 to 1974", "von 1970 bis 1974"),
        ("both from the 1970s", "beide aus den 1970ern"),
        ("among the 2.5 % most often rated", "unter den 2,5 % am häufigsten bewerteten"),
        ("rarely rated", "selten bewertet"),
        ("aged 25 to 34", "25 bis 34 Jahre alt"),
        ("same director: Ridley Scott", "Regie ebenfalls Ridley Scott"),
        ("same writer", "gemeinsam: Drehbuch"),
        ("female", "weiblich"),
        ("Sci-Fi", "Sci-Fi"),
    ],
)
def test_a_label_in_english_and_in_german(label: str, german: str) -> None:
    assert said_label(label) == label
    with speaking("de"):
        assert said_label(label) == german
