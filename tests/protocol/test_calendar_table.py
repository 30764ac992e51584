"""A signed table is read as it was made, and nothing else is."""

import datetime as dt

import pytest

from protocol.calendar_table import MAX_DAYS, CalendarDay, CalendarTable, fingerprint, seal_table, unseal_table
from protocol.codec import encode
from protocol.refusal import Refused
from protocol.signing import Context, seal
from tests.golden.county_vectors import MESSAGES
from tests.golden.vectors import COUNTY_KEY, COUNTY_PUBLIC, STATION_KEY, STATION_PUBLIC

TABLE = MESSAGES["calendar-table"]
DAY = CalendarDay(date=dt.date(2027, 2, 8), working=False, name="春节")


def table(days: list[CalendarDay], *, key: bytes = COUNTY_PUBLIC) -> CalendarTable:
    return CalendarTable(issuer="示例县", key=key, made_at=0, days=days)


def refusal(raw: bytes) -> str:
    with pytest.raises(Refused) as refused:
        unseal_table(raw)
    return refused.value.reason


def test_a_table_is_read_as_it_was_made() -> None:
    assert isinstance(TABLE, CalendarTable)
    raw = seal_table(COUNTY_KEY, issuer=TABLE.issuer, made_at=TABLE.made_at, days=TABLE.days)
    assert unseal_table(raw) == TABLE


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (seal(STATION_KEY, "cunhui calendar 1", encode(table([DAY]))), "unknown_key"),
        (seal(COUNTY_KEY, "cunhui calendar 1", encode(table([DAY], key=STATION_PUBLIC))), "unknown_key"),
        (seal(COUNTY_KEY, "cunhui calendar 1", encode(table([DAY, DAY]))), "malformed"),
        (seal(COUNTY_KEY, "cunhui calendar 1", encode(table([DAY] * (MAX_DAYS + 1)))), "malformed"),
        (seal(COUNTY_KEY, "cunhui calendar 1", b"\x80"), "malformed"),
        (b"", "malformed"),
        (bytes(300_000), "too_large"),
    ],
)
def test_what_its_key_has_not_signed_is_refused(raw: bytes, reason: str) -> None:
    assert refusal(raw) == reason


@pytest.mark.parametrize("context", ["cunhui pack 1", "cunhui desired 1"])
def test_a_signature_for_another_purpose_is_refused(context: Context) -> None:
    assert refusal(seal(COUNTY_KEY, context, encode(table([DAY])))) == "bad_signature"


def test_every_byte_of_the_file_counts() -> None:
    raw = seal_table(COUNTY_KEY, issuer="示例县", made_at=0, days=[DAY])
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(Refused):
            unseal_table(bytes(changed))


def test_a_fingerprint_is_eight_groups_of_four_digits() -> None:
    groups = fingerprint(COUNTY_PUBLIC).split()
    assert [len(group) for group in groups] == [4] * 8
    assert fingerprint(STATION_PUBLIC) != fingerprint(COUNTY_PUBLIC)
