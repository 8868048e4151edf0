"""The findings say what the tables say, and nothing that they do not."""

from __future__ import annotations

import pandas as pd
import pytest

from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.findings import findings
from tests.reporting.contents import comparison, content, empty, poor_contents


def finding(report: ReportContent, word: str) -> str:
    """The only finding with a word in it."""
    (found,) = [text for text in findings(report) if word in text]
    return found


def test_all_of_them() -> None:
    assert findings(content()) == [
        "intrinsic_ease has the best nDCG@10, 0.300 [0.290, 0.310]; a paired test does not "
        "separate it from the second, posthoc_knn (0.280, difference 0.020 [0.012, 0.028], "
        "corrected p = 0.410). Against most-popular lists (0.130), not separated from them: "
        "posthoc_ar; worse: svd.",
        "Of the intrinsic_… approaches, intrinsic_ease has the best lists (nDCG@10 0.300); of the "
        "posthoc_… approaches, posthoc_knn (0.280; no significant difference).",
        "The most faithful evidence is that of intrinsic_ease: POS@10,3 is 0.400 without the 3 "
        "items cited, 0.850 without 3 random ones, the largest drop of 3 measured.",
        "Evidence that does not beat random items in POS@10,3 or DEL@3: posthoc_ar (no difference "
        "in POS@10,3, worse in DEL@3), 1 of 3 tested; the most popular items in POS@10,3 or DEL@3: "
        "posthoc_knn (no difference in POS@10,3) and posthoc_ar (no difference in POS@10,3, worse "
        "in DEL@3), 2 of 3 tested.",
        "Explained of own / most-popular / random lists: posthoc_knn 86.3 % / 78.5 % / 12.2 %; "
        "posthoc_ar 93.4 % / 90.4 % / 0.5 %; posthoc_lime 100.0 % / 100.0 % / 100.0 %. The "
        "coverage of posthoc_lime says nothing about the lists: random ones are explained as "
        "often.",
        "After training again with other seeds, what intrinsic_ease cites overlaps most (Jaccard "
        "0.910), what posthoc_knn cites overlaps least (0.412).",
        "Faithfulness is not measured for posthoc_lime (LIME weighs features, not items); svd (no "
        "explanations). Stability is not measured for posthoc_ar and posthoc_lime.",
    ]


def test_a_significant_lead() -> None:
    tests = content().paired_tests.assign(p_corrected=0.01)
    text = findings(content(paired_tests=tests))[0]
    assert "a paired test separates it from the second, posthoc_knn" in text
    assert "most-popular lists (0.130), worse: svd." in text


def test_a_test_the_other_way_round() -> None:
    turned = content().paired_tests.rename(columns={"first": "second", "second": "first"})
    turned["difference"] *= -1
    turned["low"], turned["high"] = -turned["high"], -turned["low"]
    assert findings(content(paired_tests=turned)) == findings(content())


def test_a_lead_that_nobody_tested() -> None:
    text = findings(content(paired_tests=pd.DataFrame()))[0]
    assert "no paired test compares it with the second, posthoc_knn (0.280)" in text


def test_equal_lists_share_the_lead() -> None:
    table = comparison()
    table.loc[1, "ndcg@10"] = table.loc[0, "ndcg@10"]
    text = findings(content(comparison=table))[0]
    assert text.startswith("intrinsic_ease and posthoc_knn share the best nDCG@10, 0.300")
    assert "the second, posthoc_ar (0.150, difference 0.150" in text


def test_evidence_that_all_beats_random() -> None:
    tests = content().control_tests.assign(verdict="better")
    text = finding(content(control_tests=tests), "does not beat random")
    assert text.count("POS@10,3 or DEL@3: none (3 tested)") == 2


def test_areas_that_are_worse_are_named_and_explained() -> None:
    tests = content().control_tests
    area = tests[:1].assign(metric="pos@10/auc", verdict="worse")
    text = finding(content(control_tests=pd.concat([tests, area])), "whole history")
    assert "history than random items: intrinsic_ease (POS@10 AUC). Areas (AUC): once" in text


def test_evidence_that_nobody_tested_is_not_said_to_win() -> None:
    texts = findings(content(control_tests=pd.DataFrame()))
    assert "No evidence was tested against random evidence." in texts
    assert not any("none (" in text for text in texts)


def test_a_drop_that_the_test_does_not_confirm() -> None:
    tests = content().control_tests.assign(verdict="no difference")
    text = finding(content(control_tests=tests), "most faithful")
    assert "the test does not confirm it" in text


def test_no_drop_at_all() -> None:
    table = comparison()
    for metric in ("pos@10,3", "del@3"):
        table[f"{metric}/random"] = table[metric] - 0.1
    assert "No evidence lowers POS@10,3" in finding(content(comparison=table), "lowers")


def test_a_projection_in_the_lead_is_named_so() -> None:
    table = comparison()
    table.loc[table["approach"] == "posthoc_ar", "pos@10,3"] = 0.1
    text = finding(content(comparison=table), "most faithful")
    assert "that of posthoc_ar (projection: antecedents of the rules)" in text


def test_equal_stability() -> None:
    equal = content().stability.assign(jaccard=1.0)
    text = finding(content(stability=equal), "training again")
    assert text.endswith("overlaps by 1.000 (Jaccard) for intrinsic_ease and posthoc_knn.")
    text = finding(content(stability=equal[:1]), "training again")
    assert text.endswith("what intrinsic_ease cites overlaps by 1.000 (Jaccard).")


def test_what_was_not_trained_again_is_not_compared() -> None:
    made = content().stability
    made.loc[0, ["jaccard", "n_retrainings"]] = 1.0, 0
    report = content(stability=made)
    assert finding(report, "no seed") == (
        "After training again with other seeds, what posthoc_knn cites overlaps by 0.412 "
        "(Jaccard). Given their lists, the reasons of intrinsic_ease depend on no seed; it was not "
        "trained again."
    )
    text = finding(content(stability=made.assign(n_retrainings=0)), "no seed")
    assert text == (
        "Given their lists, the reasons of intrinsic_ease and posthoc_knn depend on no seed; they "
        "were not trained again."
    )


def test_one_approach() -> None:
    full = content()
    texts = findings(
        content(
            comparison=comparison()[:1],
            scope=full.scope[:1],
            paired_tests=pd.DataFrame(),
            control_tests=full.control_tests[:4],
            stability=full.stability[:1],
        )
    )
    assert len(texts) == 4
    assert "largest" not in texts[1]
    assert texts[0] == "intrinsic_ease is the only approach with nDCG@10: 0.300 [0.290, 0.310]."
    assert not any("posthoc_…" in text for text in texts)


def test_no_explanations() -> None:
    texts = findings(poor_contents()["no explanations"])
    assert len(texts) == 2
    assert texts[1] == (
        "No approach explains its recommendations; nothing about explanations is measured."
    )


def test_nothing() -> None:
    assert findings(empty()) == [
        "nDCG@10 is not measured for any approach.",
        "No approach explains its recommendations; nothing about explanations is measured.",
    ]


def test_reasons_without_figures_are_reasons_nevertheless() -> None:
    table = comparison()[["approach", "ndcg@10"]]
    texts = findings(content(comparison=table, scope=pd.DataFrame()))
    assert not any("No approach explains" in text for text in texts)


@pytest.mark.parametrize("name", poor_contents())
def test_what_is_missing_is_not_said(name: str) -> None:
    texts = findings(poor_contents()[name])
    assert texts
    for text in texts:
        assert text.endswith(".")
        assert not {"nan", "None", "?", "inf"} & set(text.replace(",", " ").split())


def test_tests_of_approaches_that_were_not_compared_are_reported() -> None:
    texts = findings(poor_contents()["without comparison"])
    assert "posthoc_ar (no difference in POS@10,3, worse in DEL@3), 1 of 3 tested" in texts[1]
    assert not any("No approach explains" in text for text in texts)


def test_baselines_alone_are_no_approaches() -> None:
    text = findings(poor_contents()["baselines"])[0]
    assert text.startswith("popularity has the best nDCG@10, 0.130")
    assert "All approaches" not in text
