"""Nodes that draw what a study found, and put it into words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from explainable_recsys.figures.study_answers import study_answers_figure, study_means_figure
from explainable_recsys.figures.study_flow import study_flow_figure, study_session_figure
from explainable_recsys.figures.study_tests import study_contrasts_figure, study_forecast_figure
from explainable_recsys.reporting.content import STUDY_FIGURES
from explainable_recsys.reporting.html import study_html
from explainable_recsys.reporting.study import study_findings
from explainable_recsys.reporting.study_sentences import StudyResults
from explainable_recsys.study.about import About
from explainable_recsys.study.exclusions import WITH, WITHOUT
from explainable_recsys.wording.phrases import phrase


def draw_study(
    plan: Mapping[str, Any],
    manifest: Mapping[str, Any],
    flow: pd.DataFrame,
    descriptives: pd.DataFrame,
    answer_counts: pd.DataFrame,
    contrasts: pd.DataFrame,
    task_results: pd.DataFrame,
    popularity: pd.DataFrame,
) -> tuple[Any, ...]:
    """Draw the session, who took part, what they answered, what differs, and what helps."""
    about = About.of(plan, manifest, popularity)
    return (
        study_session_figure(about.plan),
        study_flow_figure(flow, about),
        study_means_figure(_shown(descriptives), about),
        study_answers_figure(_shown(answer_counts), about),
        study_contrasts_figure(_shown(contrasts), about),
        study_forecast_figure(_shown(task_results), about),
    )


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """The rows with the exclusions, or those without where too few people are left."""
    way = WITH if (table["exclusions"] == WITH).any() else WITHOUT
    return table[table["exclusions"] == way]


def tell_study(
    plan: Mapping[str, Any],
    manifest: Mapping[str, Any],
    popularity: pd.DataFrame,
    models: pd.DataFrame,
    terms: pd.DataFrame,
    folder: str,
    **tables: pd.DataFrame,
) -> dict[str, Any]:
    """What was found, in sentences and in tables to be printed; of models that were fitted."""
    about, keys = About.of(plan, manifest, popularity), ["exclusions", "measure", "model"]
    fitted = terms.merge(models.loc[models["converged"], keys], on=keys)
    results = StudyResults(about=about, popularity=popularity, terms=fitted, **tables)
    return study_findings(results, Path(folder).name, manifest.get("exported_on", ""))


def write_page(findings: dict[str, Any], **figures: Any) -> str:
    """A page of its own about the study."""
    titles = STUDY_FIGURES.items()
    named = {phrase(title): figures[f"{name}_figure"] for name, title in titles}
    return study_html(findings, named)
