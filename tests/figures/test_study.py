"""Figures of a study draw what the tables hold, from the right end and in the right direction."""

from __future__ import annotations

import pandas as pd
import pytest

from explainable_recsys.figures.study_answers import study_answers_figure, study_means_figure
from explainable_recsys.figures.study_flow import session, study_flow_figure
from explainable_recsys.figures.study_tests import study_contrasts_figure, study_forecast_figure
from explainable_recsys.figures.style import PALETTE
from explainable_recsys.study.about import About
from tests.figures.texts import subtitle_of, title_of
from tests.study.exported import plan

ABOUT = About(plan())
MADE_UP = About(plan(confounded="of luck."), simulated=True, shown_rank=21, list_rank=63)


def test_means_are_bars_from_the_first_step_with_intervals_to_compare() -> None:
    table = pd.DataFrame(
        {"measure": "interest", "condition": ["none", "rules"], "n": 9, "mean": [2.5, 4.0]}
    )
    table = table.assign(within_low=table["mean"] - 0.5, within_high=table["mean"] + 0.25)
    (bars,) = study_means_figure(table, ABOUT).data
    assert bars.base == 1
    assert bars.x == (1.5, 3)  # to 2.5 and 4
    assert (bars.error_x.arrayminus, bars.error_x.array) == ((0.5, 0.5), (0.25, 0.25))
    assert "rules (4.00)" in title_of(study_means_figure(table, ABOUT))
    assert study_means_figure(table, About()).data[0].base == 0  # of no known question


def test_answers_lie_left_and_right_of_the_middle() -> None:
    rows = [("none", value, n) for value, n in enumerate((1, 2, 4, 2, 1), start=1)]
    table = pd.DataFrame(rows, columns=["condition", "value", "n"]).assign(measure="interest")
    bars = study_answers_figure(table, ABOUT).data
    by_step: dict[str, list[float]] = {}
    for bar in bars:
        by_step.setdefault(bar.name, []).extend(bar.x)
    assert by_step == {"3": [-20, 20], "2": [-20], "4": [20], "1": [-10], "5": [10]}
    # The nearest to the middle come first, so that the others are stacked outside.
    assert [bar.name for bar in bars][:2] == ["3", "3"]
    assert "30 % (none)" in title_of(study_answers_figure(table, ABOUT))


def test_an_even_number_of_steps_has_no_middle() -> None:
    rows = [("none", value, 1) for value in (1.0, 2.0, 3.0, 4.0)]
    table = pd.DataFrame(rows, columns=["condition", "value", "n"]).assign(measure="interest")
    shares = {bar.name: bar.x for bar in study_answers_figure(table, ABOUT).data}
    assert shares == {"1": (-25,), "2": (-25,), "3": (25,), "4": (25,)}


def test_contrasts_are_counted_by_their_corrected_p() -> None:
    table = pd.DataFrame(
        {"measure": ["interest", "trust"], "first": "none", "second": "rules",
         "difference": [-0.5, 0.1], "low": [-0.8, -0.2], "high": [-0.2, 0.4],
         "p_holm": [0.01, 0.6]}
    )  # fmt: skip
    figure = study_contrasts_figure(table, ABOUT)
    assert "1 of 2" in title_of(figure)
    assert "rules above none" in title_of(figure)  # the difference is of none less rules
    assert [trace.x for trace in figure.data] == [(-0.5,), (0.1,)]
    assert figure.layout.xaxis.range == figure.layout.xaxis2.range
    assert "None of 2" in title_of(study_contrasts_figure(table.assign(p_holm=0.5), ABOUT))


def test_forecasts_stand_over_faithfulness_beside_guessing() -> None:
    table = pd.DataFrame(
        {"task": ["forecast", "forecast", "correction"], "condition": ["none", "rules", "none"],
         "share": [0.25, 0.75, 1], "low": 0.1, "high": 0.9, "chance": 0.25,
         "faithfulness": [0.2, 0.6, 0.2]}
    )  # fmt: skip
    figure = study_forecast_figure(table, ABOUT)
    assert [(trace.name, trace.x, trace.y) for trace in figure.data] == [
        ("none", (0.2,), (25,)),
        ("rules", (0.6,), (75,)),
    ]
    assert figure.layout.shapes[0].y0 == 25
    assert "rules: 75 %" in title_of(figure)


def test_the_flow_sets_off_who_is_left_out() -> None:
    table = pd.DataFrame(
        [("consented", 5, False), ("alike", 1, True), ("analysed", 4, False)],
        columns=["step", "n", "excluded"],
    )
    (bars,) = study_flow_figure(table, ABOUT).data
    assert bars.x == (5, 1, 4)
    assert list(bars.marker.color) == [PALETTE[0], PALETTE[3], PALETTE[0]]
    assert title_of(study_flow_figure(table, ABOUT)).startswith("4 of 5")


def test_a_session_has_a_box_for_each_block_of_the_plan() -> None:
    boxes = session(plan())
    assert len(boxes) == 10  # no closing questions, no raffle
    assert "2 recommendations: 1 with each of none, rules" in boxes
    assert any("10 films" in box for box in boxes)


@pytest.mark.parametrize("draw", [study_means_figure, study_answers_figure])
def test_what_is_simulated_or_confounded_is_called_so(draw: object) -> None:
    table = pd.DataFrame({"measure": "interest", "condition": ["none", "rules"], "n": 9})
    table = table.assign(mean=3.0, value=[1.0, 2.0], within_low=2.0, within_high=4.0)
    figure = draw(table, MADE_UP)  # type: ignore[operator]
    assert title_of(figure).startswith("Simulated answers: ")
    assert "Confounded: of luck." in subtitle_of(figure)
    assert "21" in subtitle_of(figure)
    plain = draw(table, ABOUT)  # type: ignore[operator]
    assert "Simulated" not in title_of(plain)
    assert "Confounded" not in subtitle_of(plain)
