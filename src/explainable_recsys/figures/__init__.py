"""Figures of the results, drawn from tables alone."""
