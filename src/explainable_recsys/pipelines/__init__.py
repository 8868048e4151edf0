"""Kedro pipelines, one folder each; `wiring.py` makes them from the records."""

import warnings

# Kedro warns, once, of a node that reads what another namespace has made. Recommenders read
# knowledge, approaches read recommenders and comparisons read both: here that is the design.
warnings.filterwarnings("ignore", message="One or more dataset names contain '.'")

ON_REQUEST = frozenset({"diagnostics", "posthoc_ar_of_lists", "study_analysis", "tuning"})
"""Pipelines that are run by name only: `kedro run` leaves them out."""
