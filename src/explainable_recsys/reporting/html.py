"""The report as one web page that needs nothing but itself."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from explainable_recsys.metrics import records
from explainable_recsys.metrics.records import METRICS, Metric, read
from explainable_recsys.reporting import facts, overview, tables
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.drawings import drawing
from explainable_recsys.reporting.findings import control_sentences, findings
from explainable_recsys.reporting.fold_in import fold_in_table
from explainable_recsys.reporting.owner import owner_sentences, owner_tables
from explainable_recsys.reporting.people import titled
from explainable_recsys.reporting.results import Results
from explainable_recsys.reporting.study import study_tables
from explainable_recsys.wording import markup
from explainable_recsys.wording.metrics import label
from explainable_recsys.wording.numbers import number, short
from explainable_recsys.wording.phrases import language, phrase


def report_html(content: ReportContent) -> str:
    """Write the report as one self-contained HTML page.

    The page loads nothing: plotly.js, the styles and the data of the figures are in it, and its
    content security policy forbids the rest. Equal contents give equal pages.

    Args:
        content: What to report.

    Returns:
        The page.
    """
    results = Results(content)
    in_short = overview.in_short(content, results)
    drawings = [drawing(heading, figure) for heading, figure in content.figures.items()]
    of_lists = phrase("All paired tests between recommenders (difference: first less second)")
    of_reasons = phrase("All paired tests between approaches (difference: first less second)")
    of_controls = phrase(
        "All tests of evidence against its controls (difference: own less control)"
    )
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            content=content,
            findings=findings(content),
            card=facts.card_table(content),
            protocol=facts.facts_table(
                phrase("How it was evaluated"),
                (phrase("what"), phrase("how")),
                content.protocol.items(),
            ),
            comparison=tables.comparison_tables(results),
            sampled=tables.sampled_table(results),
            sampled_warning=records.SAMPLED,
            controls=control_sentences(results),
            all_tests=[
                facts.rows_table(content.control_tests, of_controls, facts.OF_CONTROLS),
                facts.rows_table(content.accuracy_tests, of_lists, facts.OF_PAIRS),
                facts.rows_table(content.explanation_tests, of_reasons, facts.OF_PAIRS),
            ],
            stability=facts.rows_table(
                content.stability, phrase("Stability of what is cited"), facts.OF_STABILITY
            ),
            fold_in=fold_in_table(content),
            owner=owner_sentences(content, results.approaches),
            owner_tables=owner_tables(content, results.approaches),
            drawings=drawings,
            plotly=_plotly() if drawings else "",
            in_short=in_short,
            named_here=_named_here(content, in_short),
            kinds=overview.KINDS,
            kind_of=functools.partial(overview.kind, content),
            overview=overview.overview_table(content, results),
            people=overview.people(content, results),
            known_names=results.everybody,
            definitions=_definitions(results),
            readings=_readings(results),
            study=_study(content.study),
        )
    )


def study_html(findings: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    """Write the results of a study as a page of their own, closed in itself like the report.

    Args:
        findings: As of `study_findings`.
        figures: Plotly figures by heading; those without data are left out.
    """
    drawn = {heading: figure for heading, figure in figures.items() if figure.data}
    drawings = [drawing(heading, figure) for heading, figure in drawn.items()]
    template = _environment().get_template("study.html.j2")
    return template.render(
        title=findings["title"],
        study=_study(findings),
        drawings=drawings,
        plotly=_plotly(),
    )


def _study(findings: Mapping[str, Any]) -> dict[str, Any]:
    """What the section about a study shows; without findings only that there are none."""
    tables = study_tables(findings) if findings else []
    texts = {name: findings.get(name, "") for name in ("source", "simulated", "confounded")}
    return {**texts, "sentences": findings.get("sentences", []), "tables": tables}


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("explainable_recsys.reporting", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    environment.filters["sentence"] = markup.html
    environment.globals |= {"phrase": phrase, "language": language, "titled": titled}
    environment.globals |= {"number": number, "short": short}
    return environment


def _plotly() -> Markup:
    """The source of plotly.js, which is made to stand in a script element."""
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())


def _named_here(content: ReportContent, sentences: Mapping[str, str]) -> dict[str, str]:
    """What recommenders and approaches in some sentences are, by their titles."""
    text, found = " ".join(sentences.values()), dict[str, str]()
    titles = {phrase(content.titles.get(n, n)): about for n, about in content.about.items()}
    for title in sorted(titles, key=len, reverse=True):  # `SVD` is in `SVD by influence`
        if title in text:
            text, found[title] = text.replace(title, ""), phrase(titles[title])
    return dict(sorted(found.items()))


def _definitions(results: Results) -> dict[Metric, str]:
    """What metrics in the page are called there."""
    columns = [read(m) for m in [*results.metrics, *(["jaccard"] if results.overlaps else [])]]
    names = {c.metric: phrase(c.metric.label) for c in columns if c.history}
    names |= {c.metric: label(c) for c in columns if c.is_plain and not c.is_area}
    known = {metric: names[metric] for metric in METRICS.values() if metric in names}
    return known | names


def _readings(results: Results) -> list[tuple[str, str]]:
    """What additions to the names of metrics mean, of those that there are."""
    columns = [read(metric) for metric in results.metrics]
    return [
        (phrase(name), phrase(meaning))
        for kind, (name, meaning) in records.ADDITIONS.items()
        if any(getattr(column, kind) for column in columns)
    ]
