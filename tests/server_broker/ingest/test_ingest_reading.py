"""What an envelope adds to a stream, rule by rule, without a database."""

import os
from dataclasses import dataclass

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.envelope import Envelope, SealedFact
from protocol.heads import SignedHead
from protocol.receipts import Held
from server_broker.ingest.reading import Known, Reading, StreamState, read_envelope, read_run, runs_of
from server_broker.ingest.signatures import HeadClaim, Verdicts, is_signed_by, verdicts
from tests.server_broker.station_double import StationDouble, booted, touch


def fresh(station: StationDouble) -> StreamState:
    return StreamState.new(station=station.id, epoch=station.epoch)


def read(state: StreamState, station: StationDouble, envelope: Envelope) -> Reading:
    return read_envelope(state, envelope, is_signed=Verdicts({}).of(station.public, station.id))


@dataclass
class CountedJudge:
    """Verifies, and counts how often it was asked."""

    station: StationDouble
    asked: int = 0

    def __call__(self, head: SignedHead) -> bool:
        self.asked += 1
        return is_signed_by(self.station.public, self.station.id, head)


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


def in_pieces(station: StationDouble, *ends: int) -> list[Envelope]:
    return [station.envelope(first + 1, last) for first, last in zip((0, *ends), ends, strict=False)]


def test_envelopes_that_follow_one_another_are_read_as_one_by_the_last_signature() -> None:
    station = StationDouble().add(*(touch(n) for n in range(6)))
    state, judge = fresh(station), CountedJudge(station)
    [reading] = read_run(state, in_pieces(station, 1, 2, 5, 6), is_signed=judge)
    assert judge.asked == 1
    assert [(new.seq, new.kind, new.held) for new in reading.new] == [(n, "touch", "") for n in range(1, 7)]
    assert reading.signed == station.signed(6)
    assert (state.through, state.head, state.issued) == (6, station.head(6), 6)
    [again] = read_run(state, in_pieces(station, 1, 2, 5, 6), is_signed=judge)
    assert (again.outcome, judge.asked) == ("repeat", 1)


def test_a_run_whose_last_signature_is_bad_is_read_envelope_by_envelope() -> None:
    station = StationDouble().add(*(touch(n) for n in range(3)))
    state = fresh(station)
    run = [*in_pieces(station, 1, 2), station.envelope(3, 3, key=Ed25519PrivateKey.generate())]
    readings = read_run(state, run, is_signed=CountedJudge(station))
    assert [(new.seq, new.held) for one in readings for new in one.new] == [(1, ""), (2, ""), (3, "bad_signature")]
    assert (state.through, state.issued) == (3, 2)


def test_a_signature_stands_for_what_came_before_it_with_a_bad_one() -> None:
    """The station signed the head that all these facts lead to, so it stated them all."""
    station = StationDouble().add(*(touch(n) for n in range(2)))
    run = [station.envelope(1, 1, key=Ed25519PrivateKey.generate()), station.envelope(2, 2)]
    [reading] = read_run(fresh(station), run, is_signed=CountedJudge(station))
    assert [new.held for new in reading.new] == ["", ""]


def test_a_head_within_a_run_to_which_the_facts_do_not_lead_is_found() -> None:
    station = StationDouble().add(*(touch(n) for n in range(3)))
    other = StationDouble(key=station.key, epoch=station.epoch).add(touch(9))
    state = fresh(station)
    wrong = msgspec.structs.replace(station.envelope(1, 1), head=other.signed(1))
    readings = read_run(state, [wrong, station.envelope(2, 3)], is_signed=CountedJudge(station))
    assert [new.held for one in readings for new in one.new] == ["chain_mismatch", "", ""]


def test_a_run_that_passes_a_head_signed_before_is_a_conflict_where_it_does() -> None:
    station = StationDouble().add(*(touch(n) for n in range(3)))
    other = StationDouble(key=station.key, epoch=station.epoch).add(touch(7), touch(8))
    state = fresh(station)
    state.note(other.signed(2))
    readings = read_run(state, in_pieces(station, 1, 2, 3), is_signed=CountedJudge(station))
    assert [one.outcome for one in readings] == ["stored", "conflict", "gap"]
    assert state.through == 1


def test_runs_keep_the_order_of_a_station_and_end_at_a_gap_a_repeat_and_another_stream() -> None:
    station = StationDouble().add(*(touch(n) for n in range(4)))
    neighbour = StationDouble(id="yanshi-01").add(touch(), touch())
    fresh_stream = station.reopen(matched=3)
    one, two, three = in_pieces(station, 1, 2, 3)
    sent = [
        one,
        *in_pieces(neighbour, 1),
        two,
        station.envelope(4),
        three,
        three,
        fresh_stream.envelope(),
        station.envelope(4),
    ]
    runs = [
        (run[0].station, [(item.first, item.head.through) for item in run])
        for _, run in runs_of((0, it) for it in sent)
    ]
    assert runs == [
        (station.id, [(1, 1), (2, 2)]),
        (neighbour.id, [(1, 1)]),
        (station.id, [(4, 4)]),
        (station.id, [(3, 3)]),
        (station.id, [(3, 3)]),
        (station.id, [(1, len(fresh_stream.sealed))]),
        (station.id, [(4, 4)]),
    ]


@given(st.lists(st.integers(1, 3), min_size=1, max_size=6), st.sets(st.integers(0, 5)), st.integers(0, 3))
@settings(max_examples=60)
def test_a_run_adds_what_its_envelopes_add_one_by_one_where_all_are_signed_or_the_last_is_not(
    sizes: list[int], forged: set[int], known: int
) -> None:
    station = StationDouble().add(*(touch(n) for n in range(sum(sizes))))
    stranger = Ed25519PrivateKey.generate()
    ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
    last_forged = len(sizes) - 1 in forged
    run = [
        station.envelope(first + 1, last, key=stranger if last_forged and place in forged else None)
        for place, (first, last) in enumerate(zip((0, *ends), ends, strict=False))
    ]
    states = [fresh(station), fresh(station)]
    for state in states:
        if known:
            read(state, station, station.envelope(1, min(known, len(station.sealed))))
    judge = CountedJudge(station)
    together = read_run(states[0], run, is_signed=judge)
    apart = [read_envelope(states[1], one, is_signed=judge) for one in run]
    stored = [
        [(new.seq, new.digest, new.head, new.held) for one in found for new in one.new] for found in (together, apart)
    ]
    assert stored[0] == stored[1]
    assert states[0] == states[1]


def test_verdicts_are_of_a_key_a_station_and_a_head_however_many_threads_there_are() -> None:
    station = StationDouble().add(*(touch(n) for n in range(12)))
    stranger = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    heads = [station.signed(seq) for seq in range(1, 13)]
    true = [HeadClaim(station.public, station.id, head) for head in heads]
    false = [
        HeadClaim(stranger, station.id, heads[0]),
        HeadClaim(station.public, "yanshi-01", heads[1]),
        HeadClaim(b"", "x", heads[2]),
    ]
    for threads in (1, 2, 4):
        found = verdicts([*true, *false], threads=threads)
        assert all(found[claim] for claim in true)
        assert not any(found[claim] for claim in false)
    assert Verdicts({})[true[0]]
