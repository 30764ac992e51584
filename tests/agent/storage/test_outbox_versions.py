"""An outbox passes between releases: the next one's is opened, the last one's too, and a stranger's is left untouched.

``tests/golden/outboxes`` has a file of each schema, by a release that wrote it. ``unmarked.db`` is of the last release
that wrote no version, and ``unmarked.sql`` is the description that this release demands, letter by letter.
"""

import gzip
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from agent.doctor.outbox import examine_outbox
from agent.storage.errors import Damaged
from agent.storage.outbox import Outbox, versions
from agent.storage.outbox.schema import GUARDS, TABLES
from agent.storage.outbox.versions import SCHEMA, NewerSchema, check_schema, mark_of
from agent.storage.store import PAGE_BYTES, Store
from tests.agent.storage.outboxes import a_days_facts, kill, open_outbox, overwrite, query, touches
from tests.proofs.power_cut.judge import facts_of
from tests.proofs.power_cut.workload import STATION, touch

GOLDEN = Path(__file__).parents[2] / "golden" / "outboxes"
MARK_AT = 60
"""Where ``user_version`` stands in the file's header (https://sqlite.org/fileformat2.html, 1.3.16)."""


def golden(name: str, folder: Path) -> Path:
    path = folder / "outbox.db"
    path.write_bytes(gzip.decompress((GOLDEN / f"{name}.db.gz").read_bytes()))
    return path


def mark(path: Path) -> int:
    return int.from_bytes(path.read_bytes()[MARK_AT : MARK_AT + 4], "big")


def edit(path: Path, *statements: str) -> None:
    with closing(apsw.Connection(str(path))) as file:
        for statement in statements:
            file.execute(statement)


def files_in(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("name", ["unmarked", "version-1"])
def test_every_release_s_file_goes_on_in_its_stream(tmp_path: Path, name: str) -> None:
    path = golden(name, tmp_path)
    outbox = open_outbox(path)
    assert (outbox.through, outbox.receipted, outbox.get("twin")) == (7, 0, b"desired")
    said = [fact for _, fact in facts_of(outbox)]
    assert [n for n in range(1, 20) if touch(n) in said] == [4, 5, 6, 7, 8, 9]  # the county had 1 to 3
    epoch = outbox.epoch
    outbox.commit(touch(10))
    kill(outbox)
    with closing(open_outbox(path)) as again:
        assert (again.epoch, again.through) == (epoch, 8)
    assert not list(tmp_path.glob("*.bad-*"))


def test_the_last_release_finds_the_tables_that_it_demands(tmp_path: Path) -> None:
    """It compares every text of the file with its own; one letter more and it would say every fact again."""
    path = tmp_path / "outbox.db"
    a_days_facts(path)
    with closing(apsw.Connection(str(path))) as file:
        texts = file.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    assert ";\n\n".join(sorted(str(sql) for (sql,) in texts)) == ";\n\n".join(
        sorted((GOLDEN / "unmarked.sql").read_text(encoding="utf-8").removesuffix(";\n").split(";\n\n"))
    )
    assert mark(path) == mark_of(SCHEMA)


NEXT = (
    "CREATE TABLE shelf (name TEXT PRIMARY KEY, place INTEGER NOT NULL) STRICT",
    "ALTER TABLE facts ADD COLUMN witness BLOB",
    "ALTER TABLE streams ADD COLUMN release TEXT NOT NULL DEFAULT 'n'",
    "ALTER TABLE marks ADD COLUMN settled INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE held ADD COLUMN since INTEGER",
    "ALTER TABLE state ADD COLUMN kind TEXT",
    "ALTER TABLE state ADD COLUMN owner INTEGER NOT NULL DEFAULT 3",
    "CREATE TRIGGER shelf_stays BEFORE DELETE ON shelf BEGIN SELECT RAISE(ABORT, 'no'); END",
    f"PRAGMA user_version = {mark_of(SCHEMA + 1)}",
)


def of_the_next_release(path: Path) -> bytes:
    """Leave 99 touches in a file as the next release may have changed it, and return the epoch."""
    epoch = a_days_facts(path, receipted=40)
    edit(path, *NEXT, "INSERT INTO shelf VALUES ('notices', 1)")
    return epoch


def test_what_the_next_release_added_is_let_alone(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    epoch = of_the_next_release(path)
    outbox = open_outbox(path)
    assert (outbox.epoch, outbox.receipted, outbox.through) == (epoch, 40, 100)
    outbox.commit(touch(100), state={"twin": b"other"})
    outbox.open_epoch("ahead", matched=90)
    outbox.commit(touch(101))
    kill(outbox)
    again = open_outbox(path)
    assert {100, 101} <= touches(again)
    assert query(again, "SELECT * FROM shelf") == [("notices", 1)]
    again.close()
    assert mark(path) == mark_of(SCHEMA + 1)
    assert not list(tmp_path.glob("*.bad-*"))


def test_its_facts_survive_when_the_file_is_truly_damaged(tmp_path: Path) -> None:
    """Salvage reads rows without SQLite, so it must know them with more values than this release writes."""
    path = tmp_path / "outbox.db"
    of_the_next_release(path)
    outbox = open_outbox(path)
    query(outbox, "UPDATE facts SET witness = x'00ff00ff'")
    query(outbox, "UPDATE marks SET settled = 7")
    outbox.close()
    overwrite(path, 0, bytes(100))
    with closing(open_outbox(path)) as salvaged:
        assert touches(salvaged) == set(range(40, 100))  # seq 2 to 40 have their receipt
        assert salvaged.get("twin") == b"desired" * 1000


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "damaged"])
@pytest.mark.parametrize("cut", [True, False], ids=["in its log", "in the file"])
def test_a_later_release_s_file_is_refused_and_untouched(tmp_path: Path, cut: bool, damaged: bool) -> None:
    path = tmp_path / "outbox.db"
    a_days_facts(path)
    with closing(Store(path)) as later:
        with later.transaction():
            later.rows("ALTER TABLE facts RENAME TO facts_of_old")
            later.rows(f"PRAGMA user_version = {mark_of(SCHEMA + 2)}")
        if cut:
            later.abandon()
    if damaged:
        overwrite(path, 3 * PAGE_BYTES, b"\xff" * PAGE_BYTES)
    before = files_in(tmp_path)
    for _ in range(2):
        with pytest.raises(NewerSchema) as refused:
            open_outbox(path)
        assert "请装回新程序" in refused.value.says
        assert not isinstance(refused.value, Damaged)
    assert {name: content for name, content in files_in(tmp_path).items() if content} == before
    assert "装回新程序" in examine_outbox(path, station=STATION).says


@pytest.mark.parametrize("bit", range(32))
def test_one_wrong_bit_makes_no_file_newer(tmp_path: Path, bit: int) -> None:
    for name in ("version-1", "unmarked"):
        path = golden(name, tmp_path)
        overwrite(path, MARK_AT, (mark(path) ^ 1 << bit).to_bytes(4, "big"))
        with closing(open_outbox(path)) as outbox:
            assert outbox.through == 7
        assert not list(tmp_path.glob("*.bad-*"))
        path.unlink()


def test_marks_differ_in_two_bits_at_least() -> None:
    marks = [mark_of(version) for version in range(1, 256)]
    assert min((one ^ other).bit_count() for one in marks for other in [*marks, 0] if one != other) >= 2


CHANGED: dict[str, Callable[[str], str]] = {
    "another bound": lambda sql: sql.replace("4194303", "41943039"),
    "a check that is gone": lambda sql: sql.replace(" CHECK (length(head) = 32)", ""),
    "an added check": lambda sql: sql.replace("salt BLOB", "more BLOB CHECK (more > 1), salt BLOB"),
    "a column with a check": lambda sql: sql.replace("TEXT NOT NULL)", "TEXT NOT NULL, more INTEGER CHECK (more > 1))"),
    "another column's name": lambda sql: sql.replace("issued INTEGER", "issues INTEGER"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_is_no_added_column_is_no_next_release(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / "outbox.db")
    texts = [CHANGED[name](sql) for sql in TABLES]
    assert texts != list(TABLES)
    with closing(store):
        for sql in (*texts, *GUARDS, f"PRAGMA user_version = {mark_of(SCHEMA + 1)}"):
            store.rows(sql)
        with pytest.raises(Damaged):
            check_schema(store)


def test_more_tables_in_a_file_of_this_version_are_damage(tmp_path: Path) -> None:
    path = golden("version-1", tmp_path)
    edit(path, NEXT[0])
    with closing(Store(path)) as store, pytest.raises(Damaged):
        check_schema(store)


def test_a_touch_writes_no_byte_for_the_version(tmp_path: Path) -> None:
    """The log of a hundred commits has the same pages whether the file is marked or not, and none is the header's."""
    written = []
    for name in ("unmarked", "version-1"):
        (tmp_path / name).mkdir()
        outbox: Outbox = open_outbox(golden(name, tmp_path / name))
        for number in range(100):
            outbox.commit(touch(number))
        kill(outbox)
        log = (tmp_path / name / "outbox.db-wal").read_bytes()
        written.append([int.from_bytes(log[at : at + 4], "big") for at in range(32, len(log), 24 + 4096)])
    assert len(written[0]) == len(written[1]) > 200
    assert written[0].count(1) == written[1].count(1)
    shutil.rmtree(tmp_path / "unmarked")


def test_every_known_schema_has_its_golden_file() -> None:
    assert {path.name for path in GOLDEN.glob("*.db.gz")} == {
        "unmarked.db.gz",
        *(f"version-{version}.db.gz" for version in range(1, versions.SCHEMA + 1)),
    }
