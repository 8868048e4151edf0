"""Recommend items, say why, and measure both the recommendation and the reason."""

__version__ = "0.1.0"
