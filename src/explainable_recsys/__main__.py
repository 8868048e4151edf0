"""`python -m explainable_recsys` runs the pipelines of the installed package."""

import sys
from pathlib import Path

from explainable_recsys.interface.interruption import ending_in_a_word

with ending_in_a_word():
    from kedro.framework.cli.utils import find_run_command
    from kedro.framework.project import configure_project


def main() -> None:
    """Run like `kedro run`."""
    package = Path(__file__).parent.name
    with ending_in_a_word():
        configure_project(package)
        run = find_run_command(package)
    run(args=sys.argv[1:])


if __name__ == "__main__":
    main()
