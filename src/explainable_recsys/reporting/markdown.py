"""The short twin of the report, for terminals and pull requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.examples import ExampleUser, example_users
from explainable_recsys.reporting.findings import findings
from explainable_recsys.reporting.glossary import describe, label
from explainable_recsys.reporting.results import Results
from explainable_recsys.reporting.tables import metric_cell, projections
from explainable_recsys.reporting.verdicts import (
    WHAT_CONTROLS_CITE,
    WHY_AREAS,
    failing,
    fails_in_areas,
    failure_sentence,
    failure_sentences,
    n_tested,
    nothing_fails,
)
from explainable_recsys.wording.markup import escaped, markdown
from explainable_recsys.wording.numbers import number

N_ROWS, N_FAILURES, N_APPROACHES, N_RATED = 25, 24, 12, 5
"""Most rows of the comparison, approaches that fail, approaches and titles of the example."""


ABSENT = "\u2013"


def report_markdown(content: ReportContent) -> str:
    """Write the report in some 90 lines of GitHub-flavoured Markdown at most.

    Args:
        content: What to report; the figures, and most tables, are in the web page only.

    Returns:
        The text.
    """
    results = Results.of(content)
    facts = content.provenance
    commit = escaped(str(facts.get("commit") or "not known"))
    state = ", with uncommitted changes" if facts.get("dirty") else ""
    lines = [f"# Evaluation of {escaped(content.name)}", ""]
    lines += [f"{escaped(content.origin)} · commit {commit}{state}", ""]
    lines += [f"- {escaped(finding)}" for finding in findings(content)]
    lines += ["", "## Comparison", "", *_comparison(content, results)]
    lines += ["", "## What does not beat its control", "", *_failures(results)]
    users = example_users(content, results)
    if users:
        lines += ["", *_example(users[0])]
    return "\n".join(lines) + "\n"


def _comparison(content: ReportContent, results: Results) -> Iterator[str]:
    """One row per approach with what decides."""
    columns = _columns(results)
    if not results.everybody:
        yield "Nothing was measured."
        return
    overlaps = results.overlaps
    marks = projections(results)
    titles = ["approach", *columns, *(["stability"] if overlaps else [])]
    yield _row(titles)
    yield _row(["---", *["---:"] * (len(titles) - 1)])
    for name in results.everybody[:N_ROWS]:
        cells = [_cell(results, name, metric) for metric in columns.values()]
        overlap = overlaps.get(name)
        seedless = " (no seed)" * (name in results.seedless)
        cells += [ABSENT if overlap is None else number(overlap) + seedless] if overlaps else []
        mark = marks.get(results.scope(name), "")
        baseline = " (baseline)" if name in results.baselines else ""
        yield _row([escaped(name) + baseline + mark, *cells])
    yield ""
    left = len(results.everybody) - N_ROWS
    notes = [f"{left} more in the web page."] if left > 0 else []
    notes += [f"± half the 95 % interval; {ABSENT} not measured."]
    notes += ["No seed: not trained again."] if results.seedless else []
    notes += [f"{mark} {escaped(text)}." for text, mark in marks.items()]
    yield " ".join(notes)


def _columns(results: Results) -> dict[str, str]:
    """Metric by title of its column, of those that some approach has."""
    wanted = {label(metric): metric for metric in (f"recall@{results.k}", results.ndcg, "coverage")}
    for metric, controls in ((results.pos, ("random", "popular")), (results.deletion, ("random",))):
        wanted[label(metric)] = metric
        for control in controls:
            wanted[f"{describe(metric).title} {control}"] = f"{metric}/{control}"
    return {title: metric for title, metric in wanted.items() if metric in results.metrics}


def _cell(results: Results, approach: str, metric: str) -> str:
    cell = metric_cell(results, approach, metric, ABSENT)
    has_spread = metric.startswith(("recall", "ndcg")) and cell.spread.startswith("±")
    return cell.text + cell.spread * has_spread


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _failures(results: Results) -> Iterator[str]:
    """Every approach that does not beat a control somewhere; the last ones by name only."""
    sentences = failure_sentences(results)
    if not n_tested(results):
        yield "No evidence was tested against a control."
    elif not sentences:
        yield nothing_fails(results)
    for sentence in sentences[:N_FAILURES]:
        yield f"- {escaped(sentence)}"
    for control, what in WHAT_CONTROLS_CITE.items():
        left = [
            approach
            for approach in failing(results, control)
            if failure_sentence(results, approach, control) in sentences[N_FAILURES:]
        ]
        if left:
            yield f"- Not in everything better than {what} either: {escaped(', '.join(left))}."
    if fails_in_areas(results):
        yield f"- {escaped(WHY_AREAS)}"


def _example(user: ExampleUser) -> Iterator[str]:
    """The first recommendation of every approach that explains, to one user."""
    yield f"## User {escaped(user.user_id)}"
    yield ""
    if user.history:
        rated = [f"{escaped(item.title)} {item.stars}".strip() for item in user.history[:N_RATED]]
        yield f"Among the best rated: {', '.join(rated)}."
        yield ""
    explained = [entry for entry in user.lists if entry.explains]
    for entry in explained[:N_APPROACHES]:
        first = next(item for item in entry.recommended if item.reason)
        yield (f"- {escaped(entry.approach)}: **{escaped(first.title)}**. {markdown(first.reason)}")
    if not explained:
        yield "No approach gives this user a reason."
