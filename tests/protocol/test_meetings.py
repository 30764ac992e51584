"""A meeting in a bundle: its quorum, when a touch signs in, and what is refused."""

import msgspec
import pytest

from protocol.codec import decode
from protocol.meetings import (
    AgendaItem,
    Expected,
    Meeting,
    Meetings,
    Quorum,
    meeting_vouched,
    vouching_for,
)
from protocol.refusal import Refused

MINUTE = 60_000
BEGIN = 1_795_478_400_000


def meeting(**values: object) -> Meeting:
    given: dict[str, object] = {
        "id": "m12", "title": "示例会", "kind": "members", "begin": BEGIN, "end": BEGIN + 90 * MINUTE
    }  # fmt: skip
    return msgspec.convert({**given, **values}, Meeting)


@pytest.mark.parametrize(
    ("rule", "share", "voters", "needed"),
    [
        ("more_than", (1, 2), 23, 12),
        ("more_than", (1, 2), 24, 13),
        ("at_least", (2, 3), 24, 16),
        ("at_least", (2, 3), 25, 17),
        ("at_least", (1, 1), 7, 7),
        ("at_least", (1, 2), 0, 0),
    ],
)
def test_how_many_make_a_quorum(rule: str, share: tuple[int, int], voters: int, needed: int) -> None:
    quorum = msgspec.convert({"rule": rule, "numerator": share[0], "denominator": share[1]}, Quorum)
    assert quorum.needed(voters) == needed


def test_the_excused_are_among_the_voters_of_whom_a_share_must_come() -> None:
    expected = [Expected(person=f"p{n}", name="示例", excused="leave" if n < 4 else "") for n in range(6)]
    half = Quorum(rule="more_than", numerator=1, denominator=2)
    guest = Expected(person="g", name="示例", votes=False)
    assert meeting(expected=[*expected, guest], quorum=half).needed() == 4
    assert meeting(expected=expected).needed() is None


def test_a_touch_signs_in_from_an_hour_before_the_begin_through_the_minute_of_the_end() -> None:
    one = meeting()
    minutes = [(-61, False), (-60, True), (0, True), (90, True), (91, False)]
    assert [one.signs_in(BEGIN + at * MINUTE + 59_999) for at, _ in minutes] == [signs for _, signs in minutes]
    assert [one.is_late(BEGIN + at * MINUTE + 59_999) for at in (0, 10, 11)] == [False, False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {"end": BEGIN},
        {"id": "M12"},
        {"id": "m" * 41},
        {"expected": [["p1", "示例"], ["p1", "示例"]]},
        {"agenda": [{"id": "1", "title": "甲"}, {"id": "1", "title": "乙"}]},
        {"quorum": {"rule": "at_least", "numerator": 3, "denominator": 2}},
        {"quorum": {"rule": "more_than", "numerator": 1, "denominator": 1}},
        {"agenda": [{"id": "1", "title": "甲", "options": ["一"] * 7}]},
    ],
)
def test_what_is_no_meeting_is_refused(wrong: dict[str, object]) -> None:
    plain = msgspec.to_builtins(meeting())
    with pytest.raises(Refused, match="malformed"):
        decode(msgspec.msgpack.encode({"v": 1, "meetings": [{**plain, **wrong}]}), Meetings)


def test_a_rule_of_a_later_version_leaves_the_meeting_without_a_quorum() -> None:
    plain = msgspec.to_builtins(meeting(agenda=[AgendaItem(id="1", title="甲")]))
    plain["quorum"] = {"rule": "by_lot", "numerator": 1, "denominator": 2}
    (read,) = decode(msgspec.msgpack.encode({"v": 1, "meetings": [plain]}), Meetings).meetings
    assert (read.quorum, read.agenda[0].title) == (None, "甲")


def test_the_purpose_of_vouching_names_the_meeting() -> None:
    longest = meeting(id="m" * 40)
    assert meeting_vouched(vouching_for(longest.id)) == longest.id
    assert (meeting_vouched("other:m12"), meeting_vouched(None)) == ("", "")


def test_the_same_meeting_twice_is_refused() -> None:
    plain = msgspec.to_builtins(meeting())
    with pytest.raises(Refused, match="malformed"):
        decode(msgspec.msgpack.encode({"v": 1, "meetings": [plain, plain]}), Meetings)
