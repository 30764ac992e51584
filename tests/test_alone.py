"""The second reckoning and the plain scorer stand alone: one mistake cannot be in one of them and in the product."""

import ast
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ALONE = ["reckoning", "scoring"]


def imported(module: Path) -> set[str]:
    """Return what a module imports, in full."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def foreign(name: str, ours: str) -> bool:
    return name.partition(".")[0] not in sys.stdlib_module_names and not f"{name}.".startswith(f"tests.{ours}.")


@pytest.mark.parametrize("package", ALONE)
def test_nothing_but_the_standard_library_is_imported(package: str) -> None:
    modules = [path for path in (TESTS / package).glob("*.py") if not path.name.startswith("test_")]
    assert len(modules) > 1
    found = {path.name: {one for one in imported(path) if foreign(one, package)} for path in modules}
    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize("package", ALONE)
def test_no_module_loads_another_by_name(package: str) -> None:
    """``importlib`` and ``__import__`` would get round the test above."""
    for path in (TESTS / package).glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "importlib" not in text, path.name
        assert "__import__" not in text, path.name
