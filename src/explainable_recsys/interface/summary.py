"""What stands in the terminal after a run, and again after `kedro summary`: one screen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from kedro.io import DataCatalog
from rich.console import Group, RenderableType
from rich.text import Text

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import CONTROLS, RECOMMENDERS
from explainable_recsys.errors import InputError
from explainable_recsys.interface.found import Found, find
from explainable_recsys.interface.long_tables import (
    control_lines,
    examples,
    legend,
    long_tables,
    metrics_table,
)
from explainable_recsys.interface.messages import pipeline_of
from explainable_recsys.interface.runs import named, runs_of
from explainable_recsys.interface.stored import quick_catalog
from explainable_recsys.interface.terminal import (
    below,
    grid,
    heading,
    indented,
    kedro_command,
    print_plainly,
    reason_of,
    title_of,
)
from explainable_recsys.pipelines.judging import earlier_results, results_root
from explainable_recsys.reporting.people import example_item
from explainable_recsys.wording.numbers import date, number, percentage
from explainable_recsys.wording.phrases import later, phrase, plural

MISSION = ("intrinsic_als", "posthoc_ar", "intrinsic_mf", "posthoc_fm_lime")
"""The approaches of the workshop that the project follows: shown before others."""

N_APPROACHES, N_LISTS, N_REASONS = 5, 5, 3
"""How many approaches are compared, recommenders without any, and reasons of one person."""

STUDY = "study.findings"

NOBODY = later("Nothing is explained to anybody.")


def print_summary(outputs: Collection[str], catalog: DataCatalog, env: str | None) -> None:
    """Print what a run found out; nothing if it made nothing that is summed up.

    Args:
        outputs: Names of the datasets that the run wrote.
        catalog: Where they are.
        env: Environment of the run.
    """
    found = find(catalog, None if "accuracy" in outputs else outputs)  # or all that was compared
    parts = results(found, outputs)
    if "tuning.trials" in outputs:
        parts += tuning_lines(catalog, env)
    study = [*study_lines(catalog)] if STUDY in outputs else []
    if parts or "dataset_card" in outputs:
        steps = next_steps(found, "report" in outputs, env)
        print_plainly(Group(Text(), *data_lines(catalog), *parts, *study, *steps))
    elif study:
        print_plainly(Group(*study))


def summarize(project: Path, env: str | None, everything: bool) -> None:
    """Print what is stored of all runs.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        everything: Whether to print all tables and reasons too.

    Raises:
        InputError: If nothing is stored.
    """
    catalog = quick_catalog(project, env)
    study = [*study_lines(catalog)] if catalog.exists(STUDY) else []
    if study and not catalog.exists("dataset_card"):
        print_plainly(Group(*study))
        return
    if not catalog.exists("dataset_card"):
        root = results_root(catalog)
        raise InputError(
            earlier_results(root)
            or f"{root}: nothing is stored there yet; first kedro run in this environment"
        )
    found = find(catalog)
    rest = long_tables(found) if everything else ()
    steps = next_steps(found, catalog.exists("report"), env)
    print_plainly(Group(*data_lines(catalog), *results(found), *study, *rest, *steps))


def data_lines(catalog: DataCatalog) -> Iterator[RenderableType]:
    """The data in two lines; a third says what cleaning dropped, if anything."""
    card: dict[str, Any] = catalog.load("dataset_card")
    sizes = phrase(
        "{name}: {ratings} of {items} by {users}",
        name=card["name"],
        ratings=plural(card["n_ratings"], "{n} rating", "{n} ratings"),
        items=plural(card["n_items"], "{n} item", "{n} items"),
        users=plural(card["n_users"], "{n} user", "{n} users"),
    )
    first, last = map(date, card["time_span"]) if card["time_span"] else ("", "")
    use = phrase(
        "{span}; {train} to learn from, {test} held out",
        span=phrase("{first} to {last}", first=first, last=last)
        if first
        else phrase("no timestamps"),
        train=number(card["split"].get("train", 0), "count"),
        test=number(card["split"].get("test", 0), "count"),
    )
    yield Text(sizes, style="bold")
    yield indented(Text(use))
    dropped = [f"{number(step['ratings'], 'count')} ({step['reason']})" for step in card["dropped"]]
    if dropped:
        yield indented(Text(phrase("dropped: {steps}", steps="; ".join(dropped))))


def results(found: Found, made: Collection[str] | None = None) -> list[RenderableType]:
    """Lists, reasons, controls and one person, as far as there are any."""
    shown = shown_approaches(found)
    parts: list[RenderableType] = []
    if found.lists or found.reasons:
        parts += [*runs_lines(found, shown), *best_lists(found, shown)]
    if shown:
        tests = found.tests(made)
        parts += [*approaches_table(found, shown), *controls(found, shown, tests)]
        parts += person(found, tests)
    elif made is None:
        parts += [Text(), Text(phrase("No approach has results of this data yet."))]
    if found.left_out:
        text = later(
            "Not shown, judged on other data, otherwise, or before the lists were made anew: "
            "{names}. Alike again: kedro run --pipelines {pipelines}"
        )
        again = sorted({str(pipeline_of(name)) for name in found.left_out})
        names = ", ".join(found.left_out)
        parts += [Text(), Text(phrase(text, names=names, pipelines=",".join(again)))]
    return parts


def shown_approaches(found: Found) -> list[str]:
    """The mission's approaches and the best others, up to a number, best lists first."""
    first = [name for name in MISSION if name in found.reasons]
    first += [name for name in found.reasons if name not in MISSION]
    return [name for name in found.reasons if name in first[:N_APPROACHES]]


def runs_lines(found: Found, shown: Collection[str]) -> Iterator[RenderableType]:
    """When the results were made, and with which parameters of the command line."""
    whose = {APPROACHES[name].recommender for name in shown}
    lists = [name for name in found.lists if not shown or name in {*whose, *CONTROLS}]
    names = [f"{name}.{of}" for name in lists for of in ("recommendations", "metrics")]
    names += [f"{name}.{of}" for name in shown for of in ("sentences", "metrics")]
    runs = runs_of(found.catalog, names)
    if len(runs) == 1:
        yield heading(phrase("Results of the {run}", run=runs[0]))
        return
    text = later("Results of {n} runs, the last of them the {run}")
    yield heading(phrase(text, n=len(runs), run=runs[0]))
    for run in runs[1:]:
        if run.given != {}:
            yield indented(Text(named(run)))


def best_lists(found: Found, shown: Collection[str]) -> Iterator[RenderableType]:
    """The nDCG of the best lists, beside that of most-popular and random ones."""
    names = [name for name in found.lists if name not in CONTROLS]
    names = names[: 1 if shown else N_LISTS]
    told = []
    for name in (name for name in found.lists if name in {*names, *CONTROLS}):
        title = phrase(RECOMMENDERS[name].title)
        called = title if name in CONTROLS else f"{title} ({name})"
        told.append(f"{called} {number(found.lists[name][found.ndcg])}")
    is_part = len(told) < len(found.lists)
    best = later("Best lists by nDCG: {lists}") if is_part else later("Lists by nDCG: {lists}")
    if told:
        yield indented(Text(phrase(best, lists=", ".join(told))))
        hits = (
            phrase("are held-out ratings in the first {k}?", k=found.judged_on["k"])
            if found.judged_on["relevance"] == "any"
            else phrase("are liked held-out items in the first {k}?", k=found.judged_on["k"])
        )
        yield indented(Text(phrase("nDCG, ranking quality from 0 to 1: {hits}", hits=hits)))


def approaches_table(found: Found, shown: list[str]) -> Iterator[RenderableType]:
    """Quality of the lists, share explained, and how much hangs on the reasons, by approach."""
    drop = found.pos.replace("pos", "possible_drop")
    table = grid(show_header=True)
    table.add_column(phrase("id"), no_wrap=True)
    table.add_column(phrase("approach"), overflow="fold")
    for head in (phrase("nDCG"), phrase("explained"), phrase("drop")):
        table.add_column(head, justify="right", no_wrap=True)
    for name in shown:
        pair, values = APPROACHES[name], found.reasons[name]
        kind = later("{title}, intrinsic") if pair.intrinsic else later("{title}, post hoc")
        quality = found.lists.get(pair.recommender, {}).get(found.ndcg)
        cells = ["" if quality is None else number(quality)]
        for share in (values.get("coverage"), values.get(drop)):
            cells.append("" if share is None else percentage(100 * share))
        table.add_row(name, phrase(kind, title=phrase(pair.title)), *cells)
    yield indented(table)
    told = [phrase("intrinsic: the reason is how the score was made; post hoc: found afterwards")]
    if found.n_cited:
        text = later("drop: lost without the {n} ratings cited, of what could be lost at most")
        told.append(phrase(text, n=found.n_cited))
    yield indented(Text("\n".join(told)))


def controls(
    found: Found, shown: list[str], tests: Mapping[str, Mapping[str, bool]]
) -> Iterator[RenderableType]:
    """Whose reasons are no better than those of controls; in numbers what is not tested."""
    yield from control_lines(found, shown, tests)
    columns = [f"{found.pos}{control}" for control in ("", "/random", "/popular")]
    untested = {n: v for n in shown if n not in tests and found.pos in (v := found.reasons[n])}
    if untested:
        yield Text()
        yield metrics_table(untested, phrase("id"), columns)
        yield legend(untested, columns)


def person(found: Found, tests: Mapping[str, Mapping[str, bool]]) -> Iterator[RenderableType]:
    """The example user: the first reasons of one approach, or several for one recommendation.

    Reasons that are no better than those of a control come last.
    """
    lists, item = found.lists_of_example, example_item(found.lists_of_example)
    if found.user is None or item is None:
        who = later("Nothing is explained to user {user}.") if found.user is not None else NOBODY
        yield heading(phrase(who, user=found.user))
        return
    if len(found.reasons) == 1:
        yield from examples(lists, found.silences)
        return
    explaining = lists[(lists["item_id"] == item) & lists["sentence"].notna()]
    rows = {row["approach"]: row for row in explaining.to_dict("records")}
    yield heading(
        phrase(
            "Why is {title} recommended to user {user}? {n} of {n_all} answers:",
            title=title_of(explaining.iloc[0]),
            user=found.user,
            n=min(len(rows), N_REASONS),
            n_all=len(rows),
        )
    )
    best = next(iter(found.reasons))
    order = [name for name in dict.fromkeys((best, *MISSION, *found.reasons)) if name in rows]
    order.sort(key=lambda name: not all(tests.get(name, {}).values()))
    for name in order[:N_REASONS]:
        title, rank = phrase(APPROACHES[name].title), rows[name]["rank"]
        text = later("{approach} ({id}), number {rank} of its list:")
        yield indented(Text(phrase(text, approach=title, id=name, rank=rank)))
        yield indented(reason_of(rows[name]), 4)


def study_lines(catalog: DataCatalog) -> Iterator[RenderableType]:
    """What a study found, its planned differences before others, and where the rest is."""
    study: dict[str, Any] = catalog.load(STUDY)
    yield heading(phrase("Study: {title}", title=study["title"]))
    yield indented(Text(study["source"]))
    for caution in (study["simulated"], study["confounded"]):
        if caution:
            yield indented(Text(caution, style="bold"))
    for sentence in study["in_short"]:
        yield indented(Text(f"* {sentence}"))
    page = results_root(catalog) / "08_reporting" / "study.html"
    yield indented(Text(phrase("All tables and figures: {page}", page=below(Path.cwd(), page))))


def tuning_lines(catalog: DataCatalog, env: str | None) -> list[RenderableType]:
    """What a search for parameters found."""
    from explainable_recsys.pipelines.tuning.report import tuning_text

    file = Path(str(catalog.get("tuning.best_parameters")._get_load_path()))  # type: ignore[union-attr]
    text = tuning_text(catalog.load("tuning.trials"), below(Path.cwd(), file), env)
    return [heading(phrase("Tuning")), Text(text, no_wrap=True, overflow="ignore")]


def next_steps(found: Found, has_report: bool, env: str | None) -> Iterator[RenderableType]:
    """Where to look now."""
    option, of_env = (f" --env {env}", f" ENV={env}") if env else ("", "")
    kedro, table = kedro_command(), grid()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    if has_report:
        report = results_root(found.catalog) / "08_reporting" / "report.html"
        table.add_row(phrase("report"), below(Path.cwd(), report))
    if found.reasons and found.user is not None:
        one = f" --approach {next(iter(found.reasons))}" if len(found.reasons) == 1 else ""
        table.add_row(phrase("a person"), f"{kedro} explain --user {found.user}{one}{option}")
    if found.lists or found.reasons:
        table.add_row(phrase("all tables"), f"{kedro} summary --all{option}")
    if found.reasons:
        text = later("make app{env} (rate, get a list, see why, ask what if)")
        table.add_row(phrase("yourself"), phrase(text, env=of_env))
    text = later("make lab{env} (notebooks), make viz{env} (lineage)")
    table.add_row(phrase("a look"), phrase(text, env=of_env))
    if has_report:
        table.add_row(phrase("diagnostics"), f"{kedro} run --pipelines diagnostics{option}")
    else:
        table.add_row(phrase("everything"), f"{kedro} run{option}")
    yield heading(phrase("Next"))
    yield indented(table)
