"""Which release's tables a file has, and whether this release may work with them.

The version is a number in SQLite's header (``PRAGMA user_version``), written when a file is made and never again, so a
touch pays nothing for it. A file of before there was a number has 0 there and the tables of version 1.

This release opens what the next one wrote: its tables are there as they are here, and what is more is let alone. What
a release after that wrote is refused, not salvaged, because salvage would make a new file without what it can't read
and would say every waiting fact again. The reasons stand in docs/adr/0023-the-outbox-says-its-version.md.
"""

import re

from agent.storage.errors import Damaged, StorageFailed
from agent.storage.outbox.schema import GUARDS, TABLES
from agent.storage.store import Store

SCHEMA = 1
"""The version of the tables in `schema`."""
NEWEST_OPENED = SCHEMA + 1
_UNMARKED = 0
_TAG = 0x4348 << 16
"""The letters CH in the upper half of a mark; version and its complement are the lower half."""
_MARK_AT = 60
"""Where the number stands in the file (https://sqlite.org/fileformat2.html, 1.3.16)."""
_COLUMN = r"\s*[a-z_]+ (?:INTEGER|REAL|TEXT|BLOB|ANY)(?: NOT NULL)?(?: DEFAULT [^,()]+)?\s*"
_ADDED = re.compile(rf",{_COLUMN}(?:,{_COLUMN})*|{_COLUMN},(?:{_COLUMN},)*")
"""What ``ALTER TABLE … ADD COLUMN`` puts into a table's text; the comma stands before or after it."""


class NewerSchema(StorageFailed):
    """A release that this one can't follow wrote the file. Nothing of it was changed."""


def mark_of(version: int) -> int:
    """Return the number that a file of this version carries.

    One wrong bit makes it no mark at all and never another version's: a card must not be able to make a file look
    newer than it is.
    """
    return _TAG | (~version & 0xFF) << 8 | version


def mark_file(store: Store) -> None:
    """Note in a new file, inside the caller's transaction, which tables it has."""
    store.rows(f"PRAGMA user_version = {mark_of(SCHEMA)}")


def check_schema(store: Store) -> None:
    """Check that this release may work with the file's tables, before it believes anything that they say.

    Raises:
        NewerSchema: A release after the next one wrote the file.
        Damaged: The tables are described as no release made them.
    """
    mark = int(str(store.rows("PRAGMA user_version")[0][0]))
    version = _version_within_reach(mark)
    # SQLite applies the checks and triggers that the file describes, so the description is compared first.
    described = {str(sql) for (sql,) in store.rows("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
    if described == {*TABLES, *GUARDS}:
        return
    # A mark with a wrong bit says nothing, so the tables alone decide. A file that says that it is of this version or
    # unmarked has exactly these.
    follows = version == NEWEST_OPENED or (version is None and mark != _UNMARKED)
    if not follows or not all(any(_has(theirs, ours) for theirs in described) for ours in (*TABLES, *GUARDS)):
        raise Damaged("the tables are not described as they were made")


def refuse_later(first_page: bytes | None) -> None:
    """Refuse to salvage what a release after the next one wrote, however damaged it is.

    Raises:
        NewerSchema: The header says so.
    """
    if first_page is not None:
        _version_within_reach(int.from_bytes(first_page[_MARK_AT : _MARK_AT + 4], "big"))


def _version_within_reach(mark: int) -> int | None:
    """Return the version that a mark names; None if it is no mark.

    Raises:
        NewerSchema: A release after the next one wrote it.
    """
    version = next((version for version in range(1, 256) if mark_of(version) == mark), None)
    if version is not None and version > NEWEST_OPENED:
        raise NewerSchema(
            f"the outbox has schema {version}, this release opens up to {NEWEST_OPENED}",
            says=f"记录文件是更新的程序写的（第 {version} 版，本程序认到第 {NEWEST_OPENED} 版），请装回新程序",
        )
    return version


def _has(theirs: str, ours: str) -> bool:
    """Return whether a text of the file is ours, or ours with columns added."""
    if theirs == ours:
        return True
    added = len(theirs) - len(ours)
    same = next((at for at, (one, other) in enumerate(zip(theirs, ours, strict=False)) if one != other), len(ours))
    # Letters on both sides of the added text may be alike, so it may lie some places before the first difference.
    return added > 0 and any(
        theirs[:at] + theirs[at + added :] == ours and _ADDED.fullmatch(theirs[at : at + added])
        for at in range(same, max(same - added, -1), -1)
    )
