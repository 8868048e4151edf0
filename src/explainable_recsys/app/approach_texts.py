"""How lists are made and reasons found, for people who have never heard of any of it."""

from __future__ import annotations

from explainable_recsys.wording.phrases import later

LISTS: dict[str, str] = {
    "als": later(
        "From what everybody rated it learns a few dozen numbers for each film, so that films that "
        "the same people rate get similar ones. From your ratings it works out the same numbers "
        "for you, and lists the films whose numbers fit yours best."
    ),
    "ease": later(
        "For every pair of films it has learned how much a rating of the one says about the other. "
        "The score of a film is the sum of that over all that you rated."
    ),
    "item_knn": later(
        "For each film it knows those that the same people rate alike. The score of a film is the "
        "sum of your ratings of these, each times how similar it is."
    ),
    "emf": later(
        "It learns numbers for people and films that fit each other, and is drawn towards films of "
        "which the people whose taste is nearest to yours speak well."
    ),
    "ar": later(
        "It knows rules, mined from what everybody liked: who liked this and this also liked that. "
        "The score of a film is the confidence of the best rule that leads to it from what you "
        "liked."
    ),
    "content": later(
        "It asks nobody else's taste. It sums up the genres and decades of what you rated, rare "
        "ones counting more, and lists the films that have most of them too."
    ),
    "meta_paths": later(
        "All that is known of the films makes a graph: their genres, tags, and who liked them. The "
        "score of a film is the sum over all paths that lead to it from what you liked; how much "
        "each kind of path counts was learned."
    ),
    "svd": later(
        "It learns numbers for people and films, so that what somebody rated scores higher than a "
        "sample of all else. Yours are worked out from your ratings, and the films that fit them "
        "best are listed."
    ),
    "svd_ratings": later(
        "It learns numbers for people and films, so that their product is the rating that somebody "
        "gives. It lists the films for which it predicts the highest rating, known or not."
    ),
    "fm": later(
        "It learns a weight for each feature (what you rated, genres, decades) and for each pair "
        "of them, so that what somebody rated scores higher than a sample of all else."
    ),
    "fm_ratings": later(
        "It learns a weight for each feature (what you rated, genres, decades) and for each pair "
        "of them, so that they add up to the rating that somebody gives. It lists the films for "
        "which it predicts the highest rating."
    ),
}
"""How a list is made, by recommender."""

REASONS: dict[str, str] = {
    "contributions": later(
        "For each of your ratings it is worked out what it does to the score. The reason names "
        "what you liked first, then what you rated lower, then what speaks against the film."
    ),
    "features": later(
        "The score is a sum over features. The reason names the largest parts of it, and what you "
        "rated that has the same features."
    ),
    "influence": later(
        "Each of your ratings is taken away, and what becomes of the film then is worked out "
        "exactly, without training anything. The reason names those that it would miss most."
    ),
    "rules": later("The reason is the best rules that lead from what you liked to the film."),
    "neighbours": later(
        "The people whose taste is nearest to yours are looked up, and how they rated the film. "
        "Where too few of them liked it there is no reason."
    ),
    "similar_items": later(
        "The reason names films that you liked and that people rate much as they rate this one. "
        "The recommender itself is not asked."
    ),
    "lime": later(
        "The recommender is asked again and again with something changed, and a simple model is "
        "fitted to its answers. The largest weights of that are the reason, where it foretells "
        "answers that it has not seen."
    ),
    "paths": later(
        "The reason is the paths that carry most of the score; left out are those through few "
        "people, who could be told from it, and those through what most films have."
    ),
}
"""How a reason is found, by explainer."""
