"""What an envelope adds to a stream, rule by rule, without a database."""

import os

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.envelope import Envelope, SealedFact
from protocol.receipts import Held
from server_broker.ingest.reading import Known, Reading, StreamState, read_envelope
from tests.server_broker.station_double import StationDouble, booted, touch


def fresh(station: StationDouble) -> StreamState:
    return StreamState.new(station=station.id, epoch=station.epoch)


def read(state: StreamState, station: StationDouble, envelope: Envelope) -> Reading:
    return read_envelope(state, envelope, station=station.id, record_key=station.public)


def test_new_facts_are_read_and_the_stream_moves_on() -> None:
    station = StationDouble().add(booted(), touch())
    state = fresh(station)
    reading = read(state, station, station.envelope())
    assert reading.outcome == "stored"
    assert [(new.seq, new.kind, new.held) for new in reading.new] == [(1, "booted", ""), (2, "touch", "")]
    assert (state.through, state.head, state.issued) == (2, station.head(2), 2)
    assert reading.signed == station.envelope().head


def test_a_gap_stores_nothing() -> None:
    station = StationDouble().add(booted(), touch(), touch())
    state = fresh(station)
    assert read(state, station, station.envelope(2)).outcome == "gap"
    assert state.through == 0


def test_a_repeat_is_told_again_with_what_is_held_of_it() -> None:
    station = StationDouble().add(booted()).add_body(b"\xc1").add(touch())
    state = fresh(station)
    first = read(state, station, station.envelope())
    again = read(state, station, station.envelope())
    assert [new.held for new in first.new] == ["", "malformed", ""]
    assert again.outcome == "repeat"
    assert not again.new
    assert again.repeated_held == [Held(seq=2, digest=station.sealed[1].digest(), reason="malformed")]


def test_an_overlap_adds_only_what_is_new() -> None:
    station = StationDouble().add(booted(), touch())
    state = fresh(station)
    read(state, station, station.envelope(1, 2))
    station.add(touch(), touch())
    reading = read(state, station, station.envelope(2, 4))
    assert [new.seq for new in reading.new] == [3, 4]
    assert (state.through, state.head) == (4, station.head(4))


def test_other_content_under_a_known_seq_is_a_conflict_and_changes_nothing() -> None:
    station = StationDouble().add(booted(), touch(1))
    other = StationDouble(key=station.key, epoch=station.epoch, sealed=station.sealed[:1]).add(touch(2), touch(3))
    state = fresh(station)
    read(state, station, station.envelope())
    reading = read(state, station, other.envelope())
    assert (reading.outcome, reading.conflict_at, reading.new) == ("conflict", 2, [])
    assert (state.through, state.head) == (2, station.head(2))


def test_a_known_seq_whose_row_is_gone_is_no_repeat() -> None:
    station = StationDouble().add(booted(), touch())
    state = StreamState(epoch=station.epoch, through=2, head=station.head(2))
    assert read(state, station, station.envelope()).outcome == "conflict"


def test_a_bad_signature_holds_the_facts_and_the_chain_goes_over_their_content() -> None:
    station = StationDouble().add(booted(), touch())
    state = fresh(station)
    reading = read(state, station, station.envelope(key=Ed25519PrivateKey.generate()))
    assert {new.held for new in reading.new} == {"bad_signature"}
    assert reading.signed is None
    assert (state.through, state.head, state.issued) == (2, station.head(2), 0)
    station.add(touch())
    assert [new.held for new in read(state, station, station.envelope(3)).new] == [""]


def test_a_head_signed_for_another_station_or_epoch_does_not_verify() -> None:
    station = StationDouble().add(booted())
    stranger = StationDouble(id="shili-02", key=station.key, epoch=station.epoch, sealed=station.sealed)
    reading = read(fresh(station), station, station.envelope(key=None))
    assert reading.new[0].held == ""
    forged = msgspec.structs.replace(station.envelope(), head=stranger.signed(1))
    assert read(fresh(station), station, forged).new[0].held == "bad_signature"


def test_content_that_does_not_lead_to_the_signed_head_is_held_and_the_station_is_told_a_head_that_does_not_fit() -> (
    None
):
    station = StationDouble().add(booted(), touch(), touch())
    envelope = station.envelope()
    damaged = SealedFact(salt=os.urandom(16), body=envelope.facts[1].body)
    state = fresh(station)
    facts = [envelope.facts[0], damaged, envelope.facts[2]]
    reading = read(state, station, msgspec.structs.replace(envelope, facts=facts))
    assert {new.held for new in reading.new} == {"chain_mismatch"}
    assert reading.signed is None
    assert (state.through, state.issued) == (3, 3)
    assert state.head == reading.new[-1].head != station.head(3)


def test_a_board_whose_earlier_facts_differ_never_comes_to_agree() -> None:
    """A signed head that is taken over unproved would hide that seqs 1 and 2 are other facts here."""
    station = StationDouble().add(booted(), touch(1))
    other = StationDouble(key=station.key, epoch=station.epoch).add(touch(2), touch(3), touch(4))
    state = fresh(station)
    read(state, station, station.envelope())
    assert [new.held for new in read(state, station, other.envelope(3)).new] == ["chain_mismatch"]
    assert state.head != other.head(3)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xc1", "malformed"),
        (b"\x81\xa4kind\xa5later", "unknown_kind"),
        (b"\x81\xa4kind\xa5touch", "malformed"),
        (b"\x81\xa4kind\xa2\xff\xfe", "malformed"),
        (b"\x91" * 5000, "malformed"),
        (b"\x00", "malformed"),
    ],
)
def test_a_fact_that_cannot_be_read_is_held_and_its_neighbours_are_read(body: bytes, reason: str) -> None:
    station = StationDouble().add(booted()).add_body(body).add(touch())
    reading = read(fresh(station), station, station.envelope())
    assert [new.held for new in reading.new] == ["", reason, ""]


@settings(max_examples=60)
@given(st.data())
def test_any_cutting_and_repeating_ends_at_the_station_s_head(data: st.DataObject) -> None:
    """However envelopes are cut, repeated and disordered, each fact is new exactly once and the heads agree."""
    station = StationDouble().add(*(touch(mono) for mono in range(12)))
    state, stored = fresh(station), []
    for _ in range(40):
        first = data.draw(st.integers(1, 12))
        last = data.draw(st.integers(first, 12))
        reading = read(state, station, station.envelope(first, last))
        stored += [new.seq for new in reading.new]
        assert reading.outcome != "conflict"
        assert state.head == station.head(state.through)
    read(state, station, station.envelope(state.through + 1)) if state.through < 12 else None
    assert stored == list(range(1, len(stored) + 1))


@settings(max_examples=100)
@given(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=6))
def test_hostile_bodies_never_raise_and_always_count(bodies: list[bytes]) -> None:
    station = StationDouble()
    for body in bodies:
        station.add_body(body)
    state = fresh(station)
    reading = read(state, station, station.envelope())
    assert [new.seq for new in reading.new] == list(range(1, len(bodies) + 1))
    assert state.known == {new.seq: Known(new.digest, new.held) for new in reading.new}
