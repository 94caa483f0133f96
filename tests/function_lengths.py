"""Print the lengths of all functions in station/ and fail when the house rule is broken.

Length excludes decorators and docstring. Rule (docs/decisions/0001-house.md): median at most 10
lines, none over 40.
"""

import ast
import statistics
import sys
from pathlib import Path

LONGEST_ALLOWED = 40
MEDIAN_ALLOWED = 10


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines from `def` to the end of the body, less the docstring."""
    doc = node.body[0]
    has_doc = isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant)
    doc_lines = (doc.end_lineno or 0) - doc.lineno + 1 if has_doc else 0
    return (node.end_lineno or 0) - node.lineno + 1 - doc_lines


def main() -> int:
    """Print the figures; return 1 if a function or the median is too long."""
    lengths = [
        (length(node), f"{path}:{node.lineno} {node.name}")
        for path in sorted(Path("station").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    median = statistics.median(n for n, _ in lengths)
    longest, where = max(lengths)
    sys.stdout.write(
        f"functions: {len(lengths)}, median {median:g} lines, longest {longest} ({where})\n"
    )
    too_long = [f"{n} lines: {place}" for n, place in lengths if n > LONGEST_ALLOWED]
    sys.stdout.writelines(f"{line}\n" for line in too_long)
    return int(bool(too_long) or median > MEDIAN_ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
