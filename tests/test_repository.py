"""What the repository promises besides its code."""

from __future__ import annotations

import json
import re

import pytest

from tests.conftest import PROJECT


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
    sizes = [path.stat().st_size for path in (PROJECT / "docs").glob("*.png")]
    assert sum(sizes) < 650_000
