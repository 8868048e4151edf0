"""What is known of every metric: its name, direction, unit, definition and source, said once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import pandas as pd

from explainable_recsys.metrics.beyond_accuracy import popular_overlap, short_lists

Direction = Literal["higher", "lower", ""]
"""Which values are the good ones; empty if neither."""

Family = Literal[
    "ranking", "ratings", "beyond accuracy", "explanations", "null", "faithfulness", "own"
]
"""What a metric is about; `own` are those that only some recommenders or explainers have."""

Unit = Literal["share", "percent", "rating points", "bits", "score", "ratio", "count", "error"]
"""What a value is measured in; a share is a number from 0 to 1 and written so, or in percent."""

Form = Literal["score", "percentage", "count", "one", "error"]
"""How numbers are written: 0.123, 12.3 %, 1,234, 12.3 or 1e-07."""

FORMS: dict[Unit, Form] = {
    "share": "score",
    "percent": "percentage",
    "rating points": "score",
    "bits": "score",
    "score": "score",
    "ratio": "one",
    "count": "count",
    "error": "error",
}


@dataclass(frozen=True)
class Metric:
    """A metric.

    Attributes:
        name: Its column in tables of metrics, with `{k}` for the length of the lists and `{n}`
            for the number of cited items.
        label: Short name, for the head of a column.
        definition: What it is, in a sentence.
        direction: Which values are the good ones.
        unit: What it is measured in.
        title: Full name, where that is another.
        note: What to know before comparing it.
        source: Where it comes from; empty if it is nobody's in particular.
        per_user: Its values by `user_id`, if it is a function of its own: of lists (data, lists,
            k) in the family `beyond accuracy`, of evidence (data, lists, evidence) in
            `explanations`. Others are computed where their like are.
    """

    name: str
    label: str
    definition: str
    direction: Direction = "higher"
    unit: Unit = "share"
    title: str = ""
    note: str = ""
    source: str = ""
    per_user: Callable[..., pd.Series[float]] | None = None

    @property
    def base(self) -> str:
        """The name without K and numbers of cited items."""
        return self.name.partition("@")[0]

    @property
    def form(self) -> Form:
        """How its values are written."""
        return FORMS[self.unit]


_RANKING = [
    Metric(
        "recall@{k}",
        "recall",
        "Share of a user's relevant held-out items that are in the top K (the hit ratio of some "
        "toolkits).",
        source="Manning et al. 2008",
    ),
    Metric(
        "ndcg@{k}",
        "nDCG",
        "Hits in the top K, counting 1 / log2(1 + rank) each, over what the best possible list "
        "of that length would reach.",
        title="normalized discounted cumulative gain",
        source="Järvelin & Kekäläinen 2002",
    ),
    Metric(
        "precision@{k}",
        "precision",
        "Share of the top K that are hits.",
        source="Manning et al. 2008",
    ),
    Metric("hit_rate@{k}", "hit rate", "Share of the users with at least one hit in the top K."),
    Metric(
        "map@{k}",
        "MAP",
        "Mean of the precision at the rank of every hit, over the most hits possible.",
        title="mean average precision",
        source="Manning et al. 2008",
    ),
    Metric(
        "mrr@{k}",
        "MRR",
        "Mean of 1 / rank of the first hit, 0 without any.",
        title="mean reciprocal rank",
        source="Voorhees 1999",
    ),
]
_RATINGS = [
    Metric(
        "rmse",
        "RMSE",
        "Root of the mean squared error of the predicted held-out ratings, clipped to the "
        "rating scale; only of recommenders that predict ratings.",
        "lower",
        "rating points",
        title="root mean squared error",
    ),
    Metric(
        "mae",
        "MAE",
        "Mean absolute error of the predicted held-out ratings, as for RMSE.",
        "lower",
        "rating points",
        title="mean absolute error",
    ),
]
_BEYOND_ACCURACY = [
    Metric(
        "catalogue_coverage@{k}",
        "catalogue",
        "Share of the catalogue that is recommended to anybody at all.",
        title="catalogue coverage",
        unit="percent",
    ),
    Metric(
        "novelty@{k}",
        "novelty",
        "Mean information of the recommended items: the fewer users rated them, the more.",
        unit="bits",
        source="Vargas & Castells 2011",
    ),
    Metric(
        "diversity@{k}",
        "diversity",
        "Mean Jaccard distance of the genres over all pairs of a list.",
        source="Ziegler et al. 2005",
    ),
    Metric(
        "popularity_percentile@{k}",
        "popularity",
        "Mean share of the catalogue that is less popular than the recommended item; 0.5 for a "
        "random list.",
        "lower",
        title="popularity percentile",
    ),
    Metric(
        "popular_overlap@{k}",
        "popular",
        "Share of the list that is among the K most rated items that the user has not rated.",
        "lower",
        title="overlap with most popular",
        per_user=popular_overlap,
    ),
    Metric(
        "short_lists@{k}",
        "short lists",
        "Share of the users whose list has fewer than K items, because nothing else is known to "
        "be for them.",
        "lower",
        per_user=short_lists,
    ),
    Metric(
        "gini@{k}",
        "Gini",
        "Inequality of exposure: 0 if every item is recommended equally often, towards 1 if few "
        "are.",
        "lower",
        title="Gini coefficient of exposure",
    ),
]
_EXPLANATIONS = [
    Metric(
        "coverage",
        "explained",
        "Share of all recommendations made that have at least one explanation.",
        title="coverage of explanations (model fidelity)",
        unit="percent",
        note="It rewards popularity, so the same explainer is also tried on most-popular and on "
        "random lists.",
        source="Peake & Wang 2018",
    ),
    Metric(
        "length",
        "length",
        "Mean number of pieces of evidence of an explained recommendation.",
        "",
        "ratio",
    ),
    Metric(
        "evidence_popularity",
        "popularity of evidence",
        "Mean popularity of the cited items over that of the user's history; above 1 if the "
        "more popular part of it is cited.",
        "",
        "score",
    ),
    Metric(
        "evidence_diversity",
        "repetition",
        "Overlap of the evidence of two recommendations to the same user, mean over pairs.",
        "lower",
    ),
    Metric(
        "jaccard",
        "stability",
        "Jaccard overlap of what is cited for a recommendation before and after training again "
        "with another seed.",
    ),
]
_NULL = [
    Metric(
        "strength",
        "strength",
        "Mean of what the weights of an explanation's pieces sum to; what speaks against the "
        "recommendation counts against it.",
        "",
        "score",
        note="In the unit of the weights, so not comparable between explainers.",
    ),
    Metric(
        "above_null",
        "about the person",
        "1 if explanations are more frequent, or stronger, on a person's own history than on that "
        "of another (above the 95 % interval of that); 0 if not: then they say nothing about the "
        "person.",
        "",
        "count",
    ),
]
_FAITHFULNESS = [
    Metric(
        "pos@{k},{n}",
        "POS",
        "Share of the explained recommendations that are still in the top K when the items "
        "cited for them are taken out of the history.",
        "lower",
        title="recommendations that stay without the cited items",
        note="What an explanation really rests on cannot be missed.",
        source="Baklanov et al. 2025; 1 less the probability of necessity of Tan et al. 2021",
    ),
    Metric(
        "possible_drop@{k},{n}",
        "share of the possible drop",
        "How far POS falls below that of random items when the cited items are taken out, over how "
        "far it falls when the ratings are taken out that hold the recommendation up most.",
        note="Comparable between recommenders: a raw drop mixes how brittle a list is with how "
        "true the reason is. Above 1 where the cited items do better than a greedy choice; not "
        "stated where less than .02 of POS is possible.",
    ),
    Metric(
        "ps@{k},{n}",
        "PS",
        "Share of the explained recommendations that are still in the top K when the history is "
        "nothing but the cited items.",
        title="probability of sufficiency",
        source="Tan et al. 2021",
    ),
    Metric(
        "del@{n}",
        "DEL",
        "What remains of the personal part of the score (the score less that for an empty "
        "history) when the cited items are taken out of the history, as a share of it.",
        "lower",
        note="Recommendations whose personal part is negative or small (below a tenth of the "
        "average: least_personal) are left out, so it is over fewer users. Not comparable "
        "between models with different scores for an empty history.",
        source="Baklanov et al. 2025",
    ),
    Metric(
        "ins@{n}",
        "INS",
        "What the cited items alone give of the personal part of the score, as a share of it.",
        note="Computed, and to be read, like DEL.",
        source="Baklanov et al. 2025",
    ),
    Metric(
        "cdcg@{n}",
        "CDCG",
        "How far up the recommendation stays without the cited items: the mean of 1 / log2(1 + "
        "its new rank).",
        "lower",
        title="counterfactual discounted cumulative gain",
        source="Baklanov et al. 2025",
    ),
]
_MEP = Metric(
    "mep_users@{k}",
    "MEP by users",
    "Share of a list whose items the user's neighbourhood speaks for.",
    title="mean explainability precision",
    note="Neighbours are users of similar taste.",
    source="Abdollahi & Nasraoui 2016",
)
_MER = replace(
    _MEP,
    name="mer_users@{k}",
    label="MER by users",
    title="mean explainability recall",
    definition="Share of the items that the neighbourhood speaks for that are in the list.",
)
_E_NDCG = replace(
    _MEP,
    name="e_ndcg_users@{k}",
    label="explainable nDCG by users",
    title="",
    definition="nDCG with the strength of the neighbourhood's support as gain.",
    source="Coba, Symeonidis & Zanker 2019",
)
_HELD_OUT_R2 = Metric(
    "held_out_r2",
    "held-out R²",
    "Share of the variance of the model's scores that the surrogate explains on "
    "perturbations that it was not fitted to.",
    source="LIME, Ribeiro et al. 2016",
)
_OWN = [
    *(_MEP, _MER, _E_NDCG),
    *(
        replace(
            metric,
            name=metric.name.replace("_users", "_items"),
            label=metric.label.replace("users", "items"),
            note="Neighbours are similar items that the user rated.",
        )
        for metric in (_MEP, _MER, _E_NDCG)
    ),
    Metric(
        "n_users_without_neighbours",
        "without neighbours",
        "Users without any neighbour.",
        "lower",
        "count",
    ),
    Metric(
        "local_r2",
        "local R²",
        "Share of the variance of the model's scores that the surrogate explains on the "
        "perturbations it was fitted to, weighted by nearness.",
        source="LIME, Ribeiro et al. 2016",
    ),
    _HELD_OUT_R2,
    *(
        replace(
            _HELD_OUT_R2,
            name=f"held_out_r2_{end}",
            label=f"held-out R², {quantile}",
            note="Quantile over explanations.",
        )
        for end, quantile in (("p10", "10 %"), ("median", "median"), ("p90", "90 %"))
    ),
    Metric(
        "share_held_out_r2_above_half",
        "held-out R² above 0.5",
        "Share of the surrogates that explain more than half of the held-out variance.",
        unit="percent",
    ),
    Metric(
        "effective_samples",
        "effective samples",
        "How many equally weighted perturbations the weighted ones of a surrogate are worth.",
        "",
        "ratio",
        source="Kish 1965",
    ),
    Metric(
        "n_samples",
        "samples",
        "Perturbations of a surrogate.",
        "",
        "count",
    ),
    Metric(
        "n_widened",
        "widened kernels",
        "Explanations whose kernel was widened because too few perturbations were near.",
        "lower",
        "count",
    ),
    Metric(
        "top3_jaccard",
        "overlap of seeds",
        "Jaccard overlap of the three strongest reasons of two seeds of the perturbations.",
    ),
    Metric(
        "coefficient_spread",
        "spread of coefficients",
        "Standard deviation of the coefficients over seeds, relative to their size.",
        "lower",
        "score",
    ),
    Metric(
        "popularity_gap",
        "popularity gap",
        "Mean popularity percentile of the explained recommendations minus that of the others; "
        "far from 0, reasons are found for popular (unpopular) items only.",
        "",
    ),
    Metric(
        "additivity_error",
        "largest Σ error",
        "Largest difference between the sum of all contributions and the score, of approaches "
        "that claim that they are equal.",
        "lower",
        "error",
    ),
    Metric(
        "additivity_error_relative",
        "Σ error",
        "Largest difference between the sum of all contributions and the score, relative to the "
        "score.",
        "lower",
        "error",
    ),
    Metric(
        "median_support",
        "support",
        "Share of the users with all items of the best rule, median over recommendations.",
        "",
        source="Agrawal et al. 1993",
    ),
    Metric(
        "median_confidence",
        "confidence",
        "Share of those with the left side of the best rule who also have the right side, "
        "median over recommendations.",
        "",
        source="Agrawal et al. 1993",
    ),
    Metric(
        "median_lift",
        "lift",
        "Confidence of the best rule over what chance would give, median over recommendations.",
        unit="ratio",
        source="Brin et al. 1997",
    ),
    Metric(
        "mean_antecedents",
        "antecedents",
        "Items on the left side of the best rule, mean over recommendations.",
        "",
        "ratio",
    ),
    Metric(
        "top_influence",
        "strongest influence",
        "What the score loses without the rating that supports it most, mean.",
        "",
        "score",
    ),
    Metric(
        "group_influence",
        "joint influence",
        "What the score loses without all the ratings cited, at once, mean.",
        "",
        "score",
    ),
    Metric(
        "additivity_gap",
        "additivity gap",
        "By which share of their joint influence the single influences miss it in sum.",
        "lower",
        "percent",
    ),
    Metric(
        "linking_interaction_recency",
        "recency",
        "How recent the ratings are that the paths start from, among those of the user; 1 is the "
        "newest.",
        "",
        title="linking interaction recency",
        source="Balloccu et al. 2022",
    ),
    Metric(
        "shared_entity_popularity",
        "popularity of entities",
        "How frequent the entities are that the paths pass, among those of their relation; 1 is "
        "the most frequent.",
        "",
        title="shared entity popularity",
        source="Balloccu et al. 2022",
    ),
    Metric(
        "path_type_diversity",
        "types of paths",
        "Relations of a list's best paths, as a share of as many as there could be.",
        title="path type diversity",
        source="Balloccu et al. 2022",
    ),
    Metric(
        "path_type_concentration",
        "concentration of paths",
        "Probability that two of a list's best paths have the same relation (Simpson's index).",
        "lower",
        title="path type concentration",
        source="Balloccu et al. 2022",
    ),
    Metric("n_ratings", "rated", "Held-out ratings that were predicted.", "", "count"),
    Metric(
        "n_cold",
        "cold",
        "Held-out ratings of a user or an item that training did not see.",
        "",
        "count",
    ),
]

FAMILIES: dict[Family, list[Metric]] = {
    "ranking": _RANKING,
    "ratings": _RATINGS,
    "beyond accuracy": _BEYOND_ACCURACY,
    "explanations": _EXPLANATIONS,
    "null": _NULL,
    "faithfulness": _FAITHFULNESS,
    "own": _OWN,
}
METRICS = {metric.base: metric for family in FAMILIES.values() for metric in family}
"""All metrics, by their names without K and numbers of cited items."""

AREA = (
    "The area under the curve of a measure over the share of the history that is taken away, or "
    "kept, from 0 to 100 %: cited items first, the others at random, so that it does not depend on "
    "one number of items. Explanations that cite few items soon go on like random ones, and lose."
)
CONTROL = (
    "The same recommendations when as many items of the same history are taken out, but drawn at "
    "random, or the most popular ones. Evidence that does no better than random items does not say "
    "what the model went by."
)
GREEDY = (
    "The same recommendations when as many ratings are taken out one by one, each time the one "
    "without which the item's lead over the first item outside the list is lowest: about as far as "
    "they can fall. On a sample of the users."
)
STRONGEST = (
    "The same recommendations when as many of the strongest supporting pieces are taken out, liked "
    "or not, instead of those told first."
)
NULL = (
    "The same recommendations to a sample of the users, asked of the same explainer with their own "
    "history, and with that of the person whose history is the nearest in length (the null). Left "
    "out is what that person has rated."
)
OF_LISTS = "The same explainer on most-popular and on random lists."
GAIN = "The difference to the same model without explainability."
SAMPLED = (
    "Ranked against sampled negatives, not against the whole catalogue. Such figures are not "
    "comparable with those of full rankings, and may order recommenders differently (Krichene & "
    "Rendle 2020)."
)
ADDITIONS = {
    "is_area": ("AUC", AREA),
    "control": ("random evidence, popular evidence", CONTROL),
    "choice": ("greedy evidence, strongest evidence", f"{GREEDY} {STRONGEST}"),
    "history": ("own history, another's history", NULL),
    "lists": ("most-popular lists, random lists", OF_LISTS),
    "is_gain": ("gain", GAIN),
    "sampled": ("sampled negatives", SAMPLED),
}
"""What is added to the name of a metric, and what it means, by the attribute of its column."""

_NAME = re.compile(
    r"(?:sampled_(?P<sampled>\d+)_)?(?P<base>\w+?)(?P<at>@\d+(?:,\d+)?)?(?P<area>/auc)?"
    r"(?:_of_(?P<lists>popularity|random)|_of_(?P<history>own|null)|(?P<gain>_gain))?"
    r"(?:/(?:(?P<control>random|popular)|(?P<choice>greedy|strongest)))?"
)


class Column(NamedTuple):
    """A column of a table of metrics: what is measured, and how.

    Attributes:
        metric: The metric.
        at: K, the number of cited items, or both: `@10,3`; may be empty.
        is_area: Whether it is the area under a curve over the share of the history.
        is_gain: Whether it is the difference to the same model without explainability.
        lists: `popularity` or `random`, if it is measured on those lists.
        history: `own` or `null`, if it is measured on a sample of the users, with their own or with
            others' histories.
        control: `random` or `popular`, if it is measured on that evidence.
        choice: `greedy` or `strongest`, if it is measured on ratings chosen so.
        sampled: Number of sampled negatives; empty in a full ranking.
    """

    metric: Metric
    at: str = ""
    is_area: bool = False
    is_gain: bool = False
    lists: str = ""
    history: str = ""
    control: str = ""
    choice: str = ""
    sampled: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it is the metric itself, of the full ranking, own lists and own evidence."""
        changed = self.is_gain, self.lists, self.history, self.control, self.choice, self.sampled
        return not any(changed)

    @property
    def n_cited(self) -> int | None:
        """Number of cited items."""
        if self.is_area or "{n}" not in self.metric.name:
            return None
        return int(self.at.removeprefix("@").rpartition(",")[2])


def read(column: str) -> Column:
    """Take the name of a column apart; one without a record is a metric of that name."""
    found = _NAME.fullmatch(column)
    if found is None or found["base"] not in METRICS:
        unit: Unit = "count" if column.startswith("n_") else "score"
        return Column(Metric(column, column, "", "", unit))
    return Column(
        METRICS[found["base"]],
        found["at"] or "",
        bool(found["area"]),
        bool(found["gain"]),
        found["lists"] or "",
        found["history"] or "",
        found["control"] or "",
        found["choice"] or "",
        found["sampled"] or "",
    )


def lower_is_better(column: str) -> bool:
    """Whether a small value is a good one; False also where neither is."""
    return read(column).metric.direction == "lower"
