"""Kedro pipelines, one folder each; `approach.py` holds what approaches share."""

import warnings

# Kedro warns, once, of a node that reads what another namespace has made. Recommenders read
# knowledge, approaches read recommenders and comparisons read both: here that is the design.
warnings.filterwarnings("ignore", message="One or more dataset names contain '.'")

ON_REQUEST = frozenset({"tuning"})
"""Pipelines that take long and are run by name only: `kedro run` leaves them out."""

NO_APPROACHES = frozenset({"data_processing", "evaluation", *ON_REQUEST})
"""Pipelines that are about the data or about the approaches; all others make approaches."""
