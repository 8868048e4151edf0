"""The report of an evaluation: one web page."""
