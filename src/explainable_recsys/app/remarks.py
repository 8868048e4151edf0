"""What the explore page says of a list, in words."""

from __future__ import annotations

from explainable_recsys.app.views import Explored
from explainable_recsys.interface.what_if import words_of
from explainable_recsys.wording.phrases import phrase, plural

N_NAMED = 2
"""Changes that are named one by one."""

FEW = 3
"""With fewer ratings a list says little of a person."""


def changes(seen: Explored) -> str:
    """What is tried, as the beginning of a sentence."""
    tried = seen.changes
    if len(tried) > N_NAMED:
        return plural(len(tried), "With {n} other rating", "With {n} other ratings")
    return words_of(seen.stored, seen.before, tried)


def notices(seen: Explored) -> list[str]:
    """What somebody should know of the list."""
    said, liked = [], seen.service.data.liking.mask(seen.one.ratings)
    if seen.is_of_other_run:
        said.append(phrase("This link is of another run; the list is made by the run shown above."))
    if seen.n_rated and not liked.any():
        said.append(
            phrase(
                "So far you rated only films that you do not like; the list is of little worth "
                "until there is one that you like."
            )
        )
    elif seen.n_rated < FEW and not seen.state.user:
        said.append(phrase("With so few ratings much is guessed; every further one helps."))
    return said


def why_empty(seen: Explored) -> str:
    """Why nothing is recommended; empty if something is."""
    if seen.rows or not seen.n_rated:
        return ""
    if seen.filters:
        return phrase("No film is left: what you left out leaves nothing to recommend.")
    return phrase("Nothing follows from these ratings; rate more films, or choose another way.")
