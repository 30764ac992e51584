"""Facts in a real PostgreSQL: stored once, held where they must be, never overwritten, receipted as stored."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.db import IntegrityError, transaction

from protocol import MINOR, facts
from protocol.birth import Birth, Match, Welcome
from protocol.codec import encode
from protocol.facts import BlobAnnounced, ClockCorrected, DirectionChosen, EpochOpened, FactsLost, Touch, encode_fact
from protocol.receipts import Receipt
from server_broker.attendance.models import Touch as TouchRow
from server_broker.fleet.generation import raise_generation
from server_broker.fleet.models import Alarm, Station, StationEvent, StationStatus, Stream
from server_broker.fleet.silence import SILENCE, mark_silent
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.messages import Incoming, Outgoing
from server_broker.ingest.models import Fact, Quarantined, Reissue, SignedHeadKept
from server_broker.ingest.reread import reread_held
from server_broker.learning.models import Attempt, LevelRun
from server_broker.ledger.ledger import ledger
from server_broker.media.models import Blob
from tests.server_broker.station_double import BOOT, CARD, NOW, WALL, StationDouble, booted, moment, touch

pytestmark = pytest.mark.django_db


def receipts(answers: Iterable[Outgoing]) -> list[Receipt]:
    return [answer.message for answer in answers if isinstance(answer.message, Receipt)]


def process(processor: BatchProcessor, *messages: Incoming, careful: bool = False) -> Receipt:
    return receipts(processor.process_batch(messages, careful=careful))[-1]


def alarm_codes() -> set[str]:
    return set(Alarm.objects.values_list("code", flat=True))


def test_a_touch_becomes_a_fact_a_row_and_a_receipt(station: StationDouble, processor: BatchProcessor) -> None:
    receipt = process(processor, station.add(booted(), touch(1234)).facts_message())
    assert (receipt.through, receipt.head, receipt.held) == (2, station.head(2), [])
    fact = Fact.objects.get(seq=2)
    assert (bytes(fact.body or b""), bytes(fact.salt or b"")) == (station.sealed[1].body, station.sealed[1].salt)
    row = TouchRow.objects.get()
    assert (row.station_id, bytes(row.epoch), row.seq) == (station.id, station.epoch, 2)
    assert (bytes(row.card_token), row.mono_ms, row.direction, row.quality) == (CARD, 1234, "in", "synced")
    assert row.wall == NOW + timedelta(milliseconds=1234)
    status = StationStatus.objects.get()
    assert (status.receipt_at, status.waiting) == (NOW, 0)


def test_redelivery_gives_the_same_receipt_and_no_second_row(station: StationDouble, processor: BatchProcessor) -> None:
    message = station.add(booted(), touch()).facts_message()
    first = process(processor, message)
    assert process(processor, message) == first
    assert process(processor, message, message) == first
    assert Fact.objects.count() == 2
    assert TouchRow.objects.count() == 1


def test_the_database_itself_refuses_a_second_row_for_an_identity(
    station: StationDouble, processor: BatchProcessor
) -> None:
    process(processor, station.add(touch()).facts_message())
    Stream.objects.update(through=0)
    TouchRow.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        processor.process_batch([station.facts_message()])
    assert Fact.objects.count() == 1
    assert TouchRow.objects.count() == 0


def test_a_gap_is_answered_by_where_the_county_stands(station: StationDouble, processor: BatchProcessor) -> None:
    process(processor, station.add(booted(), touch(), touch(), touch()).facts_message(1, 2))
    receipt = process(processor, station.facts_message(4, 4))
    assert (receipt.through, receipt.head) == (2, station.head(2))
    assert Fact.objects.count() == 2


def test_envelopes_of_one_batch_follow_each_other(station: StationDouble, processor: BatchProcessor) -> None:
    station.add(*(touch(mono) for mono in range(6)))
    batch = [station.facts_message(1, 2), station.facts_message(2, 4), station.facts_message(1, 6)]
    answers = receipts(processor.process_batch(batch))
    assert [receipt.through for receipt in answers] == [6]
    assert TouchRow.objects.count() == 6


def test_a_conflict_raises_an_alarm_and_overwrites_nothing(station: StationDouble, processor: BatchProcessor) -> None:
    other = station.clone()
    process(processor, station.add(touch(1), touch(2)).facts_message())
    receipt = process(processor, other.add(touch(1), touch(3), touch(4)).facts_message())
    assert (receipt.through, receipt.head) == (2, station.head(2))
    assert Fact.objects.count() == 2
    assert "conflicting_fact" in alarm_codes()


def test_two_stations_in_one_batch_and_a_stranger(station: StationDouble, processor: BatchProcessor) -> None:
    second, stranger = StationDouble(id="shili-02"), StationDouble(id="shili-99")
    second.enrol()
    batch = [double.add(touch()).facts_message() for double in (station, second, stranger)]
    answers = processor.process_batch(batch)
    assert {answer.topic for answer in answers} == {"cunhui/1/0/shili-01/receipt", "cunhui/1/0/shili-02/receipt"}
    assert Quarantined.objects.get().reason == "unknown_station"


def test_a_revoked_station_is_set_aside(station: StationDouble, processor: BatchProcessor) -> None:
    Station.objects.update(revoked_at=NOW)
    assert processor.process_batch([station.add(touch()).facts_message(), station.birth()]) == []
    assert set(Quarantined.objects.values_list("reason", flat=True)) == {"revoked"}
    assert Fact.objects.count() == 0


@pytest.mark.parametrize("careful", [False, True])
def test_what_the_database_could_not_hold_is_held_and_its_neighbours_are_stored(
    station: StationDouble, processor: BatchProcessor, careful: bool
) -> None:
    far = Touch(at=moment(wall=2**53 - 1), card=CARD, reader="simulated", answer="recorded")
    huge = facts.LevelEnded(at=moment(), run=b"r" * 8, pack="p", pack_version=2**40, level="l", passed=True, stars=1)
    station.add(touch(1), far, touch(2, reader="a\x00b"), huge, facts.HelpAsked(at=moment(), screen="x\x00"), touch(3))
    receipt = process(processor, station.facts_message(), careful=careful)
    assert receipt.through == 6
    assert {held.seq: held.reason for held in receipt.held} == dict.fromkeys((2, 3, 4, 5), "out_of_range")
    assert list(TouchRow.objects.order_by("seq").values_list("seq", flat=True)) == [1, 6]
    assert ledger(station.id).held == 4
    assert process(processor, station.facts_message()).held == receipt.held


def test_facts_of_many_kinds_in_one_batch_are_stored_by_their_rooms(
    station: StationDouble, processor: BatchProcessor
) -> None:
    run, at = b"r" * 8, moment()
    station.add(
        booted(),
        facts.Attempt(
            at=at,
            run=run,
            pack="sample",
            pack_version=1,
            level="l1",
            question="q1",
            chosen=[1],
            right=True,
            lives_left=3,
        ),
        facts.LevelEnded(at=at, run=run, pack="sample", pack_version=1, level="l1", passed=True, stars=2),
        facts.ReaderLost(at=moment(), reader="pcsc"),
        facts.ReaderBack(at=moment(), reader="pcsc"),
        facts.ContactChanged(at=moment(), input="大门", sensor="door", active=True),
        facts.WindowClosed(at=moment(), window="1", date="2026-11-24", closed=1),
        facts.CommandResult(at=moment(), command=b"c" * 16, outcome="done"),
        facts.AlarmRaised(at=moment(), code="disk_low", severity="minor", detail="磁盘将满"),
        facts.AlarmRaised(at=moment(), code="camera_failed", severity="minor", detail="no device"),
        facts.AlarmCleared(at=moment(), code="camera_failed"),
        facts.HelpAsked(at=moment(), screen="home"),
        BlobAnnounced(at=moment(), sha256=b"s" * 32, size=10, media_type="image/jpeg", purpose="touch"),
        facts.BlobEvicted(at=moment(), sha256=b"s" * 32, reason="disk"),
        Touch(at=moment(), card=CARD, reader="pcsc", answer="lost"),
        facts.ShutDown(at=moment()),
    )
    assert process(processor, station.facts_message()).held == []
    assert Attempt.objects.get().chosen == [1]
    assert LevelRun.objects.get().stars == 2
    assert StationEvent.objects.count() == 12
    assert alarm_codes() == {"camera_failed", "disk_low", "help_asked", "lost_card"}
    assert Blob.objects.get().evicted_reason == "disk"
    counted = ledger(station.id)
    assert (counted.issued, counted.received, counted.unexplained, counted.evicted_blobs) == (16, 16, 0, 1)


def door(*, flapping: bool = False, sensor: facts.ContactKind = "door") -> facts.ContactChanged:
    return facts.ContactChanged(at=moment(), input="大门", sensor=sensor, active=True, flapping=flapping)


def test_a_flapping_door_is_an_alarm_until_it_is_stated_again(
    station: StationDouble, processor: BatchProcessor
) -> None:
    process(processor, station.add(door(), door(flapping=True), door(sensor="motion")).facts_message())
    assert Alarm.objects.get(resolved_at=None).code == "input_flapping:大门"
    process(processor, station.add(door()).facts_message(3))
    assert not Alarm.objects.filter(resolved_at=None).exists()


def test_inputs_whose_long_names_begin_alike_are_one_alarm(station: StationDouble, processor: BatchProcessor) -> None:
    """An alarm's code is shorter than the longest name; what falls together must not cost the envelope."""
    names = ["门" * 63 + end for end in "东西"]
    station.add(*(facts.ContactChanged(at=moment(), input=n, sensor="door", active=True, flapping=True) for n in names))
    assert process(processor, station.facts_message()).through == 2
    assert Alarm.objects.get(resolved_at=None).count == 2
    station.add(facts.ContactChanged(at=moment(), input=names[0], sensor="door", active=False))
    process(processor, station.facts_message(3))
    assert not Alarm.objects.filter(resolved_at=None).exists()


def test_a_clock_correction_dates_earlier_touches_of_its_boot_only(
    station: StationDouble, processor: BatchProcessor
) -> None:
    station.add(touch(1000, quality="unknown"), touch(2000, quality="restored"), touch(3000))
    station.add(Touch(at=moment(1, quality="unknown", boot=b"x" * 16), card=CARD, reader="s", answer="recorded"))
    process(processor, station.facts_message())
    true_wall = round((NOW + timedelta(days=1)).timestamp() * 1000)
    corrected = ClockCorrected(at=moment(), boot=BOOT, mono=5000, wall=true_wall, source="county", before="unknown")
    process(processor, station.add(corrected, touch(1500, quality="unknown")).facts_message(5))
    dated = dict(TouchRow.objects.order_by("seq").values_list("seq", "corrected_wall"))
    assert dated == {
        1: NOW + timedelta(days=1, seconds=-4),
        2: NOW + timedelta(days=1, seconds=-3),
        3: None,
        4: None,
        6: NOW + timedelta(days=1, seconds=-3.5),
    }


def test_a_chosen_direction_is_noted_at_its_touch(station: StationDouble, processor: BatchProcessor) -> None:
    station.add(touch(), DirectionChosen(at=moment(), touch=station.ref(1), direction="out"))
    process(processor, station.facts_message())
    assert TouchRow.objects.get().chosen_direction == "out"


def test_reissued_facts_keep_their_identity_and_count_once(station: StationDouble, processor: BatchProcessor) -> None:
    process(processor, station.add(booted(), touch(1), touch(2), touch(3)).facts_message(1, 2))
    processor.process_batch([station.birth()])
    assert ledger(station.id).waiting == 2
    fresh = station.reopen(matched=1)
    receipt = process(processor, fresh.facts_message())
    assert (receipt.epoch, receipt.through) == (fresh.epoch, 4)
    identities = {(bytes(row.epoch), row.seq) for row in TouchRow.objects.all()}
    assert identities == {(station.epoch, 2), (station.epoch, 3), (station.epoch, 4)}
    counted = ledger(station.id)
    assert (counted.issued, counted.received, counted.waiting, counted.unexplained) == (8, 8, 0, 0)
    process(processor, fresh.facts_message())
    assert TouchRow.objects.count() == 3
    assert "epoch_opened" in alarm_codes()


def test_a_fact_reissued_twice_counts_once_under_its_first_identity(
    station: StationDouble, processor: BatchProcessor
) -> None:
    second = station.add(touch(1)).reopen(matched=0)
    third = second.reopen(matched=0)
    process(processor, third.facts_message())
    process(processor, second.facts_message())
    process(processor, station.facts_message())
    assert [(bytes(row.epoch), row.seq) for row in TouchRow.objects.all()] == [(station.epoch, 1)]


def test_both_of_two_clones_keep_their_touches(station: StationDouble, processor: BatchProcessor) -> None:
    """Two boards with one card went apart after seq 1, under the same epoch."""
    other = station.add(touch(1)).clone()
    process(processor, station.add(touch(2)).facts_message())
    processor.process_batch([other.add(touch(3), touch(4)).birth(), other.compare(3, 2, 1)])
    reissue = other.reopen(matched=1)
    process(processor, reissue.facts_message(1, 2))
    overruled = process(processor, station.add(touch(5)).facts_message(3))
    assert overruled.through == 2, "other facts were signed for"
    process(processor, reissue.facts_message(3, 3))
    fresh = station.add(touch(6)).reopen(matched=2)
    process(processor, fresh.facts_message())
    assert sorted(TouchRow.objects.values_list("mono_ms", flat=True)) == [1, 2, 3, 4, 5, 6]
    process(processor, reissue.facts_message(), fresh.facts_message())
    assert TouchRow.objects.count() == 6
    assert ledger(station.id).unexplained == 0


def test_what_a_clone_says_of_its_own_touch_is_not_told_of_the_other_s(
    station: StationDouble, processor: BatchProcessor
) -> None:
    """Direction and picture name their touch by its first identity, under which the county has another board's."""
    other = station.clone()
    process(processor, station.add(touch(1)).facts_message())
    chosen = DirectionChosen(at=moment(), touch=other.ref(1), direction="out")
    picture = BlobAnnounced(
        at=moment(), sha256=b"s" * 32, size=10, media_type="image/jpeg", purpose="touch", about=other.ref(1)
    )
    fresh = other.add(touch(2), chosen, picture).reopen(matched=0)
    process(processor, fresh.facts_message())
    directions = {row.mono_ms: row.chosen_direction for row in TouchRow.objects.all()}
    assert directions == {1: "", 2: "out"}
    blob, its_touch = Blob.objects.get(), TouchRow.objects.get(mono_ms=2)
    assert (bytes(blob.about_epoch or b""), blob.about_seq) == (bytes(its_touch.epoch), its_touch.seq)


def test_a_picture_moves_along_with_its_touch(station: StationDouble, processor: BatchProcessor) -> None:
    """A clone's re-issue came first and had the identity; its picture, and its later word, stay with its own touch."""
    other = station.clone()
    picture = BlobAnnounced(
        at=moment(), sha256=b"s" * 32, size=10, media_type="image/jpeg", purpose="touch", about=other.ref(1)
    )
    fresh = other.add(touch(2), picture).reopen(matched=0)
    process(processor, fresh.facts_message())
    process(processor, station.add(touch(1)).facts_message())
    chosen = DirectionChosen(at=moment(), touch=other.ref(1), direction="out")
    process(processor, fresh.add(chosen).facts_message(4))
    assert {row.mono_ms: row.chosen_direction for row in TouchRow.objects.all()} == {1: "", 2: "out"}
    blob, its_touch = Blob.objects.get(), TouchRow.objects.get(mono_ms=2)
    assert (bytes(blob.about_epoch or b""), blob.about_seq) == (bytes(its_touch.epoch), its_touch.seq)


def test_a_reissue_gives_way_to_the_fact_whose_identity_it_took(
    station: StationDouble, processor: BatchProcessor
) -> None:
    """One clone re-issued its seq 2 before the other sent its own: both touches count."""
    other = station.add(touch(1)).clone()
    process(processor, station.facts_message())
    fresh = other.add(touch(2)).reopen(matched=1)
    process(processor, fresh.facts_message())
    assert process(processor, station.add(touch(3), touch(4)).facts_message(2)).held == []
    identities = {row.mono_ms: (bytes(row.epoch), row.seq) for row in TouchRow.objects.all()}
    assert identities == {
        1: (station.epoch, 1),
        2: (fresh.epoch, 2),
        3: (station.epoch, 2),
        4: (station.epoch, 3),
    }
    process(processor, fresh.facts_message(), station.facts_message())
    process(processor, fresh.reopen(matched=0).facts_message())
    assert TouchRow.objects.count() == 4


def test_a_reissue_vouches_for_a_fact_that_was_held(station: StationDouble, processor: BatchProcessor) -> None:
    station.add(touch(1), touch(2))
    envelope = station.envelope(key=StationDouble().key)
    receipt = process(processor, station.message("facts", encode(envelope)))
    assert {held.reason for held in receipt.held} == {"bad_signature"}
    assert TouchRow.objects.count() == 0
    process(processor, station.reopen(matched=0).facts_message())
    assert {(bytes(row.epoch), row.seq) for row in TouchRow.objects.all()} == {(station.epoch, 1), (station.epoch, 2)}
    assert ledger(station.id).held == 0


def test_lost_facts_stand_in_the_ledger_until_they_turn_up(station: StationDouble, processor: BatchProcessor) -> None:
    process(processor, station.add(touch(1), touch(2), touch(3)).facts_message(1, 1))
    processor.process_batch([station.birth()])
    salvaged = StationDouble(id=station.id, key=station.key)
    lost = FactsLost(at=moment(), epoch=station.epoch, first=2, last=3)
    process(processor, salvaged.add(booted(), lost).facts_message())
    counted = ledger(station.id)
    assert (counted.lost, counted.unexplained, counted.issued) == (2, 0, 5)
    assert "facts_lost" in alarm_codes()
    process(processor, salvaged.add(station.reissued(3)).facts_message(3))
    assert ledger(station.id).lost == 1
    assert TouchRow.objects.count() == 2


def test_a_loss_of_which_the_county_had_not_heard_is_in_the_ledger_too(
    station: StationDouble, processor: BatchProcessor
) -> None:
    """The board was offline, or its epoch was never heard of: the station's own word is all there is."""
    process(processor, station.add(touch(1), touch(2)).facts_message())
    salvaged = StationDouble(id=station.id, key=station.key)
    known = FactsLost(at=moment(), epoch=station.epoch, first=3, last=30)
    unheard = FactsLost(at=moment(), epoch=b"u" * 16, first=1, last=7)
    process(processor, salvaged.add(booted(), known, unheard).facts_message())
    counted = ledger(station.id)
    assert (counted.lost, counted.unexplained, counted.waiting) == (28 + 7, 0, 0)
    assert counted.issued == 30 + 7 + 3


def test_what_a_restored_county_lacks_of_an_ended_stream_is_unexplained(
    station: StationDouble, processor: BatchProcessor
) -> None:
    opened = EpochOpened(at=moment(), reason="corrupt", previous=b"p" * 16, matched=9)
    process(processor, station.add(opened).facts_message())
    assert ledger(station.id).unexplained == 9


def test_absurd_losses_cost_no_time_and_are_in_no_sum(station: StationDouble, processor: BatchProcessor) -> None:
    absurd = [(1, 2**53 - 1), (2**53 - 1, 2**53 - 1), (9, 3), (5, 2**50)]
    lost = [FactsLost(at=moment(), epoch=station.epoch, first=first, last=last) for first, last in absurd]
    process(processor, station.add(*lost).facts_message())
    counted = ledger(station.id)
    assert (counted.issued, counted.lost, counted.unexplained) == (4, 0, 0)


def test_what_no_one_accounts_for_is_unexplained(station: StationDouble, processor: BatchProcessor) -> None:
    process(processor, station.add(touch(1), touch(2)).facts_message(1, 1))
    processor.process_batch([station.birth()])
    silent = StationDouble(id=station.id, key=station.key).add(booted())
    process(processor, silent.facts_message())
    assert ledger(station.id).unexplained == 1


def test_held_facts_are_read_after_a_fix(station: StationDouble, processor: BatchProcessor) -> None:
    station.add(touch(1), DirectionChosen(at=moment(), touch=station.ref(1), direction="out"))
    forged = station.envelope(1, 1, key=StationDouble().key)
    process(processor, station.message("facts", encode(forged)))
    assert reread_held(station.id).read == 0
    process(processor, station.facts_message(2, 2))
    result = reread_held(station.id, now=NOW)
    assert (result.read, dict(result.still_held)) == (1, {})
    assert TouchRow.objects.get().chosen_direction == "out"
    assert ledger(station.id).held == 0
    assert reread_held(station.id).read == 0


def test_birth_is_welcomed_with_where_the_county_stands(station: StationDouble, processor: BatchProcessor) -> None:
    process(processor, station.add(booted()).add_body(b"\xc1").facts_message())
    welcome = next(
        a.message for a in processor.process_batch([station.birth(nonce=b"q" * 16)]) if isinstance(a.message, Welcome)
    )
    assert (welcome.through, welcome.head, welcome.nonce) == (2, station.head(2), b"q" * 16)
    assert [held.reason for held in welcome.held] == ["malformed"]
    other = StationDouble(id=station.id, key=station.key)
    welcome = next(a.message for a in processor.process_batch([other.birth()]) if isinstance(a.message, Welcome))
    assert (welcome.epoch, welcome.through, welcome.head) == (other.epoch, 0, other.head(0))


def test_a_birth_and_its_welcome_say_which_contract_each_end_speaks(
    station: StationDouble, processor: BatchProcessor
) -> None:
    processor.process_batch([station.birth()])
    assert StationStatus.objects.get().contract == 0
    said = Birth(
        station=station.id,
        head=station.signed(len(station.sealed)),
        boot=BOOT,
        nonce=b"r" * 16,
        software="0.2.0",
        contract=1,
        release="2026.12",
        image="pi",
        slot="b\x00",
    )
    answers = processor.process_batch([station.message("birth", encode(said))])
    [welcome] = [answer.message for answer in answers if isinstance(answer.message, Welcome)]
    assert welcome.contract == MINOR
    status = StationStatus.objects.get()
    assert (status.contract, status.release, status.image, status.slot) == (1, "2026.12", "pi", "b\ufffd")


def test_a_fact_with_a_word_of_a_later_version_is_held_and_receipted(
    station: StationDouble, processor: BatchProcessor
) -> None:
    later = msgspec.msgpack.encode({**msgspec.to_builtins(touch(1), builtin_types=(bytes,)), "answer": "tomorrow"})
    receipt = process(processor, station.add(booted()).add_body(later).add(touch(2)).facts_message())
    assert (receipt.through, [(held.seq, held.reason) for held in receipt.held]) == (3, [(2, "unknown_value")])
    assert TouchRow.objects.count() == 1


def test_only_the_will_of_the_present_connection_takes_a_station_offline(
    station: StationDouble, processor: BatchProcessor
) -> None:
    processor.process_batch(
        [station.birth(nonce=b"1" * 16), station.birth(nonce=b"2" * 16), station.gone(nonce=b"1" * 16)]
    )
    assert StationStatus.objects.get().online
    processor.process_batch([station.vitals(), station.gone(nonce=b"2" * 16)])
    status = StationStatus.objects.get()
    assert (status.online, status.blobs_waiting, status.simulated) == (False, 2, True)


def test_what_waits_follows_from_the_signed_head_and_not_from_vitals_older_than_the_receipt(
    station: StationDouble, processor: BatchProcessor
) -> None:
    late = station.add(booted(), touch(1), touch(2)).vitals()
    processor.process_batch([late])
    assert StationStatus.objects.get().waiting == 3
    processor.process_batch([station.facts_message(), late])
    assert StationStatus.objects.get().waiting == 0


def test_a_station_whose_end_went_unheard_is_offline_until_it_speaks(
    station: StationDouble, processor: BatchProcessor
) -> None:
    processor.process_batch([station.birth()])
    assert mark_silent(shards=[0], now=NOW + timedelta(minutes=34), listened=SILENCE) == 0
    assert mark_silent(shards=[0], now=NOW + timedelta(minutes=36), listened=SILENCE) == 1
    assert not StationStatus.objects.get().online
    processor.process_batch([station.vitals()])
    assert StationStatus.objects.get().online
    processor.process_batch([station.gone(), station.vitals()])
    assert not StationStatus.objects.get().online


def test_compare_finds_the_highest_mark_that_agrees(station: StationDouble, processor: BatchProcessor) -> None:
    other = station.add(*(touch(mono) for mono in range(5))).clone()
    process(processor, station.add(touch(50), touch(51)).facts_message())
    other.add(touch(60), touch(61), touch(62))
    matches = [a.message for a in processor.process_batch([other.compare(8, 7, 6, 4, 1), station.compare(7, 1)])]
    assert [match.through for match in matches if isinstance(match, Match)] == [4, 7]


def test_a_restored_county_says_so_and_takes_again_what_it_lacks(
    station: StationDouble, processor: BatchProcessor, tmp_path: object
) -> None:
    station.add(*(touch(mono) for mono in range(5)))
    before = process(processor, station.facts_message())
    _restore(through=2, station=station)
    raised = raise_generation(now=NOW)
    welcome = next(a.message for a in processor.process_batch([station.birth()]) if isinstance(a.message, Welcome))
    assert (welcome.through, welcome.head) == (2, station.head(2))
    assert welcome.generation == raised > before.generation
    receipt = process(processor, station.facts_message(3))
    assert (receipt.through, receipt.generation) == (5, raised)
    assert TouchRow.objects.count() == 5
    assert raise_generation(now=NOW) == raised + 1


def _restore(*, through: int, station: StationDouble) -> None:
    """Bring the tables to what yesterday's dump had."""
    TouchRow.objects.filter(seq__gt=through).delete()
    Fact.objects.filter(seq__gt=through).delete()
    Stream.objects.update(through=through, head=station.head(through), issued=through)
    signed = station.signed(through)
    SignedHeadKept.objects.update(through=through, head=signed.head, signature=signed.signature)


@pytest.mark.parametrize("leaf", ["birth", "facts", "compare", "blob", "asked", "vitals", "reported", "gone"])
@pytest.mark.parametrize(
    "payload", [b"", b"\x00", b"\xc1", b"\x81" * 3000, b"\x81\xa7station\xa4\xff\xff\xff\xff", b"{}", b"\x81\xa1v\x02"]
)
def test_hostile_payloads_are_set_aside_and_hold_up_nobody(
    station: StationDouble, processor: BatchProcessor, leaf: str, payload: bytes
) -> None:
    hostile = Incoming(f"cunhui/1/0/{station.id}/{leaf}", payload)
    receipt = process(processor, hostile, station.add(touch()).facts_message())
    assert receipt.through == 1
    assert bytes(Quarantined.objects.get().raw) == payload
    assert Alarm.objects.filter(station_id=station.id, code__startswith="quarantined:").count() == 1


@pytest.mark.parametrize(
    "topic", ["", "cunhui/1/0/shili-01/receipt", "cunhui/1/999/shili-01/facts", "cunhui/1/0/SHILI/facts", "x" * 300]
)
def test_messages_on_other_topics_are_set_aside(station: StationDouble, processor: BatchProcessor, topic: str) -> None:
    assert processor.process_batch([Incoming(topic, b"x")]) == []
    assert Quarantined.objects.get().reason == "bad_topic"


def test_a_retained_message_is_set_aside(station: StationDouble, processor: BatchProcessor) -> None:
    message = station.add(touch()).facts_message()
    assert processor.process_batch([Incoming(message.topic, message.payload, retained=True)]) == []
    assert Quarantined.objects.get().reason == "bad_topic"
    assert Fact.objects.count() == 0


def test_a_payload_that_claims_another_station_is_set_aside(station: StationDouble, processor: BatchProcessor) -> None:
    other = StationDouble(id="shili-02").add(touch())
    other.enrol()
    forged = Incoming(f"cunhui/1/0/{station.id}/facts", other.facts_message().payload)
    assert processor.process_batch([forged]) == []
    assert Quarantined.objects.get().reason == "wrong_station"


def test_reissues_that_cannot_be_opened_are_held(station: StationDouble, processor: BatchProcessor) -> None:
    inner = encode_fact(touch())
    nested = facts.Reissued(at=moment(), epoch=b"e" * 16, seq=1, salt=b"s" * 16, body=inner)
    for _ in range(20):
        nested = facts.Reissued(at=moment(), epoch=b"e" * 16, seq=1, salt=b"s" * 16, body=encode_fact(nested))
    broken = facts.Reissued(at=moment(), epoch=b"e" * 16, seq=2, salt=b"s" * 16, body=b"\xc1")
    receipt = process(processor, station.add(nested, broken, touch()).facts_message())
    assert [(held.seq, held.reason) for held in receipt.held] == [(1, "malformed"), (2, "malformed")]
    assert Reissue.objects.count() == 0
    assert TouchRow.objects.count() == 1


def test_more_held_facts_than_a_receipt_carries_are_told_in_several(
    station: StationDouble, processor: BatchProcessor
) -> None:
    for _ in range(600):
        station.add_body(b"\xc1")
    batch = [station.facts_message(first, first + 199) for first in (1, 201, 401)]
    told = receipts(processor.process_batch(batch))
    assert [len(receipt.held) for receipt in told] == [500, 100]
    assert {receipt.through for receipt in told} == {600}


def test_received_times_are_the_county_s(station: StationDouble) -> None:
    later: datetime = NOW + timedelta(hours=3)
    process(BatchProcessor(clock=lambda: later), station.add(touch()).facts_message())
    assert TouchRow.objects.get().received_at == later


def test_the_last_vitals_say_when_the_station_wrote_them_unless_its_clock_is_not_dated(
    station: StationDouble, processor: BatchProcessor
) -> None:
    processor.process_batch([station.vitals(at=moment(5_000))])
    assert StationStatus.objects.get().vitals_at == datetime.fromtimestamp((WALL + 5_000) / 1000, UTC)
    processor.process_batch([station.vitals(at=moment(6_000, quality="restored"))])
    assert StationStatus.objects.get().vitals_at is None
    processor.process_batch([station.vitals(at=moment(wall=2**53 - 1))])
    assert StationStatus.objects.get().vitals_at is None
