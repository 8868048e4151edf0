"""Texts come back as they were saved, and saves are all or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kedro.io import Version

from explainable_recsys.datasets.files import TextDataset
from explainable_recsys.errors import InputError

TEXT = "Amélie ★ 4.5\r\n\n<html>\u2028end\n"


def test_round_trip_as_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    dataset = TextDataset(filepath=str(file))
    dataset.save(TEXT)
    assert dataset.load() == TEXT
    assert file.read_bytes() == TEXT.encode("utf-8")


def test_versions(tmp_path: Path) -> None:
    file = str(tmp_path / "report.md")
    for version in ("2026-01-01", "2026-01-02"):
        TextDataset(filepath=file, version=Version(None, version)).save(version)
    assert TextDataset(filepath=file, version=Version(None, None)).load() == "2026-01-02"
    assert TextDataset(filepath=file, version=Version("2026-01-01", None)).load() == "2026-01-01"


def test_a_failed_save_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    dataset = TextDataset(filepath=str(file))
    dataset.save("before")
    with pytest.raises(Exception, match="surrogates"):
        dataset.save("\ud800")
    assert dataset.load() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Exception, match=r"report\.md: damaged") as caught:
        TextDataset(filepath=str(file)).load()
    assert isinstance(caught.value.__cause__, InputError) or isinstance(caught.value, InputError)


def test_the_preview_of_a_web_page_is_its_headings(tmp_path: Path) -> None:
    dataset = TextDataset(filepath=str(tmp_path / "report.html"))
    page = "<!DOCTYPE html>\n<style>h1 {color: red}</style><header>"
    page += '<h1>All &amp;\n  everything</h1></header>text<h2 id="a">One <em>part</em></h2>'
    dataset.save(page)
    assert json.loads(dataset.preview()) == ["All & everything", "  One part"]


def test_the_preview_of_a_text_is_its_first_lines(tmp_path: Path) -> None:
    dataset = TextDataset(filepath=str(tmp_path / "a.yml"))
    dataset.save("# ★\na: 1\n" + "more\n" * 50)
    assert json.loads(dataset.preview()) == ["# ★", "a: 1", *["more"] * 38]
