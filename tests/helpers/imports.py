"""Which packages a file imports directly: read from the source, nothing is run."""

import ast
from pathlib import Path

PACKAGE = "xstilts"


def direct(path: Path) -> set[str]:
    """The names below `xstilts` that a file imports from, wherever in it an import stands: `formats`, `model`, …"""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            modules = [f"{PACKAGE}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules = [node.module]
        else:
            continue
        found |= {parts[1] for parts in (module.split(".") for module in modules) if parts[0] == PACKAGE and parts[1:]}
    return found
