"""Which files of the package a script imports, whatever it imports in turn: read from the source, nothing is run."""

import ast
from pathlib import Path

PACKAGE = "xstilts"


def closure(script: Path, source: Path) -> set[str]:
    """Paths relative to `source`'s parent of every module of the package that the script leads to."""
    found: set[Path] = set()
    open_ = [script]
    while open_:
        for path in _imported(open_.pop(), source):
            if path not in found:
                found.add(path)
                open_.append(path)
    return {path.relative_to(source.parent).as_posix() for path in found}


def _imported(path: Path, source: Path) -> set[Path]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module)
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    files = set()
    for module in modules:
        parts = module.split(".")
        if parts[0] == PACKAGE:
            for length in range(1, len(parts) + 1):
                files |= set(_file(source, parts[:length]))
    return files


def _file(source: Path, parts: list[str]) -> list[Path]:
    folder = source.joinpath(*parts)
    return [path for path in (folder / "__init__.py", folder.with_suffix(".py")) if path.exists()]
