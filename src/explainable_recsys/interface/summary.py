"""The summary printed after a run: the data, the metrics, a few users with their reasons."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import DataCatalog
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from explainable_recsys.interface.terminal import heading, print_plainly
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters
from explainable_recsys.pipelines.evaluation.nodes import EvaluationParameters
from explainable_recsys.preprocessing.splits import SplitParameters
from explainable_recsys.reporting.person import titled
from explainable_recsys.reporting.selection import choose_users
from explainable_recsys.wording import markup

QUALITY_COLUMNS = {
    "recall@{k}": "recall@{k}",
    "nDCG@{k}": "ndcg@{k}",
    "catalogue": "catalogue_coverage@{k}",
    "RMSE": "rmse",
}
REASON_COLUMNS = {
    "explained": "coverage",
    "popular": "coverage_of_popularity",
    "random": "coverage_of_random",
    "length": "length",
    "lift": "median_lift",
    "MEP": "mep_users@{k}",
    "R²": "held_out_r2",
    "Σ error": "additivity_error_relative",
}
LEGEND = {
    "coverage_of_popularity": "popular, random: the same explainer on those lists",
    "length": "length: pieces of evidence per explanation",
    "median_lift": "lift: median of the best rules",
    "mep_users@{k}": "MEP: share of the list that similar users speak for",
    "held_out_r2": "R²: of the surrogates, on held-out perturbations",
    "additivity_error_relative": "Σ error: sum of contributions against score",
}
FAITHFULNESS_COLUMNS = {
    "POS": "pos@{k},{n}",
    "random": "pos@{k},{n}/random",
    "popular": "pos@{k},{n}/popular",
    "DEL": "del@{n}",
    "random ": "del@{n}/random",
    "popular ": "del@{n}/popular",
}
WITH_INTERVAL = ("recall", "ndcg")
AS_PERCENTAGE = ("catalogue", "coverage")
WIDTH = 78
N_USERS = 3
N_ITEMS = 3


def print_summary(outputs: set[str], catalog: DataCatalog, env: str | None) -> None:
    """Print a summary of what a run produced; nothing if it evaluated no approach.

    Args:
        outputs: Names of the datasets that the run wrote.
        catalog: Where they are.
        env: Environment of the run.
    """
    approaches = sorted(name.removesuffix(".metrics") for name in outputs if ".metrics" in name)
    parts: list[RenderableType] = []
    if "dataset_card" in outputs:
        parts += [heading("Data"), card_text(catalog.load("dataset_card"))]
    if approaches:
        metrics = {name: catalog.load(f"{name}.metrics") for name in approaches}
        parts += [
            heading("Quality"),
            metrics_table(metrics, QUALITY_COLUMNS),
            protocol_text(metrics, catalog),
        ]
        keys = {key.format(k=_list_length(metrics)) for key in REASON_COLUMNS.values()}
        explained = {name: values for name, values in metrics.items() if keys & values.keys()}
        if explained:
            parts += [
                heading("Reasons"),
                metrics_table(explained, REASON_COLUMNS),
                reasons_legend(explained),
            ]
        faithful = {name: m for name, m in metrics.items() if _measured(m, "pos@")}
        if faithful:
            n = _n_cited(catalog)
            columns = {title: key.replace("{n}", n) for title, key in FAITHFULNESS_COLUMNS.items()}
            parts += [
                heading("Faithfulness"),
                metrics_table(faithful, columns),
                faithfulness_legend(_list_length(metrics), n),
            ]
    if "tuning.trials" in outputs:
        from explainable_recsys.pipelines.tuning.report import tuning_text

        file = _relative(Path(str(catalog.get("tuning.best_parameters")._get_load_path())))  # type: ignore[union-attr]
        text = tuning_text(catalog.load("tuning.trials"), file, env)
        parts += [heading("Tuning"), Text(text, no_wrap=True, overflow="ignore")]
    parts += _all_examples([name for name in approaches if f"{name}.sentences" in outputs], catalog)
    if parts:
        folder = _reporting_folder(catalog)
        option = f" ENV={env}" if env else ""
        parts += [
            heading("Next"),
            *([f"  report     {folder}/08_reporting/report.html"] if "report" in outputs else []),
            f"  files      {folder}/, every run a version of its own\n"
            f"  lineage    make viz{option}",
        ]
        print_plainly(Group(*parts))


def _all_examples(approaches: list[str], catalog: DataCatalog) -> list[RenderableType]:
    """The same users for every approach, fewer of them where there are several approaches."""
    sentences = {name: catalog.load(f"{name}.sentences") for name in approaches}
    sentences = {name: table for name, table in sentences.items() if len(table)}
    users = choose_users(
        [table["user_id"] for table in sentences.values()],
        N_USERS if len(sentences) == 1 else 1,
        EvaluationParameters.model_validate(catalog.load("params:evaluation")).seed,
    )
    parts: list[RenderableType] = []
    for name, table in sentences.items():
        lists = catalog.load(f"{name}.recommendations")
        parts += [heading(f"Why? {name}"), examples(lists, table, catalog.load("items"), users)]
    return parts


def card_text(card: dict[str, Any]) -> str:
    """The dataset card in a few lines."""
    span = " to ".join(card["time_span"]) if card["time_span"] else "no timestamps"
    sizes = ", ".join(f"{count:,} {part}" for part, count in card["split"].items())
    dropped = "; ".join(f"{step['ratings']:,} ({step['reason']})" for step in card["dropped"])
    return (
        f"  {card['name']}: {card['n_ratings']:,} ratings of {card['n_items']:,} items by "
        f"{card['n_users']:,} users\n"
        f"  {100 * card['density']:.3g} % of the matrix; {span}; mean {card['mean_rating']:.2f}\n"
        f"  split: {sizes}\n"
        f"  dropped: {dropped or 'nothing'}"
    )


def metrics_table(metrics: dict[str, dict[str, Any]], titles: dict[str, str]) -> Table:
    """One row per approach, best nDCG first; a column only where some approach has it.

    Args:
        metrics: Metrics by approach.
        titles: Metric by title of its column; `{k}` stands for the length of the lists.
    """
    k = _list_length(metrics)
    columns = {title.format(k=k): key.format(k=k) for title, key in titles.items()}
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("  approach")
    shown = {t: key for t, key in columns.items() if any(key in m for m in metrics.values())}
    for title in shown:
        table.add_column(title, justify="right", no_wrap=True)
    for name in sorted(metrics, key=lambda name: -(metrics[name].get(f"ndcg@{k}") or 0)):
        table.add_row(f"  {name}", *(_cell(metrics[name], key) for key in shown.values()))
    return table


def protocol_text(metrics: dict[str, dict[str, Any]], catalog: DataCatalog) -> str:
    """What the metrics were computed on."""
    split = SplitParameters.model_validate(catalog.load("data_version")["split"])
    first = next(iter(metrics.values()))
    threshold = first["relevance_threshold"]
    relevant = "any held-out rating" if threshold is None else f"a rating from {threshold:g} on"
    users = int(first[f"recall@{_list_length(metrics)}/n"])
    return (
        f"  {users:,} users, {split.strategy} split, seed {split.seed}; a hit is {relevant};\n"
        f"  ± half the 95 % interval"
    )


def reasons_legend(metrics: dict[str, dict[str, Any]]) -> str:
    """What the columns about explanations mean, of those that are shown."""
    k = _list_length(metrics)
    known = [
        text for key, text in LEGEND.items() if any(key.format(k=k) in m for m in metrics.values())
    ]
    return textwrap.fill("; ".join(known), WIDTH, initial_indent="  ", subsequent_indent="  ")


def faithfulness_legend(k: int, n: str) -> str:
    """What the columns about faithfulness mean."""
    return textwrap.fill(
        f"POS: share of the explained recommendations that stay in the top {k} without the {n} "
        f"items cited first; DEL: what then is left of the score's personal part; random, popular: "
        "the same without as many random, or the most popular, items of the history. Lower is more "
        "faithful",
        WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
    )


def examples(
    recommendations: pd.DataFrame,
    sentences: pd.DataFrame,
    items: pd.DataFrame,
    users: NDArray[Any],
) -> RenderableType:
    """The first recommendations of some users, each with its reason."""
    lists = (
        recommendations[
            recommendations["user_id"].isin(users) & (recommendations["rank"] <= N_ITEMS)
        ]
        .merge(sentences, on=["user_id", "item_id"], how="left")
        .merge(items, on="item_id")
        .sort_values(["user_id", "rank"])
    )
    blocks: list[RenderableType] = []
    for user, rows in lists.groupby("user_id"):
        blocks.append(Text(f"  user {user}"))
        for row in rows.to_dict("records"):
            title = titled(row["title"], row["year"], row["item_id"])
            blocks.append(Text(f"    {row['rank']}. {title}", style="bold"))
            if isinstance(row["sentence"], str):
                blocks.append(Padding(markup.terminal(row["sentence"]), (0, 0, 0, 7), expand=False))
    return Group(*blocks)


def _measured(metrics: dict[str, Any], start: str) -> bool:
    return any(key.startswith(start) and value is not None for key, value in metrics.items())


def _n_cited(catalog: DataCatalog) -> str:
    parameters = FaithfulnessParameters.model_validate(catalog.load("params:faithfulness"))
    return str(parameters.reported)


def _list_length(metrics: dict[str, dict[str, Any]]) -> int:
    start = "recall@"
    names = (key.removeprefix(start) for m in metrics.values() for key in m if start in key)
    return next(int(name) for name in names if name.isdigit())


def _cell(metrics: dict[str, Any], key: str) -> str:
    value = metrics.get(key)
    if value is None:
        return ""
    if key.startswith("additivity"):
        return f"{value:.0e}"
    if key in ("length", "median_lift"):
        return f"{value:.1f}"
    if key.startswith(AS_PERCENTAGE):
        return f"{100 * value:.1f} %"
    low, high = metrics.get(f"{key}/low"), metrics.get(f"{key}/high")
    if key.startswith(WITH_INTERVAL) and low is not None and high is not None:
        return f"{value:.3f}±{(high - low) / 2:.3f}"
    return f"{value:.3f}"


def _reporting_folder(catalog: DataCatalog) -> str:
    """Where the files of this environment are, relative to here if that is shorter."""
    manifest = catalog.get("run_manifest")
    return _relative(Path(str(manifest._describe()["filepath"])).parent.parent)  # type: ignore[union-attr]


def _relative(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
