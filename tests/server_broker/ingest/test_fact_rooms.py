"""Each room reads its own kinds of facts; where several read one kind, a fact is read by all of them or by none."""

from datetime import UTC, datetime

import pytest

from protocol import facts
from server_broker.fleet.fact_rows import STATION_EVENT, FactRoom, Identity, RowKind, Rows, Unstorable, add_event
from server_broker.ingest.fact_rooms import ROOMS
from server_broker.ingest.projections import derive_by, handlers_of
from tests.golden.generate import FACTS
from tests.server_broker.station_double import moment

WHO = Identity("shili-01", bytes(16), 7)
SEEN = RowKind[str]("seen")
NOW = datetime(2026, 11, 28, tzinfo=UTC)


def sees(fact: facts.HelpAsked, identity: Identity, rows: Rows) -> None:
    rows.of(SEEN).append(fact.screen)


def refuses(fact: facts.HelpAsked, identity: Identity, rows: Rows) -> None:
    raise Unstorable("no row")


def room(handler: object) -> FactRoom:
    return FactRoom({facts.HelpAsked: handler}, lambda rows: None)  # type: ignore[dict-item]


def test_two_rooms_read_one_fact() -> None:
    rows = Rows(NOW)
    derive_by(handlers_of([room(sees), room(sees)]), FACTS["help_asked"], WHO, rows)
    assert rows.of(SEEN) == ["home", "home"]


def test_a_fact_that_one_room_refuses_leaves_nothing_with_another() -> None:
    rows = Rows(NOW)
    with pytest.raises(Unstorable):
        derive_by(handlers_of([room(sees), room(refuses)]), FACTS["help_asked"], WHO, rows)
    assert rows == Rows(NOW)


def test_a_kind_that_no_room_reads_is_an_event_all_the_same() -> None:
    rows = Rows(NOW)
    derive_by({}, FACTS["shut_down"], WHO, rows)
    [event] = rows.of(STATION_EVENT)
    assert event[3] == "shut_down"


def test_rows_that_are_made_apart_are_dated_from_the_earliest() -> None:
    rows, apart = Rows(NOW), Rows(NOW)
    add_event(FACTS["shut_down"], WHO, rows, {})
    later, earlier = Identity("shili-01", b"e" * 16, 2), Identity("shili-01", b"e" * 16, 1)
    rows.to_date(later, moment(9, boot=bytes(16)))
    apart.to_date(earlier, moment(3, boot=bytes(16)))
    apart.to_correct("shili-01", bytes(16))
    rows.take(apart)
    new = rows.boots["shili-01", bytes(16)]
    assert (new.from_mono, new.corrected, new.identities) == (3, True, [later[1:], earlier[1:]])


def test_what_people_wrote_and_a_pin_stay_out_of_the_events() -> None:
    rows = Rows(NOW)
    handlers = handlers_of(ROOMS)
    for name in ("pin_set", "request_made", "record_made", "feedback_given", "ballots_sealed", "score_given"):
        derive_by(handlers, FACTS[name], WHO, rows)
    shown = str([event[-1] for event in rows.of(STATION_EVENT)])
    assert len(rows.of(STATION_EVENT)) >= 6
    assert "示例" not in shown
    assert not any(word in shown for word in ("digest", "salt", "hundredths", "'text'", "note"))
