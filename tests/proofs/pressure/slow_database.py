"""Make each commit of a county's database that stores something of a station take half a second longer.

It stands for a disk that is slow to sync. The wait is in a trigger that PostgreSQL runs at COMMIT, once in each
transaction, so it needs no other file system and slows the county's own engine as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.proofs.strangers.county import County

COMMIT_S = 0.5
_TABLES = ("ingest_fact", "fleet_stream", "fleet_stationstatus")
"""What facts, births and vitals change."""
_FUNCTION = f"""
CREATE FUNCTION proof_slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('proof.waited', true) IS DISTINCT FROM txid_current()::text THEN
        PERFORM set_config('proof.waited', txid_current()::text, true);
        PERFORM pg_sleep({COMMIT_S});
    END IF;
    RETURN NULL;
END $$"""
_TRIGGER = """
CREATE CONSTRAINT TRIGGER proof_slow_commit AFTER INSERT OR UPDATE ON {}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION proof_slow_commit()"""


@contextmanager
def slow_commits(county: County) -> Iterator[None]:
    """Have commits be slow while the context lasts."""
    county.sql("; ".join([_FUNCTION, *(_TRIGGER.format(table) for table in _TABLES)]))
    try:
        yield
    finally:
        county.sql("DROP FUNCTION proof_slow_commit CASCADE")
