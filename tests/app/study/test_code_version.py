"""Any change of what can change lists or reasons is another version."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from explainable_recsys.app.study.code_version import code_version, hash_of_sources


def test_any_change_of_a_source_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    module, phrases = tmp_path / "a.py", tmp_path / "inner" / "b.po"
    module.write_bytes(b"x = 1\n")
    phrases.write_bytes(b"one")
    before = hash_of_sources(tmp_path)
    (tmp_path / "inner" / "style.css").write_bytes(b"changes no list")
    assert hash_of_sources(tmp_path) == before
    module.write_bytes(b"x = 2\n")
    changed = hash_of_sources(tmp_path)
    module.write_bytes(b"x = 1\n")
    assert hash_of_sources(tmp_path) == before
    phrases.rename(tmp_path / "inner" / "c.po")
    moved = hash_of_sources(tmp_path)
    (tmp_path / "d.py").write_bytes(b"")
    assert len({before, changed, moved, hash_of_sources(tmp_path)}) == 4


def test_it_begins_with_the_version_of_the_package() -> None:
    number, _, digits = code_version().partition("+")
    assert number == version("explainable-recsys")
    assert len(digits) == 12
