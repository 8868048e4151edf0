"""Who took part, whom rules leave out, and what is analysed with and without them."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.study.exclusions import (
    WITH,
    WITHOUT,
    everybody,
    flow,
    kept,
    people,
    rules_in_use,
)
from explainable_recsys.study.exported import long_form
from explainable_recsys.study.plan import Exclusions
from tests.study.exported import by_hand, plan


def people_of(rules: Exclusions | None = None) -> pd.DataFrame:
    tables = by_hand()
    given = (tables[name] for name in ("participants", "trials", "answers"))
    return people(plan(), *given, rules).set_index("participant")


def test_everybody_has_a_row_with_what_they_did_and_the_rules_they_break() -> None:
    table = people_of()
    assert table["n_trials"].tolist() == [2, 2, 2, 0]
    assert table["n_seen"].tolist() == [2, 2, 1, 0]
    assert table["n_answered"].tolist() == [2, 2, 1, 0]
    assert table["n_set_aside"].tolist() == [1, 0, 0, 0]  # person 1 has seen the second film
    # A check that is left out, as person 3 does, is not failed.
    assert table["failed_checks"].tolist() == [0, 1, 0, 0]
    assert table["seconds"].tolist()[:3] == [15, 3.5, 30]  # of pages, whatever they ask
    # Person 2 chose 3 each time, on the scale too; the check, another answer, does not count.
    assert table["alike"].tolist() == [False, True, False, False]
    assert table["excluded_by"].tolist() == [
        "",
        "failed_checks, least_seconds, alike",
        "unfinished",
        "",
    ]


def test_who_leaves_after_all_recommendations_saw_all_but_did_not_come_to_the_last_page() -> None:
    tables = by_hand()
    who = tables["participants"].assign(finished=[False, True, False, False])
    table = people(plan(), who, tables["trials"], tables["answers"])
    assert table["saw_all"].tolist() == [True, True, False, True]  # for 4 there were none
    assert table["excluded_by"].iloc[0] == ""
    counts = flow(table, plan().exclusions).set_index("step")["n"]
    assert (counts["saw_all"], counts["finished"]) == (2, 1)


def test_other_rules_leave_out_others() -> None:
    none = Exclusions(unfinished=False)
    assert (people_of(none)["excluded_by"] == "").all()
    assert rules_in_use(none) == []
    slow = people_of(Exclusions(unfinished=False, least_seconds=15))
    assert slow["excluded_by"].tolist() == ["", "least_seconds", "", ""]  # 15 is not below 15


def test_the_flow_counts_each_at_the_first_rule_and_adds_up() -> None:
    table = flow(people_of().reset_index(), plan().exclusions)
    counts = dict(zip(table["step"], table["n"], strict=True))
    assert counts == {
        "consented": 3,
        "answered": 3,
        "saw_all": 2,
        "finished": 2,
        "unfinished": 1,
        "failed_checks": 1,
        "least_seconds": 0,
        "alike": 0,
        "analysed": 1,
    }
    assert counts["answered"] - counts["unfinished"] == counts["saw_all"]
    assert counts["answered"] - table.loc[table["excluded"], "n"].sum() == counts["analysed"]


def test_with_exclusions_people_and_answers_go_and_without_none_does() -> None:
    tables = by_hand()
    long = long_form(plan(), tables["trials"], tables["answers"])
    who = people_of().reset_index()
    assert kept(long, who, WITHOUT) is long
    left = kept(long, who, WITH)
    assert set(left["participant"]) == {1}
    assert set(left["position"]) == {1}  # the other film was seen before


def test_of_anybodys_answers_nobody_is_left_out() -> None:
    long = pd.DataFrame({"participant": ["a", "b", "a"], "set_aside": ""})
    who = everybody(long)
    assert kept(long, who, WITH).equals(long)
    table = flow(who, None)
    assert dict(zip(table["step"], table["n"], strict=True)) == {
        "answered": 2,
        "analysed": 2,
    }
