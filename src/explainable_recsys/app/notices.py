"""What those whose data are shown ask for in return, for the foot of a page.

Their own words stay in English in every language.
"""

from __future__ import annotations

TMDB_NAME = "TMDB"
TMDB = (
    "This product uses TMDB and the TMDB APIs but is not endorsed, certified, or otherwise "
    "approved by TMDB."
)
"""Stands, with TMDb's logo, wherever details of movies are shown, less prominent than our name."""

TMDB_PAGE = "https://www.themoviedb.org"
TMDB_TERMS = "https://www.themoviedb.org/api-terms-of-use"
TMDB_LOGOS = "https://www.themoviedb.org/about/logos-attribution"

MOVIELENS = (
    "F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context. "
    "ACM Transactions on Interactive Intelligent Systems (TiiS) 5, 4: 19:1-19:19."
)
"""The citation that GroupLens asks for. Its data may be used for research and passed on under the
same conditions; use for revenue needs its permission, and nobody may say that it endorses them."""

MOVIELENS_PAGE = "https://grouplens.org/datasets/movielens/"
MOVIELENS_CITATION = "https://doi.org/10.1145/2827872"
