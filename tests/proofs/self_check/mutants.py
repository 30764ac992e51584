"""Small seeded changes of the code that carries the promise.

Operators, after the usual ones of mutation testing (DeMillo, Lipton & Sayward 1978, "Hints on test data
selection"): a comparison turned to its neighbour, a number moved by one, ``and`` swapped with ``or``, a
condition negated, a boolean flipped, a call made for its effect left out.
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


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file: the characters ``[start, end)`` become ``text``."""

    path: str
    line: int
    start: int
    end: int
    was: str
    text: str

    def apply(self, root: Path) -> None:
        """Write the changed file into the tree at ``root``."""
        file = root / self.path
        source = file.read_text(encoding="utf-8")
        file.write_text(source[: self.start] + self.text + source[self.end :], encoding="utf-8")

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.was} -> {self.text}"


def every_mutant(root: Path, folders: list[str]) -> list[Mutant]:
    """Return all mutants of the Python files below ``folders``, in the order of the text."""
    files = sorted(
        file for folder in folders for file in (root / folder).rglob("*.py") if "migrations" not in file.parts
    )
    return [mutant for file in files for mutant in _mutants_of(file, root)]


def drawn(mutants: list[Mutant], *, count: int, seed: int) -> list[Mutant]:
    """Return ``count`` of them, the same for the same seed."""
    return random.Random(seed).sample(mutants, min(count, len(mutants)))


def _mutants_of(file: Path, root: Path) -> Iterator[Mutant]:
    source = file.read_text(encoding="utf-8")
    starts = _line_starts(source)
    for node in ast.walk(ast.parse(source)):
        for changed in _changes(node):
            if not isinstance(node, ast.expr | ast.stmt):
                continue
            start = starts[node.lineno - 1] + _characters(source, starts, node.lineno, node.col_offset)
            end_line, end_byte = node.end_lineno or node.lineno, node.end_col_offset or 0
            end = starts[end_line - 1] + _characters(source, starts, end_line, end_byte)
            text = ast.unparse(changed) if isinstance(changed, ast.stmt) else f"({ast.unparse(changed)})"
            yield Mutant(file.relative_to(root).as_posix(), node.lineno, start, end, source[start:end], text)


def _line_starts(source: str) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _characters(source: str, starts: list[int], line: int, byte_offset: int) -> int:
    """Turn ast's offset in UTF-8 bytes into one in characters."""
    text = source[starts[line - 1] : starts[line]]
    return len(text.encode()[:byte_offset].decode())


def _changes(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in _NEIGHBOUR:
            yield ast.Compare(node.left, [_NEIGHBOUR[type(operator)]()], node.comparators)
        case ast.BoolOp(op=operator):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), node.values)
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int()):
            yield ast.Constant(int(node.value) + 1)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()
