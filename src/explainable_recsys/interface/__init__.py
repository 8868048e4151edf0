"""How people ask: the terminal, notebooks, the summary of a run."""
