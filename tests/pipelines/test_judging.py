"""What is judged where not everything is stored."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from kedro.io import DataCatalog, DatasetError, MemoryDataset, Version
from kedro.pipeline import Node, Pipeline

from explainable_recsys.datasets.absent import NOT_STORED, AbsentDataset
from explainable_recsys.datasets.files import JSONDataset
from explainable_recsys.errors import InputError
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.pipelines.judging import (
    EVALUATION_TAG,
    IfStored,
    is_absent,
    leave_out_what_is_not_stored,
    leave_out_what_is_only_shown,
    stored,
)


def judge(lists: str, evaluation: EvaluationParameters) -> str:
    return f"{lists} judged"


def explained(reasons: str, lists: str, evaluation: EvaluationParameters) -> str:
    return f"{reasons} of {lists}"


def node(run: Any, inputs: list[str], name: str) -> Node:
    made = f"{name}.metrics"
    return Node(IfStored(run), inputs, made, name=name, namespace=name, tags=EVALUATION_TAG)


EVALUATION = "params:evaluation"
REASONS = ["by_a.reasons", "a.lists", EVALUATION]
JUDGES = Pipeline(
    [
        node(judge, ["a.lists", EVALUATION], "a"),
        node(judge, ["b.lists", EVALUATION], "b"),
        node(explained, REASONS, "by_a"),
        Node(lambda **tables: tables, {"by_a.metrics": "by_a.metrics"}, "table", name="gather"),
    ]
)


def catalog_of(*names: str) -> DataCatalog:
    """A catalog in which some results are stored and the others have places."""
    inputs = {name for name in JUDGES.inputs() if name != EVALUATION}
    values = {name: MemoryDataset(name) for name in names}
    missing = {name: MemoryDataset() for name in inputs - set(names)}
    return DataCatalog({**values, **missing, EVALUATION: MemoryDataset(EvaluationParameters())})


def catalog_below(root: Path) -> DataCatalog:
    """A catalog of an environment whose results lie in a folder."""
    catalog = catalog_of()
    catalog["run_manifest"] = JSONDataset(filepath=str(root / "08_reporting" / "manifest.json"))
    return catalog


def run_judges(catalog: DataCatalog) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for one in JUDGES.nodes:
        given = {name: made[name] if name in made else catalog.load(name) for name in one.inputs}
        made |= one.run(given)
    return made


def test_everything_is_stored(caplog: pytest.LogCaptureFixture) -> None:
    catalog = catalog_of("a.lists", "b.lists", "by_a.reasons")
    leave_out_what_is_not_stored(JUDGES, catalog)
    assert not caplog.records
    made = run_judges(catalog)
    assert made["by_a.metrics"] == "by_a.reasons of a.lists"
    assert made["b.metrics"] == "b.lists judged"


def test_who_reads_somebody_absent_is_absent_too(caplog: pytest.LogCaptureFixture) -> None:
    catalog = catalog_of("b.lists", "by_a.reasons")
    with caplog.at_level(logging.WARNING, logger="explainable_recsys"):
        leave_out_what_is_not_stored(JUDGES, catalog)
    (record,) = (r for r in caplog.records if r.name.startswith("explainable_recsys"))
    assert record.getMessage() == "not stored, so not compared: a, by_a"
    made = run_judges(catalog)
    assert made["b.metrics"] == "b.lists judged"
    assert made["a.metrics"] is made["by_a.metrics"] is NOT_STORED
    assert stored(made["table"], "metrics") == {}
    # All that is made of them is kept out of the stored results; parameters stay what they are.
    for name in ("a.lists", "a.metrics", "by_a.reasons", "by_a.metrics"):
        assert is_absent(catalog, name), name
    assert not is_absent(catalog, "b.lists")
    assert catalog.load(EVALUATION) == EvaluationParameters()


def test_an_approach_alone_may_be_absent() -> None:
    catalog = catalog_of("a.lists", "b.lists")
    leave_out_what_is_not_stored(JUDGES, catalog)
    made = run_judges(catalog)
    assert made["a.metrics"] == "a.lists judged"
    assert made["by_a.metrics"] is NOT_STORED


def test_nothing_is_stored(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing is stored .* first kedro run"):
        leave_out_what_is_not_stored(JUDGES, catalog_below(tmp_path))
    lists = tmp_path / "07_model_output"
    (lists / "posthoc_ar" / "made_from.json").mkdir(parents=True)
    with pytest.raises(InputError, match=r"of an earlier version.*run again: kedro run"):
        leave_out_what_is_not_stored(JUDGES, catalog_below(tmp_path))
    (lists / "svd" / "data_fingerprint.json").mkdir(parents=True)
    with pytest.raises(InputError, match="nothing is stored"):
        leave_out_what_is_not_stored(JUDGES, catalog_below(tmp_path))


def test_a_version_that_was_asked_for_has_to_be_stored(tmp_path: Path) -> None:
    catalog = catalog_of("b.lists")
    catalog["a.lists"] = JSONDataset(filepath=f"{tmp_path}/lists.json", version=Version("1", None))
    leave_out_what_is_not_stored(JUDGES, catalog)
    assert not is_absent(catalog, "a.lists")
    with pytest.raises(DatasetError, match=r"1/lists\.json"):
        catalog.load("a.lists")


def test_a_run_that_makes_all_that_it_judges_is_left_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lists = JUDGES.inputs() - {EVALUATION}
    makes = [Node(lambda: "made", None, name, name=f"make_{name}") for name in lists]
    leave_out_what_is_not_stored(JUDGES + Pipeline(makes), catalog_of())
    assert not caplog.records


def test_figures_and_diagnostics_may_lack() -> None:
    report = Pipeline([Node(lambda *_: 1, ["a.b_figure", "stability", "a.lists"], "r", name="r")])
    catalog = DataCatalog({name: MemoryDataset() for name in report.inputs()})
    catalog["stability"].save("kept")
    leave_out_what_is_only_shown(report, catalog)
    assert catalog.load("a.b_figure") is NOT_STORED
    assert catalog.load("stability") == "kept"
    assert not is_absent(catalog, "a.lists")


def test_wrapped_functions_keep_their_types_and_are_called_by_place_or_name() -> None:
    wrapped = IfStored(judge)
    assert get_type_hints(wrapped) == get_type_hints(judge)
    assert inspect.signature(wrapped) == inspect.signature(judge)
    assert wrapped("x", EvaluationParameters()) == "x judged"
    assert wrapped(lists="x", evaluation=EvaluationParameters()) == "x judged"
    assert wrapped(lists=NOT_STORED, evaluation=EvaluationParameters()) is NOT_STORED
    assert IfStored(explained)("r", NOT_STORED, EvaluationParameters()) is NOT_STORED


def test_tables_by_name() -> None:
    tables = {"b.metrics": 2, "a.metrics": 1, "a.user_metrics": 3, "c.metrics": NOT_STORED}
    assert list(stored(tables, "metrics").items()) == [("a", 1), ("b", 2)]


def test_the_mark_is_never_stored() -> None:
    absent = AbsentDataset()
    absent.save("something")
    assert absent.load() is NOT_STORED
    assert absent.exists()
