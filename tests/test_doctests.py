"""The examples in docstrings say what really comes out."""

import doctest
import importlib
import pkgutil

import explainable_recsys


def test_examples_in_docstrings():
    tried = 0
    for module in pkgutil.walk_packages(explainable_recsys.__path__, "explainable_recsys."):
        if ".pipelines." in module.name or module.name.endswith("__main__"):
            continue  # they need a project, and have no examples
        results = doctest.testmod(importlib.import_module(module.name))
        assert not results.failed, module.name
        tried += results.attempted
    assert doctest.testmod(explainable_recsys).attempted
    assert tried > 5
