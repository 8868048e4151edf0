"""What every metric is called, means, and comes from."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from explainable_recsys.wording.numbers import Form

Better = Literal["high", "low", ""]


class Metric(NamedTuple):
    """A metric as readers meet it.

    Attributes:
        title: Short name.
        better: Which end is the good one; empty if neither.
        form: How its values are written.
        definition: What it is, in a sentence.
        source: Where it comes from; empty if it is nobody's in particular.
    """

    title: str
    better: Better
    form: Form
    definition: str
    source: str = ""


class Name(NamedTuple):
    """A column of the comparison taken apart.

    Attributes:
        sampled: Number of sampled negatives; empty in a full ranking.
        base: Key of the glossary.
        at: `@10` or `@10,3`; may be empty.
        is_area: Whether it is the area under a curve over the number of cited items.
        of: `popularity`, `random` (whose lists), `gain`; may be empty.
        control: `random`, `popular` (whose evidence); may be empty.
    """

    sampled: str
    base: str
    at: str
    is_area: bool
    of: str
    control: str


_NAME = re.compile(
    r"(?:sampled_(?P<sampled>\d+)_)?(?P<base>\w+?)(?P<at>@\d+(?:,\d+)?)?(?P<area>/auc)?"
    r"(?:_of_(?P<of>\w+)|(?P<gain>_gain))?(?:/(?P<control>random|popular))?"
)

FAITHFULNESS = {
    "pos": Metric(
        "POS",
        "low",
        "score",
        "Share of the explained recommendations that are still in the top K when the items cited "
        "for them are taken out of the history; what an explanation really rests on cannot be "
        "missed.",
        "Baklanov et al. 2025; 1 less the probability of necessity of Tan et al. 2021",
    ),
    "ps": Metric(
        "PS",
        "high",
        "score",
        "Share still in the top K when the history is nothing but the cited items: whether they "
        "suffice.",
        "Tan et al. 2021",
    ),
    "del": Metric(
        "DEL",
        "low",
        "score",
        "What remains of the personal part of the score (the score less that for an empty history) "
        "when the cited items are taken out of the history, as a share of it. Recommendations "
        "whose personal part is negative or small (below a tenth of the average: least_personal) "
        "are left out, so it is over fewer users. Not comparable between models with different "
        "scores for an empty history.",
        "Baklanov et al. 2025",
    ),
    "ins": Metric(
        "INS",
        "high",
        "score",
        "What the cited items alone give of the personal part of the score, as a share of it; "
        "computed, and to be read, like DEL.",
        "Baklanov et al. 2025",
    ),
    "cdcg": Metric(
        "CDCG",
        "low",
        "score",
        "How far up the recommendation stays without the cited items: the mean of 1 / log2(1 + its "
        "new rank).",
        "Baklanov et al. 2025",
    ),
}
"""One scale for every approach whose evidence is items of the history."""

ACCURACY = {
    "recall": Metric(
        "recall",
        "high",
        "score",
        "Share of a user's relevant held-out items that are in the top K (the hit ratio of some "
        "toolkits).",
        "Manning et al. 2008",
    ),
    "ndcg": Metric(
        "nDCG",
        "high",
        "score",
        "Hits in the top K, counting 1 / log2(1 + rank) each, over what the best possible list of "
        "that length would reach.",
        "Järvelin & Kekäläinen 2002",
    ),
    "precision": Metric(
        "precision", "high", "score", "Share of the top K that are hits.", "Manning et al. 2008"
    ),
    "hit_rate": Metric(
        "hit rate", "high", "score", "Share of the users with at least one hit in the top K."
    ),
    "map": Metric(
        "MAP",
        "high",
        "score",
        "Mean of the precision at the rank of every hit, over the most hits possible.",
        "Manning et al. 2008",
    ),
    "mrr": Metric(
        "MRR", "high", "score", "Mean of 1 / rank of the first hit, 0 without any.", "Voorhees 1999"
    ),
}

RATINGS = {
    "rmse": Metric(
        "RMSE",
        "low",
        "score",
        "Root of the mean squared error of the predicted held-out ratings, clipped to the rating "
        "scale; only of approaches that predict ratings.",
    ),
    "mae": Metric(
        "MAE", "low", "score", "Mean absolute error of the predicted held-out ratings, as for RMSE."
    ),
}

BEYOND_ACCURACY = {
    "catalogue_coverage": Metric(
        "catalogue",
        "high",
        "percentage",
        "Share of the catalogue that is recommended to anybody at all.",
    ),
    "novelty": Metric(
        "novelty",
        "high",
        "score",
        "Mean information of the recommended items in bits: the fewer users rated them, the more.",
        "Vargas & Castells 2011",
    ),
    "diversity": Metric(
        "diversity",
        "high",
        "score",
        "Mean Jaccard distance of the genres over all pairs of a list.",
        "Ziegler et al. 2005",
    ),
    "popularity_percentile": Metric(
        "popularity",
        "low",
        "score",
        "Mean share of the catalogue that is less popular than the recommended item; 0.5 for a "
        "random list.",
    ),
    "gini": Metric(
        "Gini",
        "low",
        "score",
        "Inequality of exposure: 0 if every item is recommended equally often, towards 1 if few "
        "are.",
    ),
}

EXPLANATIONS = {
    "coverage": Metric(
        "explained",
        "high",
        "percentage",
        "Share of all recommendations made that have at least one explanation (model fidelity). "
        "It rewards popularity, so the same explainer is also tried on most-popular and on random "
        "lists.",
        "Peake & Wang 2018",
    ),
    "length": Metric(
        "length", "", "one", "Mean number of pieces of evidence of an explained recommendation."
    ),
    "evidence_popularity": Metric(
        "popularity of evidence",
        "",
        "score",
        "Mean popularity of the cited items over that of the user's history; above 1 if the more "
        "popular part of it is cited.",
    ),
    "evidence_diversity": Metric(
        "repetition",
        "low",
        "score",
        "Overlap of the evidence of two recommendations to the same user, mean over pairs.",
    ),
    "jaccard": Metric(
        "stability",
        "high",
        "score",
        "Jaccard overlap of what is cited for a recommendation before and after training again "
        "with another seed.",
    ),
}

_OWN = {
    "mep": Metric(
        "MEP",
        "high",
        "score",
        "Share of a list whose items the user's neighbourhood speaks for (mean explainability "
        "precision).",
        "Abdollahi & Nasraoui 2016",
    ),
    "mer": Metric(
        "MER",
        "high",
        "score",
        "Share of the items that the neighbourhood speaks for that are in the list (mean "
        "explainability recall).",
        "Abdollahi & Nasraoui 2016",
    ),
    "e_ndcg": Metric(
        "explainable nDCG",
        "high",
        "score",
        "nDCG with the strength of the neighbourhood's support as gain.",
        "Coba, Symeonidis & Zanker 2019",
    ),
    "local_r2": Metric(
        "local R²",
        "high",
        "score",
        "Share of the variance of the model's scores that the surrogate explains on the "
        "perturbations it was fitted to, weighted by nearness.",
        "LIME, Ribeiro et al. 2016",
    ),
    "held_out_r2": Metric(
        "held-out R²",
        "high",
        "score",
        "Share of the variance of the model's scores that the surrogate explains on perturbations "
        "that it was not fitted to.",
        "LIME, Ribeiro et al. 2016",
    ),
    "share_held_out_r2_above_half": Metric(
        "held-out R² above 0.5",
        "high",
        "percentage",
        "Share of the surrogates that explain more than half of the held-out variance.",
    ),
    "effective_samples": Metric(
        "effective samples",
        "",
        "one",
        "How many equally weighted perturbations the weighted ones of a surrogate are worth.",
        "Kish 1965",
    ),
    "n_samples": Metric("samples", "", "count", "Perturbations of a surrogate."),
    "n_widened": Metric(
        "widened kernels",
        "low",
        "count",
        "Explanations whose kernel was widened because too few perturbations were near.",
    ),
    "top3_jaccard": Metric(
        "overlap of seeds",
        "high",
        "score",
        "Jaccard overlap of the three strongest reasons of two seeds of the perturbations.",
    ),
    "coefficient_spread": Metric(
        "spread of coefficients",
        "low",
        "score",
        "Standard deviation of the coefficients over seeds, relative to their size.",
    ),
    "additivity_error": Metric(
        "Σ error",
        "low",
        "error",
        "Largest difference between the sum of all contributions and the score, of approaches "
        "that claim that they are equal.",
    ),
    "additivity_error_relative": Metric(
        "relative Σ error", "low", "error", "The same, relative to the score."
    ),
    "median_support": Metric(
        "support",
        "",
        "score",
        "Share of the users with all items of the best rule, median over recommendations.",
        "Agrawal et al. 1993",
    ),
    "median_confidence": Metric(
        "confidence",
        "",
        "score",
        "Share of those with the left side of the best rule who also have the right side, median.",
        "Agrawal et al. 1993",
    ),
    "median_lift": Metric(
        "lift",
        "high",
        "one",
        "Confidence of the best rule over what chance would give, median.",
        "Brin et al. 1997",
    ),
    "mean_antecedents": Metric(
        "antecedents", "", "one", "Items on the left side of the best rule, mean."
    ),
    "top_influence": Metric(
        "strongest influence",
        "",
        "score",
        "What the score loses without the rating that supports it most, mean.",
    ),
    "group_influence": Metric(
        "joint influence",
        "",
        "score",
        "What the score loses without all the ratings cited, at once, mean.",
    ),
    "additivity_gap": Metric(
        "additivity gap",
        "low",
        "percentage",
        "By which share of their joint influence the single influences miss it in sum.",
    ),
    "relevance_threshold": Metric(
        "relevant from", "", "one", "Lowest held-out rating that counts as a hit."
    ),
    "n_ratings": Metric("rated", "", "count", "Held-out ratings that were predicted."),
    "n_cold": Metric(
        "cold", "", "count", "Held-out ratings of a user or an item that training did not see."
    ),
    "n_users_without_neighbours": Metric(
        "without neighbours", "low", "count", "Users without any neighbour."
    ),
}
_VARIANTS = {
    "_users": (" by users", " Neighbours are users of similar taste."),
    "_items": (" by items", " Neighbours are similar items that the user rated."),
    "_p10": (", 10 % quantile", " Quantile over explanations."),
    "_median": (", median", " Median over explanations."),
    "_p90": (", 90 % quantile", " Quantile over explanations."),
}
_KNOWN = {**ACCURACY, **RATINGS, **BEYOND_ACCURACY, **EXPLANATIONS, **FAITHFULNESS, **_OWN}

AREA = (
    "The area under the curve of a measure over the share of the history that is taken away, or "
    "kept, from 0 to 100 %: cited items first, the others at random, so that it does not depend on "
    "one number of items."
)
OF_LISTS = "The same explainer on a most-popular and on a random list."
GAIN = "The difference to the same model without explainability."
CONTROLS = (
    "The same recommendations when as many items of the same history are taken out, but drawn at "
    "random, or the most popular ones. Evidence that does no better than random items does not say "
    "what the model went by."
)
SAMPLED = (
    "Ranked against sampled negatives, not against the whole catalogue. Such figures are not "
    "comparable with those of full rankings, and may order approaches differently (Krichene & "
    "Rendle 2020)."
)


def parse(metric: str) -> Name:
    """Take the name of a column apart; what is not understood is all base."""
    found = _NAME.fullmatch(metric)
    if found is None:
        return Name("", metric, "", False, "", "")
    parts = {key: value or "" for key, value in found.groupdict().items()}
    of = "gain" if parts["gain"] else parts["of"]
    return Name(
        parts["sampled"], parts["base"], parts["at"], bool(parts["area"]), of, parts["control"]
    )


def look_up(metric: str) -> Metric | None:
    """The metric that a column shows, None if it is unknown."""
    base = parse(metric).base
    if base in _KNOWN:
        return _KNOWN[base]
    for suffix, (title, definition) in _VARIANTS.items():
        known = _KNOWN.get(base.removesuffix(suffix)) if base.endswith(suffix) else None
        if known:
            return known._replace(
                title=known.title + title, definition=known.definition + definition
            )
    return None


def describe(metric: str) -> Metric:
    """The metric that a column shows; an unknown one by its own name."""
    counted: Form = "count" if metric.startswith("n_") else "score"
    return look_up(metric) or Metric(parse(metric).base, "", counted, "")


def label(metric: str) -> str:
    """What a metric is called in the text: nDCG@10, POS@10,3 of random evidence."""
    name = parse(metric)
    text = describe(metric).title + name.at + (" AUC" if name.is_area else "")
    if name.of:
        text += " gain" if name.of == "gain" else f" of {name.of}"
    if name.control:
        text += f", {name.control} evidence"
    return f"{text} ({name.sampled} negatives)" if name.sampled else text
