"""Measures of recommendations and of explanations; exact definitions in each module."""
