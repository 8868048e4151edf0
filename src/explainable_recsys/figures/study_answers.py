"""Draw what people answered to each kind of reason: means with intervals, and all answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.rows import row_label
from explainable_recsys.figures.texts import escape
from explainable_recsys.study.about import About, readable
from explainable_recsys.wording.numbers import fixed
from explainable_recsys.wording.phrases import later, phrase

NO_ANSWERS = later("Nobody has answered yet")

_ROW, _EDGE = 26, 18  # heights of a row, and of what is above and below all, in pixels
_AGREE, _DISAGREE, _NEITHER = style.PALETTE[0], style.PALETTE[3], style.GREY
_PALEST = 0.45  # of the colours of answers


def study_means_figure(descriptives: pd.DataFrame, about: About) -> style.Figure:
    """Draw the mean answer to each measure by kind of reason, with intervals to compare them.

    Args:
        descriptives: One row per measure and condition: `measure`, `condition`, `n`,
            `mean`, `within_low`, `within_high`.
        about: The study.
    """
    if descriptives.empty:
        return style.message_figure(phrase(NO_ANSWERS))
    figure, kinds, measures = _panels(descriptives)
    for number, measure in enumerate(measures):
        rows = descriptives[descriptives["measure"] == measure]
        least, most = _ends(about, measure, rows)
        places = [kinds.index(kind) for kind in rows["condition"]]
        texts = [
            f"{escape(readable(row['condition']))}: {fixed(row['mean'], 2)}"
            for row in rows.to_dict("records")
        ]
        look: dict[str, Any] = {"orientation": "h", "base": least, "showlegend": False}
        look["textposition"] = "none"
        look |= {"xaxis": f"x{draw.suffix_of(number)}", "yaxis": f"y{draw.suffix_of(number)}"}
        look["error_x"] = draw.interval(rows["mean"], rows["within_low"], rows["within_high"])
        draw.bars(figure, rows["mean"] - least, places, _AGREE, texts, width=0.6, **look)
        axis: dict[str, Any] = {"range": [least, most], "title_text": escape(readable(measure))}
        axis |= {"dtick": 1} if about.question(measure) else {}
        figure.update_layout({f"xaxis{draw.suffix_of(number)}": axis})
    return style.finish(
        figure,
        about.titled(_highest(descriptives)),
        about.cautious(
            phrase(
                "Means of {n} people with answers to every kind. 95 % intervals to compare kinds: "
                "how people differ in general is taken out.",
                n=int(descriptives["n"].max()),
            )
        ),
        drawn=_height(kinds),
        foot=70,
    )


def study_answers_figure(counts: pd.DataFrame, about: About) -> style.Figure:
    """Draw all answers to each measure by kind of reason, the lower steps to the left.

    Args:
        counts: One row per measure, condition and answer: `measure`, `condition`, `value`, `n`.
        about: The study.
    """
    if counts.empty:
        return style.message_figure(phrase(NO_ANSWERS))
    figure, kinds, measures = _panels(counts)
    steps = sorted(counts["value"].unique())
    colours = _colours(len(steps))
    for number, measure in enumerate(measures):
        rows = counts[counts["measure"] == measure]
        shares = rows.pivot_table("n", "condition", "value", "sum", fill_value=0)
        shares = shares.reindex(index=kinds, columns=steps, fill_value=0)
        shares = 100 * shares.div(shares.sum(axis=1).clip(lower=1), axis=0)
        _add_steps(figure, shares, colours, draw.suffix_of(number))
        name = phrase("{measure} (%)", measure=escape(readable(measure)))
        axis = {"title_text": name, "range": [-100, 100]} | draw.FEW_TICKS
        axis |= {"tickvals": [-50, 0, 50], "ticktext": ["50", "0", "50"]}
        figure.update_layout({f"xaxis{draw.suffix_of(number)}": axis})
    figure.update_layout(barmode="relative", legend_title_text=phrase("Answer"))
    return style.finish(
        figure,
        about.titled(_agreed(counts, steps)),
        about.cautious(
            phrase(
                "All answers: to the right of the middle those above the middle step, to the left "
                "those below; the middle step is cut in half."
            )
        ),
        drawn=_height(kinds),
        foot=110,
        legend=66,
    )


def _panels(table: pd.DataFrame) -> tuple[style.Figure, list[str], list[str]]:
    """Empty panels, one for each measure, with a row for each kind; both in their order."""
    kinds, measures = (list(dict.fromkeys(table[name])) for name in ("condition", "measure"))
    figure, n = style.new_figure(), len(measures)
    draw.grid(figure, n, n, _height(kinds), gap=0, between=0.1)
    labels = [row_label(readable(kind)) for kind in kinds]
    for place in range(n):
        rows = draw.row_axis(labels, showticklabels=place == 0)
        figure.update_layout({f"yaxis{draw.suffix_of(place)}": rows})
        across = {"title_font_size": 12, **draw.FEW_TICKS}
        figure.update_layout({f"xaxis{draw.suffix_of(place)}": across})
    return figure, kinds, measures


def _height(kinds: Sequence[str]) -> int:
    return _ROW * len(kinds) + _EDGE


def _ends(about: About, measure: str, rows: pd.DataFrame) -> tuple[float, float]:
    """The least and the most that can be answered, or what comes near where that is not known."""
    if (question := about.question(measure)) and question.answer != "number":
        return 1.0, float(len(question.accepted))
    ends = rows[["mean", "within_low", "within_high"]]
    least = float(np.nanmin(ends, initial=0))
    return least, float(np.nanmax(ends)) + 0.05 * (float(np.nanmax(ends)) - least)


def _colours(n: int) -> list[str]:
    """One for each step: orange below the middle, blue above, paler towards the middle."""
    colours = []
    for place in range(n):
        side = 2 * place - (n - 1)
        part = 1.0 if n < 4 else _PALEST + (1 - _PALEST) * (abs(side) - 1) / (n - 2)
        hue = _NEITHER if side == 0 else _AGREE if side > 0 else _DISAGREE
        red, green, blue = (int(hue[at : at + 2], 16) for at in (1, 3, 5))
        colours.append(f"rgba({red}, {green}, {blue}, {1.0 if side == 0 else round(part, 2)})")
    return colours


def _add_steps(
    figure: style.Figure, shares: pd.DataFrame, colours: Sequence[str], suffix: str
) -> None:
    """Add bars outwards from the middle: what is nearest to it comes first."""
    n = len(colours)
    for place in sorted(range(n), key=lambda at: abs(2 * at - (n - 1))):
        side, step = 2 * place - (n - 1), shares.columns[place]
        for sign in (-1, 1):
            if side * sign < 0:
                continue
            values = sign * shares[step] / (1 if side else 2)
            texts = [
                phrase("{kind}: {share} % answer {step}", kind=escape(readable(str(kind))),
                       share=fixed(share, 0), step=f"{step:g}")
                for kind, share in shares[step].items()
            ]  # fmt: skip
            look: dict[str, Any] = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "width": 0.7}
            look |= {"legendgroup": f"{step:g}", "legendrank": place, "name": f"{step:g}"}
            look["showlegend"] = not suffix and (side != 0 or sign > 0)
            draw.bars(figure, values, range(len(shares)), colours[place], texts, orientation="h",
                      textposition="none", **look)  # fmt: skip


def _highest(descriptives: pd.DataFrame) -> str:
    """Title: under which kind people's answers are highest, without a claim that this is more."""
    told = []
    for measure, rows in descriptives.groupby("measure", sort=False):
        best = rows.iloc[rows["mean"].argmax()]
        told.append(
            phrase(
                "{measure} is highest with {kind} ({mean})",
                measure=escape(readable(str(measure))),
                kind=escape(readable(best["condition"])),
                mean=fixed(best["mean"], 2),
            )
        )
    title = "; ".join(told[:2])
    return title[0].upper() + title[1:]


def _agreed(counts: pd.DataFrame, steps: Sequence[float]) -> str:
    """Title: how many answers of the first measure are above the middle, by kind."""
    measure = counts["measure"].iloc[0]
    rows = counts[counts["measure"] == measure]
    above = rows["value"] > (min(steps) + max(steps)) / 2
    shares = rows["n"].where(above, 0).groupby(rows["condition"], sort=False).sum()
    shares = shares / rows.groupby("condition", sort=False)["n"].sum()
    told = [
        f"{fixed(100 * share, 0)} % ({escape(readable(str(kind)))})"
        for kind, share in shares.sort_values(ascending=False).items()
    ]
    return phrase(
        "Answers above the middle to {measure}: {shares}",
        measure=escape(readable(measure)),
        shares=", ".join(told),
    )
