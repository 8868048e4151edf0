"""Recommenders, one module each: the module's name is the kind stored with a model."""
