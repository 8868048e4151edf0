"""An approach is added by one folder, one module and one parameters file, as the README says."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import PROJECT

RUN = ("run", "--env", "test")
README = (PROJECT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_approach_of_the_readme_appears_everywhere(
    project_copy: Path, kedro: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    files = re.findall(r"```python\n# (src/\S+)\n(.*?)```", README, flags=re.DOTALL)
    assert len(files) == 2
    for name, code in files:
        (project_copy / name).parent.mkdir(exist_ok=True)
        (project_copy / name).write_text(code, encoding="utf-8")
    without = kedro(project_copy, *RUN, "--pipelines", "newest", fresh=True)
    assert "add them to conf/base/parameters_newest.yml" in without.stderr
    (parameters,) = re.findall(r"^newest: .*$", README, flags=re.MULTILINE)
    (project_copy / "conf" / "base" / "parameters_newest.yml").write_text(parameters)

    alone = kedro(project_copy, *RUN, "--pipelines", "newest", fresh=True)
    assert alone.returncode == 0, alone.stderr
    assert "newest" in alone.stdout
    everything = kedro(project_copy, *RUN, fresh=True)
    assert everything.returncode == 0, everything.stderr
    results = project_copy / "data" / "test"
    (comparison,) = results.glob("08_reporting/comparison.parquet/*/comparison.parquet")
    assert "newest" in pd.read_parquet(comparison)["approach"].tolist()
    metrics = sorted(results.glob("08_reporting/newest/metrics.json/*/metrics.json"))
    assert len(metrics) == 2
    assert json.loads(metrics[0].read_text()) == json.loads(metrics[1].read_text())
