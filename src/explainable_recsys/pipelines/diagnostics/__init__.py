"""Everything random drawn again: how much do explanations change?"""

from explainable_recsys.pipelines.diagnostics.pipeline import create_pipeline

__all__ = ["create_pipeline"]
