"""The report of the run that is served."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

FILE = Path("08_reporting", "report.html")
MANIFESTS = Path("08_reporting", "run_manifest.json")

HEAD = 2_000
"""So many bytes of a report say which run it is of."""

_RUN = re.compile(r"<title>[^<]*?(\d{4}-\d\d-\d\dT[\d.]+Z)\s*</title>")
_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')


class Report(NamedTuple):
    """A report: the page, and what it asks browsers to allow."""

    file: Path
    policy: str


def report_of(root: Path, run: str) -> Report | None:
    """The report of a run, or of one that evaluated what that run made.

    Every run replaces the report of the one before.

    Args:
        root: The folder of all results.
        run: Id of the run.

    Returns:
        None if there is none, or it is of other runs.
    """
    try:
        with (root / FILE).open("rb") as page:
            head = page.read(HEAD).decode("utf-8", "replace")
    except OSError:
        return None
    found, policy = _RUN.search(head), _POLICY.search(head)
    if found is None or policy is None or not _rests_on(root, found[1], run):
        return None
    return Report(root / FILE, f"{policy[1]}; frame-ancestors 'none'; base-uri 'none'")


def _rests_on(root: Path, of: str, run: str) -> bool:
    """Whether one run is another, or has read what that one wrote."""
    if of == run:
        return True
    try:
        manifest = json.loads((root / MANIFESTS / of / MANIFESTS.name).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return run in manifest.get("read", {}).values()
