"""The analysis of a study: of an export, and of anybody's answers, in real sessions of Kedro."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError
from scipy import stats

from explainable_recsys.errors import InputError
from explainable_recsys.interface.summary import print_summary
from explainable_recsys.pipelines import ON_REQUEST
from explainable_recsys.pipelines.study_analysis import create_pipeline, nodes
from explainable_recsys.study.exclusions import WITH, WITHOUT
from explainable_recsys.study.published import published_answers
from tests.conftest import open_catalog, run_project
from tests.study.exported import drawn, drawn_plan, write

RULES = {"failed_checks": 1, "least_seconds": 15}


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> DataCatalog:
    """What a run leaves of a study of 24 people whose answers are simulated."""
    folder = tmp_path_factory.mktemp("study")
    of = drawn_plan(24, exclusions=RULES, confounded="of luck.")
    export = write(folder / "export", drawn(24), of, simulated=True)
    run_project(folder / "data", ["study_analysis"], study={"folder": str(export)})
    with open_catalog(folder / "data") as catalog:
        return catalog


def test_the_terminal_tells_few_findings_and_works_without_a_run(
    analysed: DataCatalog, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = analysed.load("study.findings")
    print_summary({"study.findings"}, analysed, None)
    lines = capsys.readouterr().out
    words = " ".join(lines.split())
    assert findings["simulated"] in words
    assert "of luck" in words
    assert findings["source"].startswith("Answers from export")
    assert findings["source"] in words
    assert all(text in words for text in findings["in_short"])
    assert len(findings["in_short"]) < len(findings["sentences"])
    assert "study.html" in lines


def test_it_is_run_by_name_only_and_needs_no_model() -> None:
    assert "study_analysis" in ON_REQUEST
    inputs = {name for name in create_pipeline().inputs() if not name.startswith("params:")}
    assert inputs == {
        *("study.plan", "study.manifest", "study.raw_participants", "study.raw_trials"),
        *("study.raw_answers", "study.raw_tasks"),
    }


def test_every_result_is_given_with_and_without_the_exclusions(analysed: DataCatalog) -> None:
    people = analysed.load("study.people")
    left_out = people["excluded_by"] != ""
    assert left_out.equals(people["seconds"] < 15)
    assert 0 < left_out.sum() < 12
    for name in ("descriptives", "answer_counts", "omnibus", "contrasts", "models", "terms",
                 "task_results", "forecast_effect", "scales", "popularity"):  # fmt: skip
        table = analysed.load(f"study.{name}")
        assert set(table["exclusions"]) == {WITH, WITHOUT}, name
    tests = analysed.load("study.omnibus").set_index(["exclusions", "measure"])
    assert tests.loc[(WITHOUT, "trust"), "n"] == 24
    assert tests.loc[(WITH, "trust"), "n"] == 24 - left_out.sum()
    flow = analysed.load("study.flow").set_index("step")["n"]
    assert flow["analysed"] == 24 - left_out.sum()


def test_whatever_shows_answers_that_are_simulated_says_so(analysed: DataCatalog) -> None:
    findings = analysed.load("study.findings")
    assert findings["simulated"]
    assert "of luck" in findings["confounded"]
    assert len(findings["tables"]) == 8
    for table in findings["tables"]:
        assert table["caption"].startswith("Simulated answers: ")
        assert any("of luck" in note for note in table["notes"])
        assert any("63" in note for note in table["notes"])  # how well known the lists are
    for name in ("flow", "means", "answers", "contrasts", "forecast"):
        title = analysed.load(f"study.{name}_figure").layout.title.text
        assert title.startswith("Simulated answers: "), name
    page = analysed.load("study.page")
    assert page.count(findings["simulated"].replace("'", "&#39;")) == 2  # of tables, and figures


def test_other_rules_show_what_the_exclusions_decide() -> None:
    of, tables = drawn_plan(6, exclusions=RULES), drawn(6)
    given = (tables[name] for name in ("participants", "trials", "answers"))
    rules = {"least_seconds": 99, "unfinished": False}
    study = nodes.StudyParameters.model_validate({"exclusions": rules})
    people, flow, long = nodes.gather_answers(of.model_dump(mode="json"), *given, study)
    assert (people["excluded_by"] == "least_seconds").all()
    assert flow.loc[flow["excluded"], "step"].tolist() == ["least_seconds"]
    # Nobody is left, so there are no rows with exclusions, and no error.
    omnibus = nodes.compare_kinds({}, long, people)[2]
    assert set(omnibus["exclusions"]) == {WITHOUT}


def test_anybodys_table_in_long_form_is_analysed_alike(tmp_path: Path) -> None:
    """Made to the dissertation's published figures, it gives its published F and p."""
    path = tmp_path / "mine.csv"
    published_answers().to_csv(path, index=False)
    run_project(tmp_path / "data", ["study_analysis"], study={"folder": str(path)})
    with open_catalog(tmp_path / "data") as catalog:
        tests = catalog.load("study.omnibus").query("exclusions == 'with'").set_index("measure")
        findings: Any = catalog.load("study.findings")
    assert tests["f"].round(3).to_dict() == {"interest": 5.166, "trust": 7.254}
    assert tests["p"].round(3).to_dict() == {"interest": 0.008, "trust": 0.001}
    assert findings["simulated"] == findings["confounded"] == ""
    assert "32" in findings["sentences"][0]
    assert findings["source"] == "Answers from mine.csv"


def test_forms_that_are_crossed_with_kinds_are_compared_too() -> None:
    kinds = [{"name": name, "approach": "posthoc_ar"} for name in ("rules", "influence")]
    control = {"name": "fixed", "says": "Good."}  # looks the same in all forms
    of = drawn_plan(8, forms=["sentence", "drawn"], kinds=[control, *kinds])
    tables, plan = drawn(8), of.model_dump(mode="json")
    turn = tables["trials"].groupby(["participant", "condition"]).cumcount()
    trials = tables["trials"].assign(form=np.where(turn % 2, "drawn", "sentence"))
    study = nodes.StudyParameters()
    people, _, long = nodes.gather_answers(
        plan, tables["participants"], trials, tables["answers"], study
    )
    found = [
        table.query("exclusions == 'with'") for table in nodes.compare_kinds(plan, long, people)
    ]
    forms, interactions = found[4:]
    assert forms[["measure", "first", "second"]].to_numpy().tolist() == [
        ["interest", "drawn", "sentence"],
        ["trust", "drawn", "sentence"],
    ]
    kept = long[(long["measure"] == "trust") & (long["condition"] != "fixed")]
    trust = kept.groupby(["participant", "form"])["value"].mean()
    differences = trust.xs("drawn", level="form") - trust.xs("sentence", level="form")
    assert forms["difference"].iloc[1] == pytest.approx(differences.mean())
    # Of two kinds and two forms, the interaction is a paired t-test of differences.
    cells = kept.pivot_table("value", "participant", ["condition", "form"], observed=True)
    drawn_more = [cells[kind]["drawn"] - cells[kind]["sentence"] for kind in ("rules", "influence")]
    test = stats.ttest_rel(*drawn_more)
    assert interactions[["measure", "n", "df"]].to_numpy().tolist() == [
        ["interest", 8, 1],
        ["trust", 8, 1],
    ]
    assert interactions[["f", "p"]].iloc[1].tolist() == pytest.approx(
        [test.statistic**2, test.pvalue]
    )
    one = nodes.compare_kinds(plan, long.assign(form="drawn"), people)
    assert one[4].empty
    assert one[5].empty


def test_a_table_that_is_none_is_refused_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    published_answers().astype({"value": "str"}).assign(value="much").to_csv(path, index=False)
    with pytest.raises((InputError, DatasetError), match=r"mine.csv, line 2: value is 'much'"):
        run_project(tmp_path / "data", ["study_analysis"], study={"folder": str(path)})
    assert not [*(tmp_path / "data").rglob("study/*")]


def test_tables_of_nobody_are_empty() -> None:
    empty = pd.DataFrame({"participant": [], "n_answered": [], "excluded_by": []})
    assert all(table.empty for table in nodes.judge_tasks({}, *[empty] * 5))
