"""Kedro pipelines, one folder each; `wiring.py` makes them from the records."""

import warnings

ON_REQUEST = frozenset({"posthoc_ar_of_lists", "tuning"})
"""Pipelines that are run by name only: `kedro run` leaves them out."""

# Kedro warns of a node that reads what another namespace makes. Here namespaces are boxes of
# recommenders, knowledge and approaches, and to read from each other is what they are for.
warnings.filterwarnings("ignore", message="One or more dataset names contain '.'")
