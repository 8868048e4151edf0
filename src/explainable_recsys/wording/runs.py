"""What runs are called: by when they were, and what the command line changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from explainable_recsys.wording.phrases import phrase


def named_run(run: str, given: Mapping[str, Any] | None) -> str:
    """A run with the parameters of its command line.

    Args:
        run: When it was, or its id.
        given: Those parameters, by full name; None where they are not known.

    Example:
        >>> named_run("run of 21:28", {"recommendation.n": 20, "als.model.alpha": None})
        'run of 21:28, with recommendation.n=20, als.model.alpha=null'
    """
    if given is None:
        return phrase("{run}, which did not end, so that its parameters are not known", run=run)
    if not given:
        return run
    texts = (v if isinstance(v, str) else json.dumps(v, default=str) for v in given.values())
    pairs = ", ".join(f"{name}={text}" for name, text in zip(given, texts, strict=True))
    return phrase("{run}, with {given}", run=run, given=pairs)
