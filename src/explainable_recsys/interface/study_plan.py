"""The files of a study: `study.yml`, and the information that people read first."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from pathlib import Path

from explainable_recsys.datasets.leftovers import temporary
from explainable_recsys.errors import InputError
from explainable_recsys.interface.configuration import read_block
from explainable_recsys.study.flow import minutes
from explainable_recsys.study.plan import ANY_LANGUAGE, Plan, Text, parse_plan

PLAN = "study.yml"
"""Name of the file of a plan in its folder."""

UNWRITTEN = (
    "(write name and address here before the study begins)",
    "(vor Beginn der Studie Name und Adresse eintragen)",
)
"""What stands in the information of the studies that come with the project."""


@dataclass(frozen=True)
class StudyFiles:
    """A study as its files have it.

    Attributes:
        plan: What it is.
        information: What people read first, with numbers of the plan filled in.
        path: Of the plan.
    """

    plan: Plan
    information: Text
    path: Path

    @property
    def unwritten(self) -> str:
        """File and line of the information in which nobody is named yet; empty: there is none."""
        for language in self.information.root:
            file = _information(self.path, self.plan, language)
            for n, line in enumerate(_text(file).splitlines(), 1):
                if any(mark in line for mark in UNWRITTEN):
                    return f"{file}, line {n}"
        return ""


def read_study(path: Path) -> StudyFiles:
    """Read a plan and what lies beside it.

    The information stands in the file that the plan names, and in a language of the study in one
    with the language in its name, such as `information.de.txt`, if there is one. Numbers of the
    plan stand in it by name, as `{n_films}`, and are filled in.

    Args:
        path: Of the plan, or of the folder in which `study.yml` is.

    Raises:
        InputError: If a file is missing or is no text, or the plan or a name in braces is wrong.
    """
    file = path / PLAN if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"{file}: no such file; accepted: a plan, or a folder with a {PLAN}")
    plan = parse_plan(read_block(file), str(file))
    texts = {
        language: _filled(_information(file, plan, language), plan)
        for language in plan.languages or (ANY_LANGUAGE,)
    }
    return StudyFiles(plan, Text(texts), file)


def _information(file: Path, plan: Plan, language: str) -> Path:
    base = file.parent / plan.information
    own = base.with_name(f"{base.stem}.{language}{base.suffix}")
    return own if language and own.is_file() else base


def _filled(file: Path, plan: Plan) -> str:
    """What a text file holds, with numbers of the plan.

    Raises:
        InputError: As `_text`, or naming what stands in braces and is none of these.
    """
    text = _text(file)
    numbers = {
        "n_films": plan.n_trials,
        "n_ratings": plan.ratings.least,
        "minutes": round(minutes(plan)),
        "keep_days": plan.keep_days,
    }
    for place in re.finditer(r"\{(.*?)\}", text):
        if place[1] not in numbers:
            line = text.count("\n", 0, place.start()) + 1
            raise InputError(
                f"information: {file}, line {line}: found {place[0]}; accepted: "
                f"{', '.join(f'{{{name}}}' for name in numbers)}"
            )
    return re.sub(r"\{(.*?)\}", lambda place: str(numbers[place[1]]), text)


def _text(file: Path) -> str:
    """What a text file holds.

    Raises:
        InputError: If it is missing, empty or no UTF-8.
    """
    accepted = "accepted: a text in UTF-8 that tells people what they take part in"
    try:
        found = file.read_text(encoding="utf-8").rstrip()
    except FileNotFoundError:
        raise InputError(f"information: {file}: no such file; {accepted}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"information: {file}: {error}; {accepted}") from None
    if not found:
        raise InputError(f"information: {file}: it is empty; {accepted}")
    return found


def check_written(found: StudyFiles, today: datetime.date) -> None:
    """Make sure that people are told who is responsible, once a study is open.

    Raises:
        InputError: If it is open and nobody is named yet in the information; made-up people do not
            ask.
    """
    plan = found.plan
    if plan.opens <= today <= plan.closes and not plan.simulated and found.unwritten:
        raise InputError(
            f"information: {found.unwritten}: nobody is named yet; accepted: who is responsible "
            "and how to reach them"
        )


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
