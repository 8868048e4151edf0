"""What killed runs left behind: files half written, and versions without a file."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import time
from pathlib import Path

VERSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z")
"""What Kedro calls a version."""

STAGES = "0[2-9]_*"
"""Folders of results; `01_raw` is not ours."""

DAY, SETTLED = 24 * 60 * 60.0, 1.0
"""Seconds after which nobody is at work on a file, and after which an empty version has no file."""

_TEMPORARY = re.compile(r"\..+\.(?P<process>\d+)(?:@(?P<host>.+))?\.tmp")


def temporary(path: Path) -> Path:
    """The name beside a file or folder under which this process works on it.

    >>> from explainable_recsys.datasets.leftovers import temporary
    >>> temporary(Path("data/model.npz")).name.startswith(".model.npz.")
    True
    """
    return path.with_name(f".{path.name}.{os.getpid()}@{platform.node()}.tmp")


def remove_leftovers(root: Path) -> list[Path]:
    """Remove what nobody finishes any more.

    That is what a process of this machine was at work on that has ended. Processes of other
    machines, and of containers, which may write to the same folder, cannot be seen: what is theirs
    goes when it has not been touched for a day. What cannot be removed stays.

    Args:
        root: Folder of an environment's results.

    Returns:
        What was removed.
    """
    removed = list[Path]()
    for stage in sorted(root.glob(STAGES)):
        for place, folders, files in os.walk(stage, topdown=False):
            here = Path(place)
            with contextlib.suppress(OSError):
                left = [here / name for name in (*folders, *files) if _is_left(here / name)]
                for path in left:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                removed += left
                is_old = bool(left) or time.time() - here.stat().st_mtime > SETTLED
                if VERSION.fullmatch(here.name) and is_old and not any(here.iterdir()):
                    here.rmdir()
                    removed.append(here)
    return removed


def _is_left(path: Path) -> bool:
    """Whether a file or folder is a temporary one on which nobody is at work."""
    found = _TEMPORARY.fullmatch(path.name)
    if found is None or path.is_symlink():
        return False
    is_here = found["host"] in (None, platform.node())
    gone = is_here and not _is_alive(int(found["process"]))
    return gone or time.time() - path.stat().st_mtime > DAY


def _is_alive(process: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
