"""The texts of all records, from which `make phrases` gathers them: they are shown as phrases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.knowledge import KNOWLEDGE
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.explainers.styles import MIXED, STYLES
from explainable_recsys.metrics.comparison import CONTROLS
from explainable_recsys.metrics.projected_evidence import NO_EXPLANATIONS, NOT_APPLICABLE
from explainable_recsys.metrics.records import ADDITIONS, METRICS

FIELDS = (
    *("title", "about", "label", "definition", "note"),
    *("unit", "piece", "weight", "taken_away", "silence"),
)
"""Fields of records that people read; a record may lack some."""


def texts() -> set[str]:
    """What records of metrics, styles, recommenders, knowledge, explainers and pairs say."""
    families = METRICS, STYLES, RECOMMENDERS, KNOWLEDGE, EXPLAINERS, APPROACHES
    records = [MIXED, *(record for family in families for record in family.values())]
    found = {getattr(record, field, "") for record in records for field in FIELDS}
    found.update(*ADDITIONS.values(), CONTROLS, (NO_EXPLANATIONS, NOT_APPLICABLE))
    return found - {""}


def gather(*_: Any, **__: Any) -> Iterator[tuple[int, str, str, list[str]]]:
    """The texts as Babel wants them of what extracts phrases from a file: this one."""
    yield from ((1, "later", text, []) for text in sorted(texts()))
