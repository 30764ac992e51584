"""Small seeded changes of the code that carries the promise.

The operators are the usual ones of mutation testing (DeMillo, Lipton & Sayward 1978, "Hints on test data selection"): a
comparison becomes its neighbour, a number moves by one, ``and`` and ``or`` change places, a condition is negated, a
boolean is flipped, a call made for its effect is left out. Code that only people or tools read stays as it is:
annotations, decorators, ``__all__``, log lines, ``class Meta``.
"""

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_NEIGHBOUR: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_LOGS = ("log", "_log")
_DECLARATIONS = ("models.py", "apps.py")
"""Files that declare the tables. The migrations make the tables, so a change here does nothing."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file: the characters ``[start, end)`` become ``text``."""

    path: str
    line: int
    column: int
    start: int
    end: int
    was: str
    text: str

    def changed(self, source: str) -> str:
        """Return the file's text with the change in it."""
        return source[: self.start] + self.text + source[self.end :]

    def apply(self, root: Path) -> None:
        """Write the changed file into the tree at ``root``."""
        file = root / self.path
        file.write_text(self.changed(file.read_text(encoding="utf-8")), encoding="utf-8")

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {' '.join(self.was.split())} -> {self.text}"


def every_mutant(root: Path, places: tuple[str, ...]) -> list[Mutant]:
    """Return all mutants of the Python files at and below ``places``, in the order of the text."""
    files = [file for place in places for file in _files(root / place)]
    return [mutant for file in files for mutant in _mutants_of(file, root)]


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return sorted(
        file for file in place.rglob("*.py") if "migrations" not in file.parts and file.name not in _DECLARATIONS
    )


def drawn(mutants: list[Mutant], *, count: int, seed: int) -> list[Mutant]:
    """Return ``count`` of them, the same for the same seed."""
    return random.Random(seed).sample(mutants, min(count, len(mutants)))


def _mutants_of(file: Path, root: Path) -> Iterator[Mutant]:
    source = file.read_text(encoding="utf-8")
    starts = _line_starts(source)
    for node in _code(ast.parse(source)):
        for changed in _changes(node):
            start = starts[node.lineno - 1] + _characters(source, starts, node.lineno, node.col_offset)
            end_line, end_byte = node.end_lineno or node.lineno, node.end_col_offset or 0
            end = starts[end_line - 1] + _characters(source, starts, end_line, end_byte)
            text = ast.unparse(changed) if isinstance(changed, ast.stmt) else f"({ast.unparse(changed)})"
            column = start - starts[node.lineno - 1] + 1
            yield Mutant(file.relative_to(root).as_posix(), node.lineno, column, start, end, source[start:end], text)


def _line_starts(source: str) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _characters(source: str, starts: list[int], line: int, byte_offset: int) -> int:
    """Turn ast's offset in UTF-8 bytes into one in characters."""
    text = source[starts[line - 1] : starts[line]]
    return len(text.encode()[:byte_offset].decode())


def _code(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Yield the statements and expressions below ``node`` that do something, from top to bottom."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _is_said_only(child):
                continue
            if isinstance(child, ast.expr | ast.stmt):
                yield child
            yield from _code(child)


def _is_said_only(node: ast.AST) -> bool:
    """Return whether ``node`` is only for people and tools."""
    match node:
        case ast.ClassDef(name="Meta") | ast.TypeAlias():
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
            return name in _LOGS
    return False


def _changes(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in _NEIGHBOUR:
            yield ast.Compare(node.left, [_NEIGHBOUR[type(operator)]()], node.comparators)
        case ast.BoolOp(op=operator):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), node.values)
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int(number)):
            yield ast.Constant(number + 1)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()
