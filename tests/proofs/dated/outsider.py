"""What somebody outside keeps: every row as psql read it, and who held each card by a reckoning of one's own."""

import bisect
import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import psycopg

TABLES = (
    "regions_regionrecord",
    "people_personrecord",
    "people_binding",
    "people_unitrecord",
    "people_holdingrecord",
    "attendance_windowrecord",
    "attendance_rosterday",
    "attendance_swaprecord",
    "duty_absencerecord",
    "attendance_stationplace",
    "workdays_countyday",
    "workdays_librarytable",
    "workdays_stoprecord",
    "meetings_meetingrecord",
    "meetings_kindterms",
)
_COUNTING = """
CREATE TABLE IF NOT EXISTS proof_written_over ("table" text);
CREATE OR REPLACE FUNCTION proof_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.superseded_at IS NOT NULL
       OR to_jsonb(NEW) - 'superseded_at' IS DISTINCT FROM to_jsonb(OLD) - 'superseded_at' THEN
        INSERT INTO proof_written_over VALUES (TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END $$;
"""
_COUNTED = """CREATE OR REPLACE TRIGGER proof_count AFTER UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION proof_count()"""
_BEFORE_ALL = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
_AFTER_ALL = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


class Rows:
    """Every dated row that was ever seen: its content without the end of its standing, and that end."""

    def __init__(self, link: psycopg.Connection[Any]) -> None:
        self._link = link
        self._seen: dict[str, dict[int, tuple[str, dt.datetime | None]]] = {table: {} for table in TABLES}
        self._overwritten = 0
        link.execute(_COUNTING)
        for table in TABLES:
            link.execute(_COUNTED.format(table=table))

    def look(self) -> None:
        """Read all rows, and count those that are gone or say something else than they did."""
        for table, seen in self._seen.items():
            now = {
                row: (content, ended)
                for row, content, ended in self._link.execute(
                    f"SELECT id, md5((to_jsonb(r) - 'superseded_at')::text), superseded_at FROM {table} r"
                )
            }
            for row, (content, ended) in seen.items():
                there = now.get(row)
                if there is None or there[0] != content or (ended is not None and there[1] != ended):
                    self._overwritten += 1
            seen |= now

    @property
    def overwritten(self) -> int:
        """How many rows were seen to be other than before, and how many writings over rows the trigger counted."""
        row = self._link.execute("SELECT count(*) FROM proof_written_over").fetchone()
        assert row is not None
        return self._overwritten + int(row[0])

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(map(len, self._seen.values()))

    def forget_undecided(self) -> None:
        """Leave out of the count what was written until now: the county was made without decisions."""
        self._link.execute("DELETE FROM dated_written")

    @property
    def undecided(self) -> int:
        """How many rows were written or superseded by a transaction whose decisions did not name them."""
        row = self._link.execute("SELECT count(*) FROM dated_written").fetchone()
        assert row is not None
        return int(row[0])

    def try_to_change(self, table: str, row: int) -> int:
        """Try to change a row as the database's owner, and return how many of the attempts were let through."""
        let_through = 0
        for statement in (
            f"UPDATE {table} SET valid_to = now() WHERE id = {row}",
            f"UPDATE {table} SET recorded_at = recorded_at - interval '1 day' WHERE id = {row}",
            f"UPDATE {table} SET superseded_at = NULL WHERE id = {row}",
            f"DELETE FROM {table} WHERE id = {row}",
        ):
            try:
                with self._link.transaction(force_rollback=True):
                    self._link.execute(statement)
                    let_through += 1
            except psycopg.Error:
                continue
        return let_through

    def some_row(self, table: str, number: int) -> int | None:
        """Return the id of one row of a table."""
        rows = list(self._seen[table])
        return rows[number % len(rows)] if rows else None


@dataclass
class Reckoning:
    """Who held one card when, written down as a list of times and holders. None: nobody, or lost."""

    starts: list[dt.datetime] = field(default_factory=lambda: [_BEFORE_ALL])
    holders: list[str | None] = field(default_factory=lambda: [None])

    def set(self, holder: str | None, since: dt.datetime | None, until: dt.datetime | None = None) -> None:
        """Have ``holder`` have the card in ``[since, until)``."""
        begin, end = since or _BEFORE_ALL, until or _AFTER_ALL
        after = self.at(end)
        kept = [(start, one) for start, one in zip(self.starts, self.holders, strict=True) if start < begin]
        later = [(start, one) for start, one in zip(self.starts, self.holders, strict=True) if start > end]
        pieces = [*kept, (begin, holder), *([(end, after)] if until else []), *later]
        self.starts, self.holders = [start for start, _ in pieces], [one for _, one in pieces]

    def hand_over(self, holder: str, since: dt.datetime) -> None:
        """Have ``holder`` have the card from ``since`` on, but not while it was lost: nobody's stays nobody's."""
        later = [(start, one) for start, one in zip(self.starts, self.holders, strict=True) if start > since]
        self.set(holder if self.at(since) is not None else None, since)
        self.starts += [start for start, _ in later]
        self.holders += [one if one is None else holder for _, one in later]

    def at(self, when: dt.datetime) -> str | None:
        """Return who had the card then."""
        return self.holders[bisect.bisect_right(self.starts, when) - 1]
