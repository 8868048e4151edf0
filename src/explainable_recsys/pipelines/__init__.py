"""Kedro pipelines, one folder each; `approach.py` holds what approaches share."""

OVER_APPROACHES = frozenset({"evaluation"})
"""Pipelines that are about the approaches; all others make approaches, or their data."""
