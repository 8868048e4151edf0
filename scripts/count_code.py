"""Count the lines of code of the package, the methods apart from what stands around them.

A line counts if it holds code: blank lines, comments and docstrings do not.

    python scripts/count_code.py [FOLDER]
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections import Counter
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "explainable_recsys"

METHODS = {
    "data",
    "explainers",
    "interactions",
    "knowledge",
    "metrics",
    "preprocessing",
    "recommenders",
}
"""What the project exists for; everything else is around it."""

NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> set[int]:
    """Numbers of the lines that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        # A text that stands alone is a docstring, of whatever it follows or opens.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return {number for number in lines if source.splitlines()[number - 1].strip()}


def main(package: Path) -> None:
    """Print the lines of every part, and both sums."""
    parts: Counter[str] = Counter()
    for file in sorted(package.rglob("*.py")):
        part = file.relative_to(package).parts[0].removesuffix(".py")
        parts[part] += len(code_lines(file.read_text(encoding="utf-8")))
    for part, lines in sorted(parts.items(), key=lambda pair: -pair[1]):
        print(f"{lines:7,} {part}{' (methods)' if part in METHODS else ''}")
    methods = sum(lines for part, lines in parts.items() if part in METHODS)
    print(f"{methods:7,} methods\n{sum(parts.values()) - methods:7,} around them")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE)
