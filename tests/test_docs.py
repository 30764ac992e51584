"""The documents cite what is there: files, modules, names of the code, and one another."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("agent", "firmware_scripts", "kiosk_tui", "protocol", "server_broker", "tests")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")])
MAPS = [ROOT / "docs" / "architecture.md", ROOT / "docs" / "glossary.md"]
CITED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
A_PATH = re.compile(
    rf"(?:{'|'.join(ROOMS)}|docs|requirements|\.ci)/[\w./@-]*|(?:README|CONTRIBUTING|SECURITY|CHANGELOG)\.md"
)
A_MODULE = re.compile(rf"(?:{'|'.join(ROOMS)})(?:\.\w+)+")
RULES = ROOT / "docs" / "rules.md"
A_RULE = re.compile(
    r"(?:docs/rules\.md|\brules),\s+section\s+(\d+)((?:,\s+lines?\s+\d+(?:\s+and\s+\d+)?)?)", re.IGNORECASE
)
"""How code cites the rules: a section, and perhaps lines of its table."""
NO_NAMES = frozenset({"layers", "tests/test_docs.py"})
"""Words in code type that name nothing of ours."""


def text_of(document: Path) -> str:
    return FENCE.sub("", document.read_text(encoding="utf-8"))


def cited_in(document: Path) -> list[str]:
    """Return what stands in code type in a document's prose and tables, each word once."""
    return list(dict.fromkeys(CITED.findall(text_of(document))))


@cache
def names_of(path: Path) -> frozenset[str]:
    """Return the names that a module defines, at its top and in its classes (``Class.method`` too), and its codes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name, body=body):
                names.add(name)
                names |= {
                    f"{name}.{part.name}" for part in body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                }
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.TypeAlias(name=ast.Name(id=name)):
                names.add(name)
    return frozenset(names)


@cache
def all_names() -> frozenset[str]:
    """Return every name that the product defines, and its packages."""
    modules = [path for room in ROOMS if room != "tests" for path in (ROOT / room).rglob("*.py")]
    return frozenset(ROOMS).union(*(names_of(path) for path in modules))


def has_module(dotted: str) -> bool:
    """Return whether ``room.module`` or ``room.module.Name`` is there."""
    *folders, last = dotted.split(".")
    place = ROOT.joinpath(*folders, last)
    if place.is_dir() or place.with_suffix(".py").is_file():
        return True
    for depth in range(len(folders), 0, -1):
        name = ".".join([*folders[depth:], last])
        module = ROOT.joinpath(*folders[:depth])
        for path in (module.with_suffix(".py"), module / "__init__.py", module / "models.py"):
            if path.is_file() and name in names_of(path):
                return True
    return False


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_and_modules_that_documents_cite_are_there(document: Path) -> None:
    missing = []
    for cited in cited_in(document):
        if "NAME" in cited:  # a place that the reader fills in
            continue
        if A_PATH.fullmatch(cited):
            there = bool(list(ROOT.glob(cited))) if "*" in cited else (ROOT / cited).exists()
        elif A_MODULE.fullmatch(cited) and not (ROOT / cited).exists():
            there = has_module(cited)
        else:
            continue
        missing += [] if there else [cited]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    targets = [link for link in LINK.findall(text_of(document)) if ":" not in link]
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", MAPS, ids=lambda path: path.name)
def test_names_on_the_maps_are_defined_in_the_product(document: Path) -> None:
    names = [cited for cited in cited_in(document) if re.fullmatch(r"[A-Za-z_]\w*(?:\.\w+)?", cited)]
    files = {"pyproject.toml", "station.toml"}
    assert [name for name in names if name not in all_names() | NO_NAMES | files] == []


def test_names_in_the_recipes_are_defined() -> None:
    cited = cited_in(ROOT / "CONTRIBUTING.md")
    names = [
        one
        for one in cited
        if re.fullmatch(r"_?[A-Z]\w+(?:\.\w+)?", one) and "NAME" not in one and not one.endswith(".md")
    ]
    known = all_names().union(*(names_of(path) for path in (ROOT / "tests").rglob("*.py")))
    assert len(names) > 20
    assert [name for name in names if name not in known] == []


@pytest.mark.parametrize("room", ["agent", "kiosk_tui", "server_broker"])
def test_the_map_has_every_room_of_the_contract(room: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = [contract["layers"] for contract in contracts if contract.get("containers") == [room]]
    rooms = [name.strip() for layer in layers for name in layer.split("|")]
    described = re.findall(rf"`{room}/(\w+)(?:\.py|/)`", text_of(MAPS[0]))
    assert [name for name in rooms if name not in described] == []


def test_the_glossary_is_in_alphabetical_order() -> None:
    terms = re.findall(r"^\| ([a-z][a-z -]*?) \|", text_of(MAPS[1]), re.MULTILINE)[1:]
    assert len(terms) >= 40
    assert terms == sorted(terms, key=lambda term: term.replace("-", ""))


def test_screens_say_the_words_of_the_glossary() -> None:
    rows = [[cell.strip() for cell in row.split("|")] for row in text_of(MAPS[1]).splitlines() if row.startswith("| ")]
    words = [word for row in rows[1:] for word in row[4].split(", ") if word != "–"]
    screens = [path for room in ("agent", "kiosk_tui", "server_broker") for path in (ROOT / room).rglob("*")]
    said = "".join(path.read_text(encoding="utf-8") for path in screens if path.suffix in (".py", ".html", ".po"))
    assert len(words) >= 30
    assert [word for word in words if word not in said] == []


def test_what_is_not_there_is_seen() -> None:
    assert has_module("agent.clocking.desk.ClockingDesk.cards_touched")
    assert not has_module("agent.clocking.desk.Nobody")
    assert not has_module("agent.nowhere")
    assert A_PATH.fullmatch("agent/nowhere.py")


def test_sections_of_the_rules_that_the_code_cites_are_there() -> None:
    sections = dict(re.findall(r"^## (\d+)\. [^\n]*\n(.*?)(?=^## |\Z)", RULES.read_text(encoding="utf-8"), re.M | re.S))
    cited = 0
    for path in [path for room in ROOMS if room != "tests" for path in (ROOT / room).rglob("*.py")]:
        for section, lines in A_RULE.findall(path.read_text(encoding="utf-8")):
            cited += 1
            assert section in sections, path
            for line in re.findall(r"\d+", lines):
                assert f"\n| {line} |" in sections[section], (path, line)
    assert cited >= 2  # the citations are still written as they are looked for here


def test_named_cases_that_documents_cite_are_there() -> None:
    cases = {path.stem for path in (ROOT / "tests" / "cases").glob("*.toml")}
    cited = {word for document in DOCUMENTS for word in cited_in(document) if re.fullmatch(r"s\d-[\w-]+", word)}
    assert len(cited) >= 10
    assert cited <= cases
