"""How many people does a study need to find a difference that is there?"""

from __future__ import annotations

import numpy as np

from explainable_recsys.errors import InputError
from explainable_recsys.study.noncentral import t_below

LEVEL = 0.05
"""Chance of any false claim in the family of planned contrasts."""

MOST_PEOPLE = 1_000_000
"""Beyond these `people_needed` looks no further."""


def difference_deviation(between: float, within: float, n_items: int) -> float:
    """Standard deviation, over people, of the difference between their means of two kinds.

    An answer is the kind's mean, the person's own level, what the person thinks of the kind and
    chance about the item. The person's level drops out of a difference; the rest leaves √(2
    (between² + within²/m)).

    Args:
        between: Standard deviation, over people, of what they think of a kind beyond the others.
        within: Standard deviation of a person's answers about items of one kind.
        n_items: Items m of each kind that a person judges.

    Returns:
        The deviation, in points of the scale.

    >>> round(difference_deviation(0.0, 1.2, 5), 3), round(difference_deviation(0.0, 1.2, 3), 3)
    (0.759, 0.98)
    """
    return float(np.sqrt(2 * (between**2 + within**2 / n_items)))


def contrast_power(
    difference: float, deviation: float, n: int, n_contrasts: int = 1, level: float = LEVEL
) -> float:
    """Chance that a paired t-test finds a difference (Cohen 1988, section 2.3; noncentral t).

    Args:
        difference: True difference of two conditions' means, in points.
        deviation: Standard deviation of people's differences.
        n: People.
        n_contrasts: Contrasts (and outcomes) that are corrected together. The level is divided by
            them: all that Bonferroni leaves, and the least that Holm does.
        level: Chance of any false claim.

    Returns:
        The power.

    Raises:
        InputError: For fewer than 2 people or a deviation that is not positive.

    >>> round(contrast_power(0.3, 0.759, 70, n_contrasts=3), 3)
    0.801
    """
    from scipy import special

    if n < 2 or not deviation > 0:
        raise InputError(
            f"{n} people, deviation {deviation:g}; accepted: 2 people or more, above 0"
        )
    noncentrality = abs(difference) / deviation * float(np.sqrt(n))
    bound = float(special.stdtrit(n - 1, 1 - level / n_contrasts / 2))
    above = 1 - t_below(bound, n - 1, noncentrality)
    return above + t_below(-bound, n - 1, noncentrality)


def people_needed(
    difference: float,
    deviation: float,
    power: float = 0.8,
    n_contrasts: int = 1,
    level: float = LEVEL,
) -> int:
    """Fewest people with whom a paired t-test finds a difference with a chance of `power`.

    Args:
        difference: As in `contrast_power`, like the other arguments.
        deviation: Of people's differences.
        power: Wanted chance, below 1.
        n_contrasts: Contrasts that are corrected together.
        level: Chance of any false claim.

    Returns:
        The number of people, at least 2.

    Raises:
        InputError: As `contrast_power`, and if more than `MOST_PEOPLE` would not do.

    >>> people_needed(0.3, 0.759, n_contrasts=3), people_needed(0.3, 0.98, n_contrasts=3)
    (70, 115)
    """

    def enough(n: int) -> bool:
        return contrast_power(difference, deviation, n, n_contrasts, level) >= power

    most = 2
    while not enough(most):
        most *= 2
        if most > MOST_PEOPLE:
            raise InputError(
                f"a difference of {difference:g} with deviation {deviation:g} needs more than "
                f"{MOST_PEOPLE:,} people for power {power:g}; accepted: a larger difference"
            )
    least = most // 2  # too few, unless 2 were enough
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if enough(middle) else (middle, most)
    return most
