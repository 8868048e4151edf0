"""What stands in the cells of the report's tables."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.reporting.facts import (
    OF_CONTROLS,
    OF_PAIRS,
    OF_STABILITY,
    card_table,
    rows_table,
)
from explainable_recsys.reporting.overview import overview_table
from explainable_recsys.reporting.results import Results
from explainable_recsys.reporting.tables import (
    Cell,
    Table,
    best,
    comparison_tables,
    sampled_table,
    spread,
)
from tests.reporting.contents import accuracy, content, explanation_quality, poor_contents


def cells(table: Table, heading: str) -> tuple[Cell, ...]:
    """The cells of the only row with a heading."""
    (found,) = [row for body in table.bodies for row in body.rows if row.heading == heading]
    return found.cells


def texts(table: Table, heading: str) -> list[str]:
    return [cell.text for cell in cells(table, heading)]


def headings(table: Table) -> list[str]:
    return [row.heading for body in table.bodies for row in body.rows]


def results(**changes: pd.DataFrame) -> Results:
    return Results(content(**changes))


def comparison(caption: str, **changes: pd.DataFrame) -> Table:
    """The only table of the comparison whose caption begins so."""
    (found,) = [t for t in comparison_tables(results(**changes)) if t.caption.startswith(caption)]
    return found


def faithfulness_tables(**changes: pd.DataFrame) -> list[Table]:
    return [t for t in comparison_tables(results(**changes)) if t.caption.startswith("Faith")]


def test_accuracy_has_a_row_per_recommender() -> None:
    table = comparison("Accuracy of the lists")
    assert table.columns == ("recommender", "recall@10", "nDCG@10")
    assert [body.is_baseline for body in table.bodies] == [False, True]
    assert [row.heading for row in table.bodies[0].rows] == ["ease", "als", "svd", "fm", "mf"]
    assert [row.heading for row in table.bodies[1].rows] == ["popularity", "random"]
    assert cells(table, "ease")[1] == Cell("0.300", "±0.010", is_best=True)
    assert cells(table, "als")[1] == Cell("0.280", "±0.010")


def test_the_best_is_no_baseline() -> None:
    made = accuracy()
    made.loc[made["recommender"] == "popularity", "ndcg@10"] = 0.9
    table = comparison("Accuracy of the lists", accuracy=made)
    assert cells(table, "ease")[1].is_best
    assert not cells(table, "popularity")[1].is_best


def test_low_is_best_where_low_is_better() -> None:
    made = accuracy().assign(rmse=[0.9, 0.8, 0.8, None, 0.95, None, 0.7])
    assert best(results(accuracy=made), "rmse", results().recommenders) == {"als", "svd"}


def test_nobody_is_best_alone_or_where_all_are_equal() -> None:
    made = accuracy().assign(rmse=[0.9] + [None] * 6, mae=0.7)
    of_made = results(accuracy=made)
    assert best(of_made, "rmse", of_made.recommenders) == set()
    assert best(of_made, "mae", of_made.recommenders) == set()
    assert best(of_made, "coverage_of_random", list(of_made.approaches)) == set()


def test_an_interval_that_is_not_around_its_value_is_written_out() -> None:
    made = accuracy()
    made.loc[0, ["ndcg@10/low", "ndcg@10/high"]] = 0.1, 0.31
    assert spread(results(accuracy=made), "ease", "ndcg@10") == "[0.100, 0.310]"


def test_who_predicts_no_ratings_is_named() -> None:
    table = comparison("Accuracy of the predicted ratings")
    assert headings(table) == ["mf"]
    assert any(note.startswith("Not measured: ease,") for note in table.notes)


def test_shares_are_percentages() -> None:
    assert texts(comparison("Beyond accuracy"), "mf") == ["6.0 %"]


def test_explanations_have_a_row_per_approach_with_its_recommender() -> None:
    table = comparison("Explanations")
    assert table.columns[:3] == ("approach", "recommender", "explained")
    assert headings(table) == ["intrinsic_ease", "posthoc_knn", "posthoc_ar", "posthoc_lime"]
    assert texts(table, "posthoc_ar") == ["svd", "93.4 %", "90.4 %", "0.5 %"]
    assert texts(table, "intrinsic_ease")[1:] == ["100.0 %", "not measured", "not measured"]


def test_the_null_is_a_table_of_its_own() -> None:
    quality = explanation_quality().assign(
        coverage_of_own=[1.0, 0.9, 0.8, 1.0],
        coverage_of_null=[1.0, 0.5, 0.8, None],
        strength_of_own=[2.0, 0.5, 0.25, 1.0],
        above_null=[1.0, 1.0, 0.0, None],
    )
    read = Results(content(explanation_quality=quality))
    of_explanations, null = [
        table
        for table in comparison_tables(read)
        if table.caption.startswith(("Explanations", "The null"))
    ]
    assert len(of_explanations.columns) == len(comparison("Explanations").columns)
    assert null.columns == (
        "approach",
        "recommender",
        "explained, own history",
        "explained, another's history",
        "strength, own history",
        "about the person",
    )
    assert texts(null, "posthoc_ar") == ["svd", "80.0 %", "80.0 %", "0.250", "0"]
    assert texts(null, "posthoc_lime")[2] == "not measured"
    assert not [cell for row in null.bodies[0].rows for cell in row.cells if cell.is_best]


def test_faithfulness_stands_beside_both_controls() -> None:
    shares, scores = faithfulness_tables()
    assert shares.groups == (("POS@10,3", 3),)
    assert scores.groups == (("DEL@3", 3),)
    assert shares.columns == ("approach", "own", "random", "popular")
    assert shares.starts == {1}
    assert texts(shares, "intrinsic_ease") == ["0.400", "0.850", "0.700"]
    assert [cell.sign for cell in cells(shares, "posthoc_knn")] == ["", "✓", "≈"]
    assert [cell.sign for cell in cells(scores, "posthoc_ar")] == ["", "✗", "✗"]
    assert cells(scores, "posthoc_ar")[1].meaning == "own: worse"


def test_a_projection_has_a_footnote() -> None:
    shares = faithfulness_tables()[0]
    marked = {row.heading: row.footnote for row in shares.bodies[0].rows if row.footnote}
    assert marked == {"posthoc_ar": "†"}
    assert "† posthoc_ar: projection: antecedents of the rules." in shares.notes


def test_what_is_not_applicable_is_said_in_words() -> None:
    shares = faithfulness_tables()[0]
    assert cells(shares, "posthoc_lime") == (
        Cell("not applicable: LIME weighs features, not items", is_phrase=True, span=3),
    )


def test_who_explains_nothing_is_named() -> None:
    made = content().scope.replace(r"not applicable.*", "no explanations", regex=True)
    shares = faithfulness_tables(scope=made)[0]
    assert texts(shares, "posthoc_lime") == ["no explanations"]


def test_an_approach_that_explains_but_was_forgotten_is_not_said_to_be_silent() -> None:
    made = content().scope.query("approach != 'posthoc_lime'")
    shares = faithfulness_tables(scope=made)[0]
    assert texts(shares, "posthoc_lime") == ["no figures"]


def test_areas_and_other_numbers_of_items_are_a_table_of_their_own() -> None:
    made = explanation_quality()
    for metric in ("pos@10/auc", "pos@10/auc/random", "del@1", "ps@10,3"):
        made[metric] = [0.5, 0.6, None, None]
    tables = faithfulness_tables(explanation_quality=made)
    assert [[title for title, _ in table.groups] for table in tables] == [
        ["POS@10,3", "PS@10,3"],
        ["DEL@3"],
        ["POS@10 AUC", "DEL@1"],
    ]
    assert tables[2].groups == (("POS@10 AUC", 2), ("DEL@1", 1))
    assert tables[2].starts == {1, 3}


def test_sampled_negatives_are_kept_apart() -> None:
    assert not sampled_table(results()).has_rows
    of_made = results(accuracy=accuracy().assign(**{"sampled_100_ndcg@10": 0.7}))
    assert sampled_table(of_made).columns == ("recommender", "nDCG@10 (100 negatives)")
    for table in comparison_tables(of_made):
        assert not any("negatives" in text for text in (*table.columns, *headings(table)))


def test_full_tables_of_tests() -> None:
    made = content()
    assert texts(rows_table(made.explanation_tests, "All", OF_PAIRS), "POS@10,3") == [
        "intrinsic_ease",
        "posthoc_knn",
        "\u22120.400",
        "[\u22120.408, \u22120.392]",
        "< 0.001",
        "< 0.001",
        "671",
    ]
    table = rows_table(made.control_tests, "All", OF_CONTROLS)
    assert len(headings(table)) == 12
    assert [cell.text for cell in table.bodies[0].rows[-1].cells][-1] == "worse"


def test_the_card() -> None:
    table = card_table(content())
    rows = {row.heading: row.cells[0].text for row in table.bodies[0].rows}
    assert rows["ratings"] == "100,004"
    assert rows["version"] == "3f9a1c07"
    assert rows["share of the matrix"] == "1.64 %"
    assert rows["ratings per user"] == "min 20, median 71.5"
    assert rows["ratings per item"] == "min 1, median 3"
    assert rows["dropped"] == "6 (duplicates)"
    assert rows["ratings given"] == "★ 1: 25.0 %, ★ 5: 75.0 %"


def test_stability_of_what_is_cited() -> None:
    table = rows_table(content().stability, "Stability", OF_STABILITY)
    assert headings(table) == ["intrinsic_ease", "posthoc_knn", "posthoc_knn"]
    assert texts(table, "intrinsic_ease") == ["0.910", "[0.900, 0.920]", "3", "3", "200", "2,000"]


def test_tables_are_rectangular_whatever_is_missing() -> None:
    for report in (content(), *poor_contents().values()):
        read = Results(report)
        tables = [*comparison_tables(read), overview_table(report, read)]
        tables += [
            rows_table(report.accuracy_tests, "", OF_PAIRS),
            rows_table(report.control_tests, "", OF_CONTROLS),
            rows_table(report.stability, "", OF_STABILITY),
            card_table(report),
        ]
        for table in tables:
            for body in table.bodies:
                for row in body.rows:
                    assert sum(cell.span for cell in row.cells) == len(table.columns) - 1
                    assert not any(cell.text in ("", "nan", "None") for cell in row.cells)
