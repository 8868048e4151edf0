"""The explainers: one record each."""

from __future__ import annotations

from explainable_recsys.answers.recommenders import CONTROLS
from explainable_recsys.answers.records import ExplainerRecord, Step
from explainable_recsys.explainers.contributions import explain_by_contributions
from explainable_recsys.explainers.features import explain_by_features
from explainable_recsys.explainers.influence import explain_by_influence
from explainable_recsys.explainers.lime import explain_by_lime
from explainable_recsys.explainers.neighbours import explain_by_neighbours, explain_by_similar_items
from explainable_recsys.explainers.paths import explain_by_paths
from explainable_recsys.explainers.rule_explanations import RuleIndex, explain_by_rules
from explainable_recsys.metrics.explainability import measure_explainability
from explainable_recsys.metrics.influence import influence_metrics
from explainable_recsys.metrics.paths import measure_paths
from explainable_recsys.metrics.rules import cited_rule_metrics
from explainable_recsys.metrics.surrogates import surrogate_metrics
from explainable_recsys.wording.contributions import contribution_sentences
from explainable_recsys.wording.features import feature_sentences
from explainable_recsys.wording.influence import influence_sentences
from explainable_recsys.wording.lime import lime_sentences
from explainable_recsys.wording.neighbours import neighbour_sentences, similar_item_sentences
from explainable_recsys.wording.paths import path_sentences
from explainable_recsys.wording.rules import rule_sentences

MEASURED = ("{approach}.approach_metrics",)

_ALL = (
    ExplainerRecord(
        "contributions",
        explain_by_contributions,
        contribution_sentences,
        knowledge=("features",),
        details=("totals",),
        adds_up=True,
        silence="too little of its score comes from what was liked",
    ),
    ExplainerRecord(
        "features",
        explain_by_features,
        feature_sentences,
        details=("projected_evidence",),
        silence="it has none of the features, decades aside, of what was rated well",
    ),
    ExplainerRecord(
        "influence",
        explain_by_influence,
        influence_sentences,
        details=("cited_groups", "ranks_without"),
        measure=Step(influence_metrics, MEASURED),
        silence="no liked rating raises its score enough to be felt",
    ),
    ExplainerRecord(
        "rules",
        explain_by_rules,
        rule_sentences,
        knowledge=("rules",),
        details=("cited_rules",),
        on_controls=True,
        measure=Step(cited_rule_metrics, MEASURED),
        silence="no rule leads to it from what was liked",
        prepare={"rules": RuleIndex.of},
    ),
    ExplainerRecord(
        "neighbours",
        explain_by_neighbours,
        neighbour_sentences,
        knowledge=("neighbours",),
        details=("projected_evidence",),
        on_controls=True,
        measure=Step(
            measure_explainability,
            MEASURED,
            {f"recommendations_of_{c}": f"{c}.recommendations" for c in CONTROLS},
        ),
        silence="too few of the nearest people like it ({min_share} of all and {min_agreement} of "
        "those who rated it would be enough)",
    ),
    ExplainerRecord(
        "similar_items",
        explain_by_similar_items,
        similar_item_sentences,
        knowledge=("similar_items",),
        on_controls=True,
        silence="nothing that was liked is among the items most similar to it",
    ),
    ExplainerRecord(
        "lime",
        explain_by_lime,
        lime_sentences,
        knowledge=("features",),
        details=("surrogates", "projected_evidence"),
        on_controls=True,
        measure=Step(
            surrogate_metrics,
            MEASURED,
            {f"surrogates_of_{c}": f"{{approach}}.surrogates_of_{c}" for c in CONTROLS},
        ),
        silence="no part of what was liked raises its score in a way that a simple model can tell",
    ),
    ExplainerRecord(
        "paths",
        explain_by_paths,
        path_sentences,
        knowledge=("graph",),
        adds_up=True,
        details=("paths",),
        measure=Step(measure_paths, MEASURED),
        silence="no path that says something leads to it from what was liked",
    ),
)

EXPLAINERS = {record.name: record for record in _ALL}
