"""Documents as a page of the console shows them before they are published: every row of them.

Who publishes answers for each row. A file is bounded (`protocol.documents`), so the page is too.
"""

from dataclasses import dataclass

from protocol.documents import Document, Table
from server_broker.bundles.documents import figure


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table as the page shows it."""

    heads: list[str]
    rows: list[list[str]]
    sums: list[str]


def _shown_table(table: Table, titles: dict[str, str]) -> ShownTable:
    rows = []
    for row in table.rows:
        written = [
            figure(cell, column.kind) if isinstance(cell, int) else cell
            for cell, column in zip(row.cells, table.columns, strict=True)
        ]
        rows.append([*written, f"› {titles[row.opens]}" if row.opens else ""])
    sums = [
        "" if total is None else figure(total, column.kind)
        for total, column in zip(table.sums, table.columns, strict=False)
    ]
    return ShownTable([column.title for column in table.columns], rows, sums)


def shown(documents: list[Document]) -> list[dict[str, object]]:
    """Return documents for a page."""
    titles = {one.id: one.title for one in documents}
    return [_shown(one, titles) for one in documents]


def counted(documents: list[Document]) -> str:
    """Return how many there are, as a bundle's title counts them: what belongs to another is a detail."""
    details = sum(bool(one.part_of) for one in documents)
    return f"共 {len(documents) - details} 份" + (f"，另有明细 {details} 份" if details else "")


def _shown(document: Document, titles: dict[str, str]) -> dict[str, object]:
    blocks = [_shown_table(block, titles) if isinstance(block, Table) else block for block in document.blocks]
    return {"document": document, "above": titles.get(document.part_of, ""), "blocks": blocks}
