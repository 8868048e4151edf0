"""Kedro pipelines, one folder each; `approach.py` holds what approaches share."""

ON_REQUEST = frozenset({"tuning"})
"""Pipelines that take long and are run by name only: `kedro run` leaves them out."""

NO_APPROACHES = frozenset({"data_processing", "evaluation", *ON_REQUEST})
"""Pipelines that are about the data or about the approaches; all others make approaches."""
