"""Kedro datasets: how data is read and stored."""
