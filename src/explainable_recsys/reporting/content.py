"""Everything that a report says, before it is put into words and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True, eq=False)
class ReportContent:
    """The results of one evaluation. Tables may be empty, and may lack columns.

    Attributes:
        card: The dataset card, with `version`, a fingerprint of the data.
        protocol: How it was evaluated: value by readable label.
        comparison: One row per approach: `approach` and a column per metric, NaN where an
            approach has none; beside a metric its `/low`, `/high` and `/n`, and for those of
            faithfulness the same of its controls, `/random` and `/popular`.
        scope: `approach` and `scope`, what its faithfulness was measured on: `cited items`,
            `projection: …`, `not applicable: …` or `no explanations`.
        paired_tests: `metric`, `first`, `second`, `n_users`, `difference` (first less second),
            `low`, `high`, `p_value`, `p_corrected`.
        control_tests: `approach`, `metric`, `control`, `n_users`, `own`, `of_control`,
            `difference`, `low`, `high`, `p_value`, `p_corrected`, `verdict` (better, worse, no
            difference).
        stability: `approach`, `n_cited`, `jaccard`, `low`, `high`, `n_users`,
            `n_recommendations`, `n_retrainings`.
        figures: Plotly figures by heading, in the order of the report.
        examples: Lists of some users: `user_id`, `approach`, `rank`, `item_id`, `title`, `year`
            (may be missing), `score`, `sentence` (Markdown; may be missing).
        histories: What those users rated, best first: `user_id`, `title`, `rating`.
        provenance: `run`, `manifest`, `commit` (or None), `dirty`, `env`, `data_version`.
        k: Length of the lists.
        n_cited: Number of cited items taken out or kept to measure faithfulness.
    """

    card: dict[str, Any]
    protocol: dict[str, str]
    comparison: pd.DataFrame
    scope: pd.DataFrame
    paired_tests: pd.DataFrame
    control_tests: pd.DataFrame
    stability: pd.DataFrame
    figures: dict[str, go.Figure]
    examples: pd.DataFrame
    histories: pd.DataFrame
    provenance: dict[str, Any]
    k: int
    n_cited: int = 3

    @property
    def name(self) -> str:
        """Name of the data set."""
        return str(self.card.get("name") or "unnamed data")

    @property
    def data_version(self) -> str:
        """Fingerprint of the data."""
        version = self.provenance.get("data_version") or self.card.get("version")
        return str(version or "not known")

    @property
    def origin(self) -> str:
        """Where the numbers come from: what stands beside every table."""
        return " · ".join(
            [
                f"data {self.name}, version {self.data_version}",
                f"run {self.provenance.get('run') or 'not known'}",
                f"manifest {self.provenance.get('manifest') or 'not known'}",
            ]
        )
