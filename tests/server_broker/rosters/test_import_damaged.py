"""Five hundred damaged workbooks: each is refused with a sentence or taken whole, and never in part."""

import random
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from server_broker import trust
from server_broker.people.models import Person
from server_broker.rosters.plan import Plan
from server_broker.rosters.rows import BOOK
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.reading_rows import read_plan
from server_broker.sheets.workbook import BadWorkbook
from tests.cast import OPERATOR
from tests.server_broker.county import make_county, signed_in
from tests.server_broker.rosters.workbooks import (
    REGIONS,
    VILLAGE,
    book,
    members_of,
    packed,
    raw_rows,
    unaccounted,
    with_strings,
)

SEED = 20261128
WORKBOOKS = 500


@cache
def sound() -> bytes:
    """A workbook with all the sheets, shared strings and inline ones, numbers and times."""
    people = [(f"{1000 + number}", f"人员{number}", VILLAGE) for number in range(40)]
    made = book(
        {
            "区划": REGIONS,
            "站点": [("demo-1", "示例村站", VILLAGE)],
            "人员": [*people, (2001, "数字编号", 990101001001)],
            "卡": [(f"04a1b2{number:02x}", f"{1000 + number}") for number in range(20)],
            "值班": [(VILLAGE, "上午班", "1-5", "08:00", 0.5, "1000，1001")],
        }
    )
    return with_strings(made, "<si><t>人员0</t></si>")


def flipped(data: bytes, rng: random.Random) -> bytes:
    """A few bits of the file are another."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def truncated(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def cut_out(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randint(1, 200) :]


def swapped(data: bytes, rng: random.Random) -> bytes:
    """Two members have each other's content."""
    members = members_of(data)
    first, second = rng.sample(sorted(members), 2)
    members[first], members[second] = members[second], members[first]
    return packed(members)


def one_left_out(data: bytes, rng: random.Random) -> bytes:
    members = members_of(data)
    del members[rng.choice(sorted(members))]
    return packed(members)


def xml_bytes_changed(data: bytes, rng: random.Random) -> bytes:
    """The archive is sound, the XML in it isn't."""
    members = members_of(data)
    name = rng.choice([name for name in members if name.endswith((".xml", ".rels"))])
    members[name] = rng.choice((flipped, truncated, cut_out))(members[name], rng)
    return packed(members)


def xml_pieces_moved(data: bytes, rng: random.Random) -> bytes:
    """Elements of a sheet are taken out, doubled or put elsewhere: the XML is well-formed, what it says is not."""
    members = members_of(data)
    name = rng.choice([name for name in members if "sheet" in name and name.endswith(".xml")])
    pieces = members[name].replace(b"<", b"\n<").split(b"\n")
    for _ in range(rng.randint(1, 3)):
        first, second = rng.randrange(1, len(pieces)), rng.randrange(1, len(pieces))
        match rng.randrange(3):
            case 0:
                pieces[first], pieces[second] = pieces[second], pieces[first]
            case 1:
                pieces.insert(first, pieces[second])
            case _:
                del pieces[first]
    members[name] = b"".join(pieces)
    return packed(members)


def rows_moved(data: bytes, rng: random.Random) -> bytes:
    """Whole rows are doubled, out of order, or have another number."""
    members = members_of(data)
    name = rng.choice([name for name in members if "worksheets/" in name])
    rows = members[name].replace(b"<row", b"\n<row").replace(b"</sheetData", b"\n</sheetData").split(b"\n")
    first, second = rng.randrange(1, len(rows) - 1), rng.randrange(1, len(rows) - 1)
    match rng.randrange(3):
        case 0:
            rows[first], rows[second] = rows[second], rows[first]
        case 1:
            rows.insert(first, rows[second])
        case _:
            rows[first] = rows[first].replace(b'r="', b'r="' + str(rng.randrange(99)).encode(), 1)
    members[name] = b"".join(rows)
    return packed(members)


def attributes_changed(data: bytes, rng: random.Random) -> bytes:
    """Values in quotes are others: types, places, styles, ids, names."""
    members = members_of(data)
    name = rng.choice([name for name in members if name.endswith((".xml", ".rels"))])
    pieces = members[name].split(b'"')
    for _ in range(rng.randint(1, 3)):
        place = 2 * rng.randrange(len(pieces) // 2) + 1 if len(pieces) > 2 else 0
        strange = [b"", b"-1", b"99999999999", b"A0", b"XFE1", b"s", b"b", b"e", b"d", b"n", b"x", "人员".encode()]
        pieces[place] = rng.choice([*strange, pieces[2 * rng.randrange(max(1, len(pieces) // 2)) + 1 - 2]])
    members[name] = b'"'.join(pieces)
    return packed(members)


def headers_changed(data: bytes, rng: random.Random) -> bytes:
    """The archive's own headers lie: sizes, methods, flags, names."""
    changed = bytearray(data)
    marks = [place for mark in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06") for place in _places(data, mark)]
    for _ in range(rng.randint(1, 3)):
        changed[min(rng.choice(marks) + rng.randint(4, 45), len(changed) - 1)] = rng.randrange(256)
    return bytes(changed)


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flipped,
    truncated,
    cut_out,
    swapped,
    one_left_out,
    xml_bytes_changed,
    xml_pieces_moved,
    rows_moved,
    attributes_changed,
    headers_changed,
)


def _places(data: bytes, mark: bytes) -> list[int]:
    return [place for place in range(len(data)) if data.startswith(mark, place)]


def damaged(number: int) -> bytes:
    """Return the damaged workbook of this number, always the same."""
    rng = random.Random(SEED + number)
    return DAMAGES[number % len(DAMAGES)](sound(), rng)


def read(data: bytes) -> Plan | str:
    """Read as the reading process does; a sentence where the file is refused."""
    try:
        return read_plan(BOOK, read_sheets(data))
    except BadWorkbook as problem:
        return str(problem)


def test_the_sound_one_is_read_whole() -> None:
    plan = read(sound())
    assert isinstance(plan, Plan)
    assert plan.errors == []
    assert (len(plan.regions), len(plan.stations), len(plan.people)) == (3, 1, 41)
    assert (len(plan.uids), len(plan.windows)) == (20, 1)
    assert sum(len(rows) - 1 for rows in raw_rows(sound()).values()) == 66
    assert unaccounted(sound(), plan) == []


def test_no_damage_is_an_error_and_none_loses_a_row() -> None:
    outcomes = Counter[str]()
    for number in range(WORKBOOKS):
        data = damaged(number)
        plan = read(data)
        if isinstance(plan, str):
            outcomes["refused"] += 1
            assert plan.endswith("。"), number
        elif plan.errors:
            outcomes["errors"] += 1
        else:
            outcomes["taken"] += 1
            assert unaccounted(data, plan) == [], (number, DAMAGES[number % len(DAMAGES)].__name__)
    assert min(outcomes["refused"], outcomes["errors"], outcomes["taken"]) > 5, outcomes


@pytest.mark.django_db
def test_the_console_answers_each_with_a_page() -> None:
    trust.prepare(settings.HOME)
    make_county()
    page = signed_in(OPERATOR)
    before = Person.objects.count()
    for number in range(20):
        upload = SimpleUploadedFile("名单.xlsx", damaged(number))
        answer = page.post("/people/import/", {"file": upload})
        assert answer.status_code in (302, 422), number
    assert Person.objects.count() == before
