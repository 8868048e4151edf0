"""Which code makes lists and reasons: its version, and a hash of its files."""

from __future__ import annotations

import functools
import hashlib
from importlib.metadata import version
from pathlib import Path

import explainable_recsys

SOURCES = (".py", ".po")
"""How the names of files end that can change lists or reasons: modules and phrases."""


@functools.cache
def code_version() -> str:
    """Version of the package and the first digits of its hash, such as `0.1.0+1f3870be274f`.

    Another commit with the same number has another one, and so have changes without a commit.
    """
    here = Path(explainable_recsys.__file__).parent
    return f"{version('explainable-recsys')}+{hash_of_sources(here)[:12]}"


def hash_of_sources(folder: Path) -> str:
    """SHA-256 of the names and bytes of all sources below a folder, in hexadecimal digits."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.*")}
    found = hashlib.sha256()
    for name in sorted(name for name in files if name.endswith(SOURCES)):
        content = hashlib.sha256(files[name].read_bytes()).hexdigest()
        found.update(f"{content} {name}\n".encode())
    return found.hexdigest()
