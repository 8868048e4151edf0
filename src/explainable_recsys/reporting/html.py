"""The report as one web page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from explainable_recsys.reporting import glossary
from explainable_recsys.reporting.comparison_tables import (
    accuracy_table,
    beyond_accuracy_table,
    every_figure_table,
    explanations_table,
    faithfulness_tables,
    ratings_table,
    sampled_table,
    scope_table,
)
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.drawings import drawing
from explainable_recsys.reporting.examples import NO_REASON, example_users
from explainable_recsys.reporting.fact_tables import (
    card_table,
    distribution_table,
    protocol_table,
    run_table,
    stability_table,
)
from explainable_recsys.reporting.findings import findings
from explainable_recsys.reporting.results import Results
from explainable_recsys.reporting.significance_tables import (
    control_table,
    paired_table,
    pairwise_matrices,
)
from explainable_recsys.reporting.tables import Table
from explainable_recsys.reporting.verdicts import control_sentences

TEMPLATE = "report.html.j2"
N_RECOMMENDED, N_RATED = 3, 10
"""How many recommendations and titles of a history are shown before the rest is folded away."""


@dataclass(frozen=True)
class Definition:
    """A metric as the page defines it."""

    names: str
    definition: str
    better: str
    source: str


def report_html(content: ReportContent) -> str:
    """Write the report as one self-contained HTML page.

    The page loads nothing: plotly.js, the styles and the data of the figures are in it, and its
    content security policy forbids the rest. Equal contents give equal pages.

    Args:
        content: What to report.

    Returns:
        The page.
    """
    results = Results.of(content)
    drawings = [drawing(heading, figure) for heading, figure in content.figures.items()]
    page = _environment().get_template(TEMPLATE)
    return page.render(
        content=content,
        facts=content.provenance,
        findings=findings(content),
        card=[card_table(content), distribution_table(content)],
        protocol=protocol_table(content),
        comparison=_with_rows(_comparison(results)),
        sampled=sampled_table(results),
        sampled_warning=glossary.SAMPLED,
        every_figure=every_figure_table(results),
        scope=scope_table(results),
        controls=control_sentences(results),
        control_tests=control_table(content.control_tests),
        matrices=_with_rows(pairwise_matrices(results, content.paired_tests)),
        paired_tests=paired_table(content.paired_tests),
        stability=stability_table(results, content.stability),
        drawings=drawings,
        plotly=_plotly() if drawings else "",
        users=example_users(content, results),
        no_reason=NO_REASON,
        n_recommended=N_RECOMMENDED,
        n_rated=N_RATED,
        definitions=_definitions(content, results),
        provenance=run_table(content),
    )


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("explainable_recsys.reporting", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _plotly() -> Markup:
    """The source of plotly.js, which is made to stand in a script element."""
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())


def _comparison(results: Results) -> Iterator[Table]:
    yield accuracy_table(results)
    yield ratings_table(results)
    yield beyond_accuracy_table(results)
    yield explanations_table(results)
    yield from faithfulness_tables(results)


def _with_rows(tables: Iterable[Table]) -> list[Table]:
    return [table for table in tables if table.has_rows and len(table.columns) > 1]


def _definitions(content: ReportContent, results: Results) -> list[list[Definition]]:
    """Of all metrics in the page: those of every approach, and those of single ones."""
    names: dict[glossary.Metric, list[str]] = {}
    for metric in [*results.metrics, *(["jaccard"] if len(content.stability) else [])]:
        name = glossary.parse(metric)
        plain = metric if not name.of else metric.removesuffix("_gain").rpartition("_of_")[0]
        if not (name.control or name.sampled or name.is_area):
            names.setdefault(glossary.describe(metric), []).append(glossary.label(plain or metric))
    metrics = sorted(names, key=_place)
    shared = [_definition(m, names[m]) for m in metrics if m in _FAMILIES]
    shared += [Definition(name, text, "", "") for name, text in _readings(results)]
    return [shared, [_definition(m, names[m]) for m in metrics if m not in _FAMILIES]]


def _definition(metric: glossary.Metric, names: list[str]) -> Definition:
    return Definition(
        ", ".join(dict.fromkeys(names)),
        metric.definition or "A figure of its approach; see the pipeline that makes it.",
        {"high": "Higher is better.", "low": "Lower is better.", "": ""}[metric.better],
        metric.source,
    )


def _place(metric: glossary.Metric) -> int:
    """Families in the order of the report, then what single approaches say of themselves."""
    return _FAMILIES.index(metric) if metric in _FAMILIES else len(_FAMILIES)


_FAMILIES = [
    metric
    for family in (
        glossary.ACCURACY,
        glossary.RATINGS,
        glossary.BEYOND_ACCURACY,
        glossary.EXPLANATIONS,
        glossary.FAITHFULNESS,
    )
    for metric in family.values()
]


def _readings(results: Results) -> Iterator[tuple[str, str]]:
    """What additions to the names of metrics mean, of those that there are."""
    names = [glossary.parse(metric) for metric in results.metrics]
    if any(name.is_area for name in names):
        yield "AUC", glossary.AREA
    if any(name.control for name in names):
        yield "random evidence, popular evidence", glossary.CONTROLS
    if any(name.of in ("popularity", "random") for name in names):
        yield "of popularity, of random", glossary.OF_LISTS
    if any(name.of == "gain" for name in names):
        yield "gain", glossary.GAIN
    if any(name.sampled for name in names):
        yield "sampled negatives", glossary.SAMPLED
