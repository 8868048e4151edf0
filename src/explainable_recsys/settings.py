"""Kedro settings: https://docs.kedro.org/en/stable/configure/configuration_basics/."""

from explainable_recsys.hooks import (
    ExplanationParametersHook,
    LongNodeHook,
    ManifestHook,
    ParameterHook,
    StoredResultsHook,
    SummaryHook,
)

HOOKS = (
    ParameterHook(),
    ExplanationParametersHook(),
    StoredResultsHook(),
    ManifestHook(),
    LongNodeHook(),
    SummaryHook(),
)

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft"},
}
