"""The folders of the house import one another one way only: what stands in a folder forms no circle."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

ROOMS = ("agent", "server_broker", "kiosk_tui", "protocol", "firmware_scripts")


def child(module: str, package: str) -> str | None:
    """Return which child of ``package`` a module is or belongs to; None where it stands outside."""
    prefix = f"{package}."
    return module.removeprefix(prefix).partition(".")[0] if module.startswith(prefix) else None


def circles(graph: grimp.ImportGraph) -> list[str]:
    """Return each circle of imports among what stands in one folder, as ``folder: a -> b -> a``."""
    found = []
    for package in sorted(module for module in graph.modules if graph.find_children(module)):
        imports: dict[str, set[str]] = {}
        for module in graph.modules:
            if (here := child(module, package)) is not None:
                there = {child(imported, package) for imported in graph.find_modules_directly_imported_by(module)}
                imports.setdefault(here, set()).update(name for name in there if name not in (None, here))
        try:
            TopologicalSorter(imports).prepare()
        except CycleError as error:
            found.append(f"{package}: {' -> '.join(error.args[1])}")
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_what_stands_in_a_folder_forms_no_circle(room: str) -> None:
    assert circles(grimp.build_graph(room)) == []


def test_a_circle_of_folders_is_seen() -> None:
    graph = grimp.ImportGraph()
    for module in ("house", "house.a", "house.a.one", "house.a.two", "house.b", "house.b.one"):
        graph.add_module(module)
    graph.add_import(importer="house.a.one", imported="house.b.one")
    assert circles(graph) == []
    graph.add_import(importer="house.b.one", imported="house.a.two")
    (circle,) = circles(graph)
    assert circle.startswith("house: ")
