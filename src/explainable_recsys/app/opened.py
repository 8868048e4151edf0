"""What an opened recommendation shows."""

from __future__ import annotations

from typing import Any

from explainable_recsys.app.service import Service
from explainable_recsys.app.state import State


def opened_view(service: Service, state: State) -> dict[str, Any]:
    """What `opened.html.j2` shows of the recommendation `state.open`.

    Args:
        service: Who answers.
        state: Whose list it is, and what is unfolded.
    """
    return {}
