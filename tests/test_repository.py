"""What the repository promises besides its code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.datasets.source import parse_source
from tests.conftest import PROJECT, run_project

README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_the_example_without_kedro_runs_as_it_stands() -> None:
    (example,) = re.findall(r"```python\n(import pandas.*?)```", README, flags=re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    *_, printed = example.strip().splitlines()
    assert printed == f"# {done.stdout.strip()}"
    assert sum(int(part) for part in re.findall(r"(\d+) %", printed)) == 100  # of two ratings


def test_the_example_of_own_ratings_is_a_valid_source() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    settings = yaml.safe_load(example)
    assert settings["data_root"] == "data/shop"
    source = parse_source(settings["source"])
    assert source.ratings.ids == "text"


def test_every_environment_stands_in_the_readme() -> None:
    for folder in (PROJECT / "conf").glob("ml-*"):
        assert folder.name in README


@pytest.mark.parametrize("name", [path.name for path in (PROJECT / "notebooks").glob("*.ipynb")])
def test_notebooks_carry_no_output(name: str) -> None:
    notebook = json.loads((PROJECT / "notebooks" / name).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_the_lock_pins_everything_with_hashes_and_names_no_index() -> None:
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z])", lock.split("make lock", 1)[1].strip())
    assert len(entries) > 50
    for entry in entries:
        assert re.match(r"[a-z0-9_.-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
    assert "://" not in lock
    assert "--index" not in lock


def test_pictures_stay_small() -> None:
    sizes = [path.stat().st_size for path in (PROJECT / "docs").iterdir()]
    assert sum(sizes) < 500_000


@pytest.mark.slow
def test_the_readme_shows_what_a_run_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # All but the diagnostics and most of LIME's stability, which the summary does not show.
    lime = {"stability": {"n_users": 1, "n_seeds": 2}}
    approaches = [name for name, pair in APPROACHES.items() if not pair.on_request]
    pipelines = ["recommenders", *approaches, "evaluation"]
    run_project(tmp_path, pipelines, env="base", posthoc_fm_lime=lime)
    printed = capsys.readouterr().out
    (shown,) = re.findall(r"`make run` ends like this:\n\n```\n(.*?)```", README, flags=re.DOTALL)
    stable = [line for line in shown.splitlines() if "e-0" not in line and "files  " not in line]
    for line in stable[: stable.index("Why? intrinsic_als, lists of als")]:
        assert line in printed
