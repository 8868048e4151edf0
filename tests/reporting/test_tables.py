"""What stands in the cells of the report's tables."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.reporting.comparison_tables import (
    accuracy_table,
    beyond_accuracy_table,
    every_figure_table,
    explanations_table,
    faithfulness_tables,
    ratings_table,
    sampled_table,
)
from explainable_recsys.reporting.fact_tables import (
    card_table,
    distribution_table,
    run_table,
    stability_table,
)
from explainable_recsys.reporting.results import Results
from explainable_recsys.reporting.significance_tables import (
    control_table,
    paired_table,
    pairwise_matrices,
)
from explainable_recsys.reporting.tables import Cell, Table, best, spread
from tests.reporting.contents import comparison, content, poor_contents


def cells(table: Table, heading: str) -> tuple[Cell, ...]:
    """The cells of the only row with a heading."""
    (found,) = [row for body in table.bodies for row in body.rows if row.heading == heading]
    return found.cells


def texts(table: Table, heading: str) -> list[str]:
    return [cell.text for cell in cells(table, heading)]


def headings(table: Table) -> list[str]:
    return [row.heading for body in table.bodies for row in body.rows]


def results(**changes: pd.DataFrame) -> Results:
    return Results.of(content(**changes))


def test_accuracy() -> None:
    table = accuracy_table(results())
    assert table.columns == ("approach", "recall@10", "nDCG@10")
    assert [body.is_baseline for body in table.bodies] == [False, True]
    assert [row.heading for row in table.bodies[1].rows] == ["popularity", "random"]
    assert cells(table, "intrinsic_ease")[1] == Cell("0.300", "±0.010", is_best=True)
    assert cells(table, "posthoc_knn")[1] == Cell("0.280", "±0.010")


def test_the_best_of_the_approaches_is_no_baseline() -> None:
    made = comparison()
    made.loc[made["approach"] == "popularity", "ndcg@10"] = 0.9
    table = accuracy_table(results(comparison=made))
    assert cells(table, "intrinsic_ease")[1].is_best
    assert not cells(table, "popularity")[1].is_best


def test_low_is_best_where_low_is_better() -> None:
    made = comparison().assign(rmse=[0.9, 0.8, 0.8, None, 0.95, None, 0.7])
    assert best(results(comparison=made), "rmse", results().approaches) == {
        "posthoc_knn",
        "posthoc_ar",
    }


def test_nobody_is_best_alone_or_where_all_are_equal() -> None:
    made = comparison().assign(rmse=[0.9] + [None] * 6, mae=0.7)
    of_made = results(comparison=made)
    assert best(of_made, "rmse", of_made.approaches) == set()
    assert best(of_made, "mae", of_made.approaches) == set()
    assert best(of_made, "coverage_of_random", of_made.approaches) == set()


def test_an_interval_that_is_not_around_its_value_is_written_out() -> None:
    made = comparison()
    made.loc[0, ["ndcg@10/low", "ndcg@10/high"]] = 0.1, 0.31
    assert spread(results(comparison=made), "intrinsic_ease", "ndcg@10") == "[0.100, 0.310]"


def test_who_predicts_no_ratings_is_named() -> None:
    table = ratings_table(results())
    assert headings(table) == ["svd"]
    assert any(note.startswith("Predict no ratings: intrinsic_ease,") for note in table.notes)


def test_shares_are_percentages() -> None:
    assert texts(beyond_accuracy_table(results()), "svd") == ["6.0 %"]
    table = explanations_table(results())
    assert table.columns[1:] == ("explained", "explained: most popular", "explained: random")
    assert texts(table, "posthoc_ar") == ["93.4 %", "90.4 %", "0.5 %"]
    assert texts(table, "intrinsic_ease") == ["100.0 %", "not tried", "not tried"]
    assert "No explanations: svd, popularity and random." in table.notes


def test_faithfulness_stands_beside_both_controls() -> None:
    shares, scores = faithfulness_tables(results())
    assert shares.groups == (("POS@10,3", 3),)
    assert scores.groups == (("DEL@3", 3),)
    assert shares.columns == ("approach", "own", "random", "popular")
    assert texts(shares, "intrinsic_ease") == ["0.400", "0.850", "0.700"]
    assert [cell.sign for cell in cells(shares, "posthoc_knn")] == ["", "✓", "≈"]
    assert [cell.sign for cell in cells(scores, "posthoc_ar")] == ["", "✗", "✗"]
    assert cells(scores, "posthoc_ar")[1].meaning == "own: worse"


def test_a_projection_has_a_footnote() -> None:
    shares = faithfulness_tables(results())[0]
    marked = {row.heading: row.footnote for row in shares.bodies[0].rows if row.footnote}
    assert marked == {"posthoc_ar": "†"}
    assert "† projection: antecedents of the rules." in shares.notes


def test_what_is_not_applicable_is_said_in_words() -> None:
    shares = faithfulness_tables(results())[0]
    assert cells(shares, "posthoc_lime") == (
        Cell("not applicable: LIME weighs features, not items", is_phrase=True, span=3),
    )
    assert "svd" not in headings(shares)
    assert "No explanations: svd, popularity and random." in shares.notes


def test_an_approach_that_explains_but_was_forgotten_is_not_said_to_be_silent() -> None:
    made = content().scope.query("approach != 'posthoc_lime'")
    shares = faithfulness_tables(results(scope=made))[0]
    assert texts(shares, "posthoc_lime") == ["not measured"]


def test_areas_and_other_numbers_of_items_are_a_table_of_their_own() -> None:
    made = comparison()
    for metric in ("pos@10/auc", "pos@10/auc/random", "del@1", "ps@10,3"):
        made[metric] = [0.5, 0.6, *[None] * 5]
    tables = faithfulness_tables(results(comparison=made))
    assert [[title for title, _ in table.groups] for table in tables] == [
        ["POS@10,3", "PS@10,3"],
        ["DEL@3"],
        ["POS@10 AUC", "DEL@1"],
    ]
    assert tables[2].groups == (("POS@10 AUC", 2), ("DEL@1", 1))


def test_sampled_negatives_are_kept_apart() -> None:
    assert not sampled_table(results()).has_rows
    made = comparison().assign(**{"sampled_100_ndcg@10": 0.7})
    of_made = results(comparison=made)
    assert sampled_table(of_made).columns == ("approach", "nDCG@10 (100 negatives)")
    for table in (accuracy_table(of_made), every_figure_table(of_made)):
        assert not any("negatives" in text for text in (*table.columns, *headings(table)))


def test_every_figure_has_its_interval_and_its_users() -> None:
    table = every_figure_table(results())
    ease = next(body for body in table.bodies if body.heading == "intrinsic_ease")
    rows = {row.heading: [cell.text for cell in row.cells] for row in ease.rows}
    assert rows["nDCG@10"] == ["0.300", "[0.290, 0.310]", "671"]
    assert rows["POS@10,3, random evidence"] == ["0.850", "[0.840, 0.860]", "671"]
    assert rows["catalogue@10"] == ["6.0 %", "none", "not given"]


def test_matrices_say_who_is_better() -> None:
    ndcg, pos = pairwise_matrices(results(), content().paired_tests)
    assert ndcg.columns[1:3] == ("intrinsic_ease", "posthoc_knn")
    row = dict(zip(ndcg.columns[1:], texts(ndcg, "intrinsic_ease"), strict=True))
    assert row == {
        "intrinsic_ease": "·",
        "posthoc_knn": "=",
        "posthoc_ar": "▲",
        "posthoc_lime": "▲",
        "svd": "▲",
        "popularity": "▲",
        "random": "▲",
    }
    assert texts(ndcg, "svd")[:3] == ["▼", "?", "?"]
    assert texts(pos, "intrinsic_ease") == ["·", "▲"]  # low is better
    assert texts(pos, "posthoc_knn") == ["▼", "·"]
    assert "corrected p < 0.001" in cells(pos, "posthoc_knn")[0].meaning


def test_full_tables_of_tests() -> None:
    made = content()
    assert texts(paired_table(made.paired_tests), "POS@10,3") == [
        "intrinsic_ease",
        "posthoc_knn",
        "\u22120.400",
        "[\u22120.408, \u22120.392]",
        "< 0.001",
        "< 0.001",
        "671",
    ]
    table = control_table(made.control_tests)
    assert len(headings(table)) == 12
    assert [cell.text for cell in table.bodies[0].rows[-1].cells][-1] == "worse"


def test_the_card() -> None:
    table = card_table(content())
    rows = {row.heading: row.cells[0].text for row in table.bodies[0].rows}
    assert rows["ratings"] == "100,004"
    assert rows["version"] == "3f9a1c07"
    assert rows["share of the matrix"] == "1.64 %"
    assert rows["ratings per user"] == "min 20, median 71.5"
    assert rows["dropped"] == "6 (duplicates)"
    assert texts(distribution_table(content()), "★ 5") == ["75", "75.0 %"]


def test_stability_and_who_lacks_it() -> None:
    made = content()
    table = stability_table(Results.of(made), made.stability)
    assert headings(table)[0] == "intrinsic_ease"
    assert texts(table, "intrinsic_ease") == ["0.910", "[0.900, 0.920]", "3", "3", "200", "2,000"]
    assert table.notes == ("Not measured: posthoc_ar and posthoc_lime.",)


def test_what_was_not_trained_again_is_marked() -> None:
    made = content().stability.assign(n_retrainings=[0, 3, 3])
    report = content(stability=made)
    table = stability_table(Results.of(report), made)
    assert texts(table, "intrinsic_ease")[0] == "0.910 (no seed)"
    assert table.notes[-1].startswith("No seed: not trained again")


def test_the_commit_of_a_run_with_changes_says_so() -> None:
    assert any("uncommitted" in text for text in texts(run_table(content()), "commit"))


def test_tables_are_rectangular_whatever_is_missing() -> None:
    for report in (content(), *poor_contents().values()):
        read = Results.of(report)
        tables = [accuracy_table(read), explanations_table(read), every_figure_table(read)]
        tables += faithfulness_tables(read)
        tables += pairwise_matrices(read, report.paired_tests)
        tables += [paired_table(report.paired_tests), control_table(report.control_tests)]
        tables += [card_table(report), run_table(report)]
        for table in tables:
            for body in table.bodies:
                for row in body.rows:
                    assert sum(cell.span for cell in row.cells) == len(table.columns) - 1
                    assert not any(cell.text in ("", "nan", "None") for cell in row.cells)
