"""Kedro pipelines, one folder each; `approach.py` holds what approaches share."""
