"""Kedro settings: https://docs.kedro.org/en/stable/configure/configuration_basics/."""

from explainable_recsys.hooks import (
    ManifestHook,
    NodeClock,
    ParameterHook,
    StoredResultsHook,
    SummaryHook,
)

_clock = NodeClock()

HOOKS = (ParameterHook(), StoredResultsHook(), ManifestHook(_clock), _clock, SummaryHook())

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft"},
}
