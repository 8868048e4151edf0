"""The short twin of the report, for terminals and pull requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from explainable_recsys.metrics.records import read
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.examples import ExampleUser, example_users
from explainable_recsys.reporting.findings import control_sentences, findings
from explainable_recsys.reporting.results import Results
from explainable_recsys.reporting.tables import metric_cell, projections
from explainable_recsys.wording.markup import escaped, markdown
from explainable_recsys.wording.numbers import number
from explainable_recsys.wording.phrases import phrase

N_RATED = 5
"""Most titles of the example user's history."""

ABSENT = "\u2013"


def report_markdown(content: ReportContent) -> str:
    """Write the report in some hundred lines of GitHub-flavoured Markdown.

    Args:
        content: What to report; the figures, and most tables, are in the web page only.

    Returns:
        The text.
    """
    results = Results(content)
    users = example_users(content, results)
    lines = [phrase("# Evaluation of {name}", name=escaped(content.name)), ""]
    origin, commit = escaped(content.origin), escaped(content.commit)
    lines += [phrase("{origin} · commit {commit}", origin=origin, commit=commit), ""]
    lines += [f"- {escaped(finding)}" for finding in findings(content)]
    lines += ["", phrase("## Recommenders"), "", *_recommenders(content.titles, results)]
    lines += ["", phrase("## Approaches"), "", *_approaches(content.titles, results)]
    lines += ["", phrase("## What beats its control, and what does not"), ""]
    lines += [f"- {escaped(sentence)}" for sentence in control_sentences(results)]
    lines += ["", *_example(users[0], content.titles)] if users else []
    return "\n".join(lines) + "\n"


def _recommenders(titles: Mapping[str, str], results: Results) -> Iterator[str]:
    """One row per recommender with what decides about its lists."""
    columns = [c for c in map(results.column, ("recall", "ndcg", "rmse")) if c in results.metrics]
    rows = [
        [
            _named(name, titles) + f" ({phrase('baseline')})" * (name in results.baselines),
            *(_cell(results, name, metric) for metric in columns),
        ]
        for name in [*results.recommenders, *results.baselines]
    ]
    yield from _table([phrase("recommender"), *(read(metric).label for metric in columns)], rows)


def _approaches(titles: Mapping[str, str], results: Results) -> Iterator[str]:
    """One row per approach with what decides about its reasons."""
    marks, pos, deletion = projections(results), results.column("pos"), results.column("del")
    columns = ["coverage", pos, f"{pos}/random", f"{pos}/popular", deletion, f"{deletion}/random"]
    columns = [column for column in columns if column in results.metrics]
    rows = []
    for name, recommender in results.approaches.items():
        overlap = results.overlaps.get(name)
        rows.append(
            [
                _named(name, titles) + marks.get(results.scope(name), ""),
                escaped(recommender),
                _cell(results, recommender, results.ndcg),
                *(_cell(results, name, metric) for metric in columns),
                ABSENT if overlap is None else number(overlap),
            ]
        )
    short = [
        f"{c.metric.label} {c.control}" if (c := read(m)).control else c.label for m in columns
    ]
    ndcg = read(results.ndcg).label
    yield from _table(
        [phrase("approach"), phrase("recommender"), ndcg, *short, phrase("stability")], rows
    )
    yield from (f"{mark} {escaped(text)}." for text, mark in marks.items())


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        yield phrase("Nothing was measured.")
        return
    for cells in (titles, ["---", *["---:"] * (len(titles) - 1)], *rows):
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield phrase("± half the 95 % interval; {absent} not measured.", absent=ABSENT)


def _cell(results: Results, name: str, metric: str) -> str:
    cell = metric_cell(results, name, metric, ABSENT)
    has_spread = metric.startswith(("recall", "ndcg")) and cell.spread.startswith("±")
    return cell.text + cell.spread * has_spread


def _named(name: str, titles: Mapping[str, str]) -> str:
    """A readable name with the name in code style behind it."""
    return f"{escaped(titles[name])} `{name}`" if name in titles else escaped(name)


def _example(user: ExampleUser, titles: Mapping[str, str]) -> Iterator[str]:
    """The first recommendation of every approach that explains, to one user."""
    yield phrase("## User {user}", user=escaped(user.user_id))
    yield ""
    if user.history:
        rated = [f"{escaped(title)} {stars}".strip() for title, stars in user.history[:N_RATED]]
        yield phrase("Among the best rated: {titles}.", titles=", ".join(rated))
        yield ""
    said = 0
    for approach, recommended in user.lists.items():
        first = next((item for item in recommended if item.reason), None)
        if first:
            said += 1
            title, reason = escaped(first.title), markdown(first.reason)
            yield f"- {_named(approach, titles)}: **{title}**. {reason}"
    if not said:
        yield phrase("No approach gives this user a reason.")
