"""Kedro settings: https://docs.kedro.org/en/stable/configure/configuration_basics/."""

from explainable_recsys.interface.interruption import ending_in_a_word

with ending_in_a_word():  # most of the time until the first node goes into these imports
    from explainable_recsys.hooks import (
        ManifestHook,
        ParameterHook,
        StoredResultsHook,
        SummaryHook,
    )
    from explainable_recsys.interface.clock import NodeClock
    from explainable_recsys.interface.live import LiveLine

_clock = NodeClock()

HOOKS = (
    ParameterHook(),
    StoredResultsHook(),
    ManifestHook(_clock),
    _clock,
    LiveLine(),
    SummaryHook(),
)

DISABLE_HOOKS_FOR_PLUGINS = ("kedro-viz",)
"""It would write down statistics of every run as those of the project, a test's included."""

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft"},
}
