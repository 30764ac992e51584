"""The second reckoning stands alone: one mistake cannot be in it and in the product."""

import ast
import sys
from pathlib import Path

HERE = Path(__file__).parent
OURS = "tests.reckoning"


def imported(module: Path) -> set[str]:
    """Return what a module imports, in full."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def foreign(name: str) -> bool:
    return name.partition(".")[0] not in sys.stdlib_module_names and not f"{name}.".startswith(f"{OURS}.")


def test_nothing_but_the_standard_library_is_imported() -> None:
    modules = [path for path in HERE.glob("*.py") if not path.name.startswith("test_")]
    assert len(modules) > 1
    assert {path.name: names for path in modules if (names := {one for one in imported(path) if foreign(one)})} == {}


def test_no_module_loads_another_by_name() -> None:
    """``importlib`` and ``__import__`` would get round the test above."""
    for path in HERE.glob("*.py"):
        if path.name != Path(__file__).name:
            text = path.read_text(encoding="utf-8")
            assert "importlib" not in text, path.name
            assert "__import__" not in text, path.name


def test_an_import_of_the_product_is_seen() -> None:
    assert foreign("server_broker.duty.due")
    assert foreign("protocol")
    assert foreign("tests.cast")
    assert not foreign("tests.reckoning.due")
    assert not foreign("tomllib")
