"""The files of a study: `study.yml`, and the information that people read first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from explainable_recsys.datasets.leftovers import temporary
from explainable_recsys.errors import InputError
from explainable_recsys.interface.configuration import read_block
from explainable_recsys.study.plan import ANY_LANGUAGE, Plan, Text, parse_plan

PLAN = "study.yml"
"""Name of the file of a plan in its folder."""


@dataclass(frozen=True)
class StudyFiles:
    """A study as its files have it.

    Attributes:
        plan: What it is.
        information: What people read first.
        path: Of the plan.
    """

    plan: Plan
    information: Text
    path: Path


def read_study(path: Path) -> StudyFiles:
    """Read a plan and what lies beside it.

    The information stands in the file that the plan names, and in a language of the study in one
    with the language in its name, such as `information.de.txt`, if there is one.

    Args:
        path: Of the plan, or of the folder in which `study.yml` is.

    Raises:
        InputError: If a file is missing or is no text, or the plan is wrong.
    """
    file = path / PLAN if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"{file}: no such file; accepted: a plan, or a folder with a {PLAN}")
    plan = parse_plan(read_block(file), str(file))
    texts = {
        language: _text(_information(file, plan, language))
        for language in plan.languages or (ANY_LANGUAGE,)
    }
    return StudyFiles(plan, Text(texts), file)


def _information(file: Path, plan: Plan, language: str) -> Path:
    base = file.parent / plan.information
    own = base.with_name(f"{base.stem}.{language}{base.suffix}")
    return own if language and own.is_file() else base


def _text(file: Path) -> str:
    """What a text file holds.

    Raises:
        InputError: If it is missing, empty or no UTF-8.
    """
    accepted = "accepted: a text in UTF-8 that tells people what they take part in"
    try:
        found = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise InputError(f"information: {file}: no such file; {accepted}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"information: {file}: {error}; {accepted}") from None
    if not found:
        raise InputError(f"information: {file}: it is empty; {accepted}")
    return found


def written_text(path: Path, text: str) -> None:
    """Write a text; the file is there whole, or not at all.

    Raises:
        InputError: If it cannot be written.
    """
    unfinished = temporary(path)
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise InputError(f"--output {path}: cannot be written: {error.strerror or error}") from None
    finally:
        unfinished.unlink(missing_ok=True)
