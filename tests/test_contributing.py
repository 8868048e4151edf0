"""What CONTRIBUTING adds as examples works, in exactly the files that it names."""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import PROJECT

EXAMPLES = re.findall(
    r"```(?:python|yaml)\n# (add to )?(\S+)\n(.*?)```",
    (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
    flags=re.DOTALL,
)
REGISTRIES = {"records.py": "_EXPLANATIONS = ["}
"""Where records of metrics stand; all others stand in a tuple of one name."""


def add(file: Path, text: str) -> None:
    """Put imports and a record into a module, the record first among its like."""
    imports, _, record = text.rpartition("\n\n")
    record = textwrap.indent(record.strip(), " " * 4)
    code = file.read_text(encoding="utf-8")
    opening = REGISTRIES.get(file.name, "_ALL = (")
    assert code.count(f"\n{opening}\n") == 1
    code = code.replace(f"\n{opening}\n", f"\n{opening}\n{record},\n")
    start = "from __future__ import annotations\n"
    file.write_text(code.replace(start, f"{start}\n{imports}\n", 1), encoding="utf-8")


@pytest.mark.slow
def test_the_examples_of_contributing_work_in_exactly_the_files_that_it_names(
    project_copy: Path, kedro: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    assert len(EXAMPLES) == 11
    for is_addition, name, code in EXAMPLES:
        file = project_copy / name
        if is_addition:
            add(file, code)
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(code, encoding="utf-8")

    both = "posthoc_familiar,intrinsic_knn"
    done = kedro(project_copy, "run", "--env", "test", "--pipelines", both, fresh=True)
    assert done.returncode == 0, done.stderr
    results = project_copy / "data" / "test"
    (sentences,) = results.glob("07_model_output/posthoc_familiar/sentences.parquet/*/*")
    assert pd.read_parquet(sentences)["sentence"].str.endswith("among others.").any()
    (explanations,) = results.glob("07_model_output/posthoc_familiar/explanations.parquet/*/*")
    assert pd.read_parquet(explanations)["weight"].min() >= 3
    (metrics,) = results.glob("08_reporting/posthoc_familiar/metrics.json/*/*")
    found = json.loads(metrics.read_text())
    assert found["coverage"] > 0.9  # of the others nothing that is familiar is liked
    assert 1 <= found["cited_items/low"] <= found["cited_items"] <= 3

    asked = kedro(
        project_copy,
        *("explain", "--env", "test", "--user", "558", "--recommender", "item_knn"),
        *("--explainer", "familiar_items"),
        fresh=True,
    )
    assert "among others." in asked.stdout, asked.stderr
