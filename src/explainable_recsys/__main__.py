"""`python -m explainable_recsys` runs the pipelines of the installed package."""

import sys
from pathlib import Path

from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project


def main() -> None:
    """Run like `kedro run`."""
    package = Path(__file__).parent.name
    configure_project(package)
    find_run_command(package)(args=sys.argv[1:])


if __name__ == "__main__":
    main()
