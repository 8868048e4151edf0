"""What is imported before anything runs: the project's modules, and no library that can wait."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import PROJECT

CAN_WAIT = {
    *("IPython", "fastapi", "ibis", "implicit", "ipywidgets", "lime", "matplotlib", "mlxtend"),
    *("myfm", "networkx", "numba", "optuna", "plotly", "pooch", "pyarrow.csv", "pyarrow.dataset"),
    *("pyarrow.parquet", "scipy.linalg", "scipy.ndimage", "scipy.optimize", "scipy.spatial"),
    *("scipy.special", "scipy.stats", "skimage", "sklearn", "surprise", "umap", "uvicorn"),
    *("alembic", "sqlalchemy"),
}
"""Each takes a tenth of a second or much more; the functions that need one import it."""

PROGRAM = """
import sys
from pathlib import Path
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project
bootstrap_project(Path.cwd())
import explainable_recsys.cli
import explainable_recsys.interface.explain
import explainable_recsys.interface.prune
import explainable_recsys.interface.summary
assert "explainable_recsys.hooks" in sys.modules
assert "intrinsic_als" in pipelines and len(pipelines["__default__"].nodes) > 100
print(*sys.modules)
"""


def test_nothing_is_imported_that_can_wait_until_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    imported = set(done.stdout.split())
    assert "explainable_recsys.pipelines.tuning.search" in imported
    assert imported & CAN_WAIT == set()
