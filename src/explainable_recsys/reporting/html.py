"""The report as one web page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from explainable_recsys.metrics import records
from explainable_recsys.metrics.records import METRICS, Metric, read
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.drawings import drawing
from explainable_recsys.reporting.examples import example_users
from explainable_recsys.reporting.facts import (
    card_table,
    control_table,
    distribution_table,
    paired_table,
    pairwise_matrices,
    protocol_table,
    run_table,
    scope_table,
    stability_table,
)
from explainable_recsys.reporting.findings import control_sentences, findings
from explainable_recsys.reporting.results import Results
from explainable_recsys.reporting.tables import (
    comparison_tables,
    every_figure_table,
    sampled_table,
)
from explainable_recsys.wording import markup
from explainable_recsys.wording.phrases import phrase

TEMPLATE = "report.html.j2"
N_RECOMMENDED, N_RATED = 3, 10
"""How many recommendations and titles of a history are shown before the rest is folded away."""


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
    drawings = [drawing(heading, figure) for heading, figure in content.figures.items()]
    tests = (
        (content.accuracy_tests, phrase("All paired tests between recommenders")),
        (content.explanation_tests, phrase("All paired tests between approaches")),
    )
    return (
        _environment()
        .get_template(TEMPLATE)
        .render(
            content=content,
            findings=findings(content),
            card=[card_table(content), distribution_table(content)],
            protocol=protocol_table(content),
            comparison=comparison_tables(results),
            sampled=sampled_table(results),
            sampled_warning=records.SAMPLED,
            every_figure=every_figure_table(results),
            scope=scope_table(results),
            controls=control_sentences(results),
            control_tests=control_table(content.control_tests),
            matrices=pairwise_matrices(results),
            paired_tests=[paired_table(table, caption) for table, caption in tests],
            stability=stability_table(results, content.stability),
            drawings=drawings,
            plotly=_plotly() if drawings else "",
            users=example_users(content, results),
            n_recommended=N_RECOMMENDED,
            n_rated=N_RATED,
            definitions=_definitions(results),
            readings=list(_readings(results)),
            provenance=run_table(content),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("explainable_recsys.reporting", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sentence"] = markup.html
    environment.globals["phrase"] = phrase
    return environment


def _plotly() -> Markup:
    """The source of plotly.js, which is made to stand in a script element."""
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())


def _definitions(results: Results) -> list[dict[Metric, str]]:
    """What metrics in the page are called there: those of everybody, and those of single ones."""
    columns = map(read, [*results.metrics, *(["jaccard"] if results.overlaps else [])])
    names = {c.metric: c.label for c in columns if c.is_plain and not c.is_area}
    known = {metric: names[metric] for metric in METRICS.values() if metric in names}
    shared = {m: n for m, n in known.items() if m not in records.FAMILIES["own"]}
    return [shared, {m: n for m, n in {**known, **names}.items() if m not in shared}]


def _readings(results: Results) -> Iterator[tuple[str, str]]:
    """What additions to the names of metrics mean, of those that there are."""
    columns = [read(metric) for metric in results.metrics]
    if any(column.is_area for column in columns):
        yield phrase("AUC"), records.AREA
    if any(column.control for column in columns):
        yield phrase("random evidence, popular evidence"), records.CONTROL
    if any(column.lists for column in columns):
        yield phrase("most-popular lists, random lists"), records.OF_LISTS
    if any(column.is_gain for column in columns):
        yield phrase("gain"), records.GAIN
    if any(column.sampled for column in columns):
        yield phrase("sampled negatives"), records.SAMPLED
