"""The short twin of the report, for terminals and pull requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from explainable_recsys.reporting import tables
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.examples import ExampleUser, example_users
from explainable_recsys.reporting.facts import stability_table
from explainable_recsys.reporting.findings import control_sentences, findings
from explainable_recsys.reporting.results import Results
from explainable_recsys.wording.markup import escaped, markdown
from explainable_recsys.wording.phrases import phrase

N_RATED = 5
"""Most titles of the example user's history."""


def report_markdown(content: ReportContent) -> str:
    """Write the report in some hundred lines of GitHub-flavoured Markdown.

    Args:
        content: What to report; the figures, and most metrics, are in the web page only.

    Returns:
        The text.
    """
    results = Results(content)
    users = example_users(content, results)
    lines = [phrase("# Evaluation of {name}", name=escaped(content.name)), ""]
    origin, commit = escaped(content.origin), escaped(content.commit)
    lines += [phrase("{origin} · commit {commit}", origin=origin, commit=commit), ""]
    lines += [f"- {escaped(finding)}" for finding in findings(content)]
    of_lists = results.those("recall", "ndcg", "rmse")
    for table in (
        tables.recommenders_table(results, phrase("Recommenders"), of_lists),
        tables.explanations_table(results, results.those("coverage")),
        tables.controlled_table(results, phrase("Faithfulness"), results.those("pos", "del")),
        stability_table(results, content.stability),
    ):
        lines += ["", f"## {table.caption}", "", *_table(table, content.titles)]
    lines += ["", phrase("## What beats its control, and what does not"), ""]
    lines += [f"- {escaped(sentence)}" for sentence in control_sentences(results)]
    lines += ["", *_example(users[0], content.titles)] if users else []
    return "\n".join(lines) + "\n"


def _table(table: tables.Table, titles: Mapping[str, str]) -> Iterator[str]:
    """The lines of a table and its notes."""
    if not table.has_rows:
        yield phrase("Nothing was measured.")
        return
    groups = [f"{group} " for group, span in table.groups for _ in range(span)]
    above = ["", *groups] if groups else [""] * len(table.columns)
    yield _line(group + title for group, title in zip(above, table.columns, strict=True))
    yield _line(["---", *["---:"] * (len(table.columns) - 1)])
    for body in table.bodies:
        mark = f" ({phrase('baseline')})" * body.is_baseline
        for row in body.rows:
            cells = [text for cell in row.cells for text in (_text(cell), *[""] * (cell.span - 1))]
            yield _line([_named(row.heading, titles) + row.footnote + mark, *cells])
    if table.notes:
        yield ""
        yield " ".join(map(escaped, table.notes))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(cell: tables.Cell) -> str:
    """A cell with its marks, which the notes explain."""
    text = escaped(cell.text) if cell.is_phrase else cell.text
    sign = f" {cell.sign}" if cell.sign else ""
    return f"{'● ' * cell.is_best}{text}{cell.spread}{sign}"


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
