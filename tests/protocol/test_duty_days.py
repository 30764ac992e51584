"""The dates of a duty bundle: what is no roster of ours is refused whole, and a small village's is small."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from protocol.bundle_contents import read_content
from protocol.codec import decode, encode
from protocol.duty_days import DutyCrew, DutyDay, DutyDays, DutyPerson, DutyTerms
from protocol.refusal import Refused
from protocol.shelf_index import IndexEntry, ShelfIndex
from tests.golden.generate import MESSAGES
from tests.golden.vectors_1_1 import BUNDLE, INDEX

SAMPLE = MESSAGES["duty"]


def refusal(**changed: Any) -> str:
    plain = msgspec.to_builtins(SAMPLE, builtin_types=(bytes,))
    bundle = msgspec.structs.replace(BUNDLE, kind="duty", content=msgspec.msgpack.encode({**plain, **changed}))
    with pytest.raises(Refused) as refused:
        read_content(bundle)
    return refused.value.reason


def test_it_is_the_content_of_its_kind() -> None:
    assert read_content(msgspec.structs.replace(BUNDLE, kind="duty", content=encode(SAMPLE))) == SAMPLE


@pytest.mark.parametrize(
    "changed",
    [
        {"first": "2026-02-30"},
        {"days": []},
        {"days": [[[]]] * 71},
        {"days": [[[9]]]},
        {"days": [[[0, 2]]]},
        {"crews": [[7, [0], []]]},
        {"crews": [[0, [8], []]]},
        {"crews": [[0, [0], [1]]]},
        {"windows": [["1", "上午", 720, 720, "each", False]]},
        {"windows": [["1", "上午", 0, 1441, "each", False]]},
        {"days": [[[], "", "", False, [[5, None, "leave", 0, 0, "", None]]]]},
        {"days": [[[], "", "", False, [[0, 9, "leave", 0, 0, "", None]]]]},
        {"days": [[[], "", "", False, [[0, 0, "swapped", 0, 0, "", 9]]]]},
        {"days": [[[], "", "", False, [[0, 0, "leave", 600, 540, "", None]]]]},
    ],
)
def test_what_names_nothing_is_refused_whole(changed: dict[str, Any]) -> None:
    assert refusal(**changed) == "malformed"


def test_a_later_reason_and_a_later_mark_take_nothing_away() -> None:
    plain = msgspec.to_builtins(SAMPLE, builtin_types=(bytes,))
    plain["windows"][0][4] = "some"
    plain["days"][0][4][1][2] = "on_the_moon"
    read = decode(msgspec.msgpack.encode(plain), DutyDays)
    assert (read.windows[0].marks, read.days[0].less[1].why) == ("some", "on_the_moon")


def test_a_station_that_does_not_know_the_kind_leaves_it_alone() -> None:
    # To a reader of before the kind is what any later word is to this one.
    entry = msgspec.structs.replace(INDEX.bundles[0], id="duty-1", kind="a_kind_of_tomorrow")
    index = msgspec.structs.replace(INDEX, bundles=[*INDEX.bundles, entry])
    assert decode(encode(index), ShelfIndex) == INDEX
    assert isinstance(entry, IndexEntry)


def test_seven_weeks_of_a_village_take_few_bytes() -> None:
    """15 people in 4 windows whose crews go round from date to date."""
    people = [DutyPerson(id=str(2_000 + number)) for number in range(15)]
    windows = [DutyTerms(id=str(one), name="上午坐班", start=510, end=720) for one in range(4)]
    crews = [
        DutyCrew(window=one, people=[turn, (turn + 4) % 15, (turn + 9) % 15], leaders=[turn])
        for one in range(4)
        for turn in range(15)
    ]
    days = [DutyDay(crews=[one * 15 + (day + one) % 15 for one in range(4)]) for day in range(49)]
    first = (date(2026, 11, 23) - timedelta(days=7)).isoformat()
    assert len(encode(DutyDays(first=first, people=people, windows=windows, crews=crews, days=days))) < 2_000
