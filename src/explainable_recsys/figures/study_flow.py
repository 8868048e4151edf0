"""Draw how a session goes, as the plan has it, and how many people came how far."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import escape, lines_of
from explainable_recsys.study.about import About, readable
from explainable_recsys.study.flow import steps
from explainable_recsys.study.plan import Plan
from explainable_recsys.wording.numbers import number
from explainable_recsys.wording.phrases import later, phrase

STEPS = {
    "consented": later("consented"),
    "answered": later("answered about a recommendation"),
    "saw_all": later("saw all recommendations"),
    "finished": later("came to the last page"),
    "analysed": later("analysed"),
}
"""How far people came, by the name in the table of the flow."""

RULES = {
    "unfinished": later("did not see all recommendations"),
    "failed_checks": later("failed checks"),
    "least_seconds": later("too fast"),
    "alike": later("all answers alike"),
}
"""Whom the rules of a plan leave out, by their names."""

BLOCKS = {
    "information": later("Information"),
    "consent": later("Consent, its version and time kept"),
    "about-you": later("Questions about the person"),
    "ratings": later("Rates at least {n} films"),
    "recommendation": later("{n} recommendations: {each} with each of {kinds}"),
    "side-by-side": later("Chooses among all reasons for a film: {n} ×"),
    "forecast": later("Says which rating, taken back, removes a film: {n} ×"),
    "correction": later("Moves ratings until a film is removed: {n} ×"),
    "scale": later("Scales: {scales}"),
    "closing": later("Closing questions"),
    "raffle": later("An e-mail address for the raffle, kept apart"),
    "thanks": later("Thanks, and a code to withdraw"),
}
"""What a session consists of, by the block of its pages."""

_ARROW: dict[str, Any] = {
    "marker": draw.ARROW | {"size": 10, "color": style.GREY},
    "line": {"color": style.GREY},
    "hoverinfo": "skip",
    "showlegend": False,
}

_BOX, _GAP, _ROW, _EDGE = 46, 22, 30, 18  # heights in pixels
_LABEL = 24  # characters in a line


def study_flow_figure(flow: pd.DataFrame, about: About) -> style.Figure:
    """Draw how many people came how far, whom each rule leaves out, and who is analysed.

    Args:
        flow: `step`, `n`, and `excluded`, whether these people are left out.
        about: The study.
    """
    if about.plan is None:
        return style.message_figure(phrase("These answers came without a plan"))
    if flow.empty or not flow["n"].max():
        return style.message_figure(phrase("Nobody has taken part yet"))
    figure = style.new_figure()
    labels = ["<br>".join(lines_of(step_name(step), _LABEL)) for step in flow["step"]]
    hues = [style.PALETTE[3] if is_out else style.PALETTE[0] for is_out in flow["excluded"]]
    texts = [number(n, "count") for n in flow["n"]]
    look = {"orientation": "h", "width": 0.6, "text": texts, "showlegend": False}
    draw.bars(figure, flow["n"], range(len(flow)), hues, None, **look)
    across = {"range": [0, 1.15 * float(flow["n"].max())], "title_text": phrase("People")}
    figure.update_layout(xaxis=across | draw.FEW_TICKS, yaxis=draw.row_axis(labels))
    counts = dict(zip(flow["step"], flow["n"], strict=True))
    title = phrase(
        "{analysed} of {n} people who consented are analysed",
        analysed=number(counts["analysed"], "count"),
        n=number(flow["n"].iloc[0], "count"),
    )
    return style.finish(
        figure,
        about.titled(title),
        phrase("Who breaks several rules is counted at the first."),
        drawn=_ROW * len(flow) + _EDGE,
        foot=70,
    )


def step_name(step: str) -> str:
    """A step of the flow of participants, in words."""
    if step in RULES:
        return phrase("out: {rule}", rule=phrase(RULES[step]))
    return phrase(STEPS[step])


def study_session_figure(plan: Plan | None) -> style.Figure:
    """Draw what somebody goes through who takes part, from top to bottom.

    Args:
        plan: The study; None of anybody's answers, which have none.
    """
    if plan is None:
        return style.message_figure(phrase("These answers came without a plan"))
    figure, texts = style.new_figure(), session(plan)
    height = len(texts) * (_BOX + _GAP) - _GAP
    unit = {"xref": "x domain", "yref": "y domain"}
    for place, text in enumerate(texts):
        top = 1 - place * (_BOX + _GAP) / height
        bottom = top - _BOX / height
        figure.add_shape(
            type="rect", x0=0, x1=1, y0=max(bottom, 0), y1=top, line_color=style.PALETTE[0], **unit
        )
        draw.note(figure, escape(text), 0.5, (top + bottom) / 2, "middle center", **unit)
        if place:
            draw.points(figure, [0.5, 0.5], [top + _GAP / height, top], **_ARROW)
    bare = {"range": [0, 1], "visible": False}
    figure.update_layout(xaxis=bare, yaxis=bare, margin={"l": 16, "r": 16})
    title = phrase(
        "A session: {n} recommendations with {kinds} kinds of reasons",
        n=plan.n_trials,
        kinds=len(plan.kinds),
    )
    if not texts[1:]:  # one box only
        draw.points(figure, [None], [None], hoverinfo="skip", showlegend=False)
    how = phrase("What somebody goes through who takes part, from top to bottom.")
    return style.finish(figure, title, About(plan).cautious(how), drawn=height, foot=16)


def session(plan: Plan) -> list[str]:
    """The blocks of a session in order, in words."""
    pages = steps(plan)
    counts = Counter(page.block for page in pages)
    told = {
        "kinds": ", ".join(readable(kind.name) for kind in plan.kinds),
        "scales": ", ".join(readable(scale.name) for scale in plan.scales),
        "each": str(plan.items_of(plan.kinds[0])),  # balanced, or it is no plan
    }
    return [
        phrase(
            BLOCKS.get(block, block),
            n=plan.ratings.least if block == "ratings" else counts[block],
            **told,
        )
        for block in dict.fromkeys(page.block for page in pages)
    ]
