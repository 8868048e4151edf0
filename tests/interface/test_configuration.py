"""Blocks of YAML: the keys of a file, each of which stands there once."""

from __future__ import annotations

from pathlib import Path

import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.interface.configuration import check_files, read_block


def written(path: Path, text: str) -> Path:
    """A file of conf/own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "source: a\nother: 1\nsource: b\n",
        "a: [1]\n? source\n: b\nsource: c\n",
        "'source': a\n# once\nsource: b\n",
    ],
)
def test_a_key_that_stands_twice_is_told_by_its_line(tmp_path: Path, text: str) -> None:
    file = written(tmp_path / "own" / "globals.yml", text)
    with pytest.raises(InputError, match=r"own/globals\.yml, line [34]: 'source' stands .* twice"):
        read_block(file)


def test_keys_of_lists_and_of_blocks_in_one_line_are_looked_at_too(tmp_path: Path) -> None:
    file = written(tmp_path / "own" / "a.yml", "a:\n- {b: 1}\n- {b: 1, c: {}}\n- c: 1\n  c: 1\n")
    with pytest.raises(InputError, match=r"own/a\.yml, line 5: 'c' .* first in line 4"):
        read_block(file)


def test_what_is_merged_may_be_replaced_and_blocks_may_have_the_same_keys(tmp_path: Path) -> None:
    text = "a: &a {b: 1, c: 2}\nd:\n  <<: *a\n  b: 3\ne: *a\n"
    file = written(tmp_path / "own" / "a.yml", text)
    assert read_block(file) == {"a": {"b": 1, "c": 2}, "d": {"b": 3, "c": 2},
                                "e": {"b": 1, "c": 2}}  # fmt: skip
    assert read_block(written(tmp_path / "empty.yml", "# nothing\n")) == {}


def test_the_description_of_own_data_is_read_so_too(tmp_path: Path) -> None:
    written(tmp_path / "base" / "globals.yml", "data_root: data\nsource: null\n")
    text = "data_root: data/own\nsource:\n  ratings: a.csv\n  ratings: b.csv\n"
    written(tmp_path / "own" / "globals.yml", text)
    with pytest.raises(InputError, match=r"own/globals\.yml, line 4: 'ratings' stands"):
        check_files(tmp_path, "own", {})
