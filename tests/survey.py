"""Survey how a project's Python reads: ``python -m tests.survey [--root CHECKOUT] [--json] FOLDER ...``.

It reports and forbids nothing. Numbers like these can't say whether code is good; they say where to look, and how a
project's habits compare with another's. By `ast` and `tokenize` alone, so it also reads a checkout whose dependencies
are not installed. Folders named ``migrations`` and ``tests`` are left out, unless a test folder is
named itself. Each measure is defined in the docstring of the function that takes it.
"""

import argparse
import ast
import json
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

LEFT_OUT = frozenset({"migrations", "tests", "__pycache__"})
DIRECTIVES = ("noqa", "type: ignore", "pragma:", "fmt:", "mypy:", "ruff:", "pylint:", "isort:")
"""Words by which a comment speaks to a tool and not to a reader."""
NO_CODE = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
)

type Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One file, read and parsed."""

    path: Path
    lines: int
    tree: ast.Module
    tokens: list[tokenize.TokenInfo]

    @property
    def functions(self) -> list[Function]:
        """Every function and method, nested ones too."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a project comes to."""

    modules: int
    lines: int
    functions: int
    function_p50: int
    function_p95: int
    function_p99: int
    function_longest: int
    longest_function: str
    module_median: float
    module_longest: int
    longest_module: str
    called_once: int
    called_once_percent: float
    comments: int
    comments_in_100: float


def modules_in(root: Path, folders: Sequence[str]) -> Iterator[Module]:
    """Yield the modules under ``folders`` of ``root``; one that this Python can't parse is named and left out."""
    for folder in folders:
        place = root / folder
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            if LEFT_OUT & {*path.relative_to(place).parts[:-1]}:
                continue
            try:
                yield read_module(path)
            except (SyntaxError, UnicodeDecodeError, tokenize.TokenError) as error:
                print(f"left out {path}: {error}", file=sys.stderr)


def read_module(path: Path) -> Module:
    """Read one file.

    Raises:
        SyntaxError, UnicodeDecodeError, tokenize.TokenError: This Python does not understand it.
    """
    with tokenize.open(path) as file:
        text = file.read()
    tokens = list(tokenize.generate_tokens(iter(text.splitlines(keepends=True)).__next__))
    return Module(path, len(text.splitlines()), ast.parse(text), tokens)


def length_of(function: Function) -> int:
    """Return a function's length: lines from ``def`` to its last, docstring, comments and blank lines included.

    Decorators are not counted: they stand before what one reads as the function.
    """
    return (function.end_lineno or function.lineno) - function.lineno + 1


def called_once(module: Module) -> list[str]:
    """Return the private functions and methods whose name the module uses exactly once apart from defining it.

    Private is what begins with one underscore. A use is any place that loads the name, a call or a reference: who
    hands ``self._done`` over as a callback uses it too. Other modules are not looked at; they have no business there.
    """
    used = Counter(
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
    )
    private = [f.name for f in module.functions if f.name.startswith("_") and not f.name.startswith("__")]
    return [name for name in private if used[name] == 1]


def comments_in(module: Module) -> int:
    """Return how many comments speak to a reader: one for each ``#``, without those that only direct a tool.

    A comment of three lines counts as three.
    """
    comments = [token.string for token in module.tokens if token.type == tokenize.COMMENT]
    return sum(not any(word in comment for word in DIRECTIVES) for comment in comments)


def code_lines(module: Module) -> int:
    """Return the lines of code: those with a token that is neither comment nor blank nor part of a docstring.

    A docstring here is any string that stands alone as a statement, so also the one under an attribute.
    """
    code: set[int] = set()
    for token in module.tokens:
        if token.type not in NO_CODE:
            code.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            code.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(code)


def percentile(rising: Sequence[int], percent: int) -> int:
    """Return the value at that rank of a sorted sequence, 0 of an empty one (nearest rank, no interpolation)."""
    return rising[min(len(rising) - 1, len(rising) * percent // 100)] if rising else 0


def survey(modules: Iterable[Module]) -> Survey:
    """Return the figures of a project.

    The median and longest module are in lines of the file, everything included. The share of private functions that
    are called once is of *all* functions, public ones too, so that a project without private functions has 0.
    Comments are counted for each 100 lines of code.
    """
    found = list(modules)
    lengths = sorted((length_of(f), f"{module.path}:{f.lineno} {f.name}") for module in found for f in module.functions)
    sizes = sorted((module.lines, str(module.path)) for module in found)
    spans = [length for length, _ in lengths]
    once = sum(len(called_once(module)) for module in found)
    comments = sum(comments_in(module) for module in found)
    code = sum(code_lines(module) for module in found)
    return Survey(
        modules=len(found),
        lines=sum(lines for lines, _ in sizes),
        functions=len(lengths),
        function_p50=percentile(spans, 50),
        function_p95=percentile(spans, 95),
        function_p99=percentile(spans, 99),
        function_longest=spans[-1] if spans else 0,
        longest_function=lengths[-1][1] if lengths else "",
        module_median=median(lines for lines, _ in sizes) if sizes else 0,
        module_longest=sizes[-1][0] if sizes else 0,
        longest_module=sizes[-1][1] if sizes else "",
        called_once=once,
        called_once_percent=round(100 * once / max(1, len(lengths)), 1),
        comments=comments,
        comments_in_100=round(100 * comments / max(1, code), 1),
    )


def as_text(found: Survey) -> str:
    """Return the figures as a table that one reads."""
    rows = [
        ("modules, lines", f"{found.modules:,}, {found.lines:,}"),
        (
            "function p50 / p95 / p99 / longest",
            f"{found.function_p50} / {found.function_p95} / {found.function_p99} / {found.function_longest}",
        ),
        ("", found.longest_function),
        ("module median / longest", f"{found.module_median:g} / {found.module_longest}"),
        ("", found.longest_module),
        ("private functions called once", f"{found.called_once_percent:g} % ({found.called_once})"),
        ("comments in 100 code lines", f"{found.comments_in_100:g}"),
    ]
    return "\n".join(f"{name:<36}{value}" for name, value in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the survey of the folders that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.survey", description="Survey how a project's Python reads.")
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="a package, or one file")
    parser.add_argument("--root", type=Path, default=Path(), help="the checkout that the folders stand in")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args(arguments)
    missing = [folder for folder in asked.folders if not (asked.root / folder).exists()]
    if missing:
        parser.error(f"not there: {', '.join(missing)}")
    found = survey(modules_in(asked.root, asked.folders))
    print(json.dumps(asdict(found)) if asked.json else as_text(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
