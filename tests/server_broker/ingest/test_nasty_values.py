"""Whatever MessagePack can say in the place of any value of any message: refused or taken, and never a bug of ours.

Each value of a sample of each message and each fact is exchanged for each nasty one, the rest being as it should be.
"""

import contextlib
import datetime as dt
import math
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import msgspec
import pytest
from msgspec.msgpack import Ext

from protocol import blobs, twin
from protocol.birth import Birth, Compare, Gone
from protocol.codec import MAX_MESSAGE_BYTES, decode, encode
from protocol.envelope import Envelope
from protocol.facts import MAX_BODY_BYTES, decode_fact
from protocol.refusal import Refused
from protocol.topics import Up, topic
from protocol.vitals import Vitals
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.messages import Incoming, read_message, read_topic
from server_broker.ingest.models import Quarantined
from server_broker.twin.models import SettingReport
from tests.golden.generate import FACTS, MESSAGES
from tests.golden.vectors import STATION, STATION_KEY
from tests.server_broker.station_double import NOW, StationDouble

LEAVES: dict[type, Up] = {
    Envelope: "facts",
    Birth: "birth",
    Compare: "compare",
    Gone: "gone",
    Vitals: "vitals",
    twin.Reported: "reported",
    blobs.BlobChunk: "blob",
    blobs.BlobQuery: "asked",
}


def raw(*parts: bytes) -> msgspec.Raw:
    return msgspec.Raw(b"".join(parts))


NASTY: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**53,
    2**63,
    2**64 - 1,
    -(2**63),
    math.nan,
    math.inf,
    -0.0,
    1e308,
    "",
    "\x00",
    "x" * 9_000,
    "\U0010ffff",
    b"",
    b"\xff" * 32,
    Ext(5, b"x"),
    Ext(-128, b""),
    dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
    raw(b"\xc7\x0c\xff", b"\xff" * 12),
    raw(b"\xd6\xff"),
    raw(b"\xc1"),
    raw(b"\xa2\xff\xfe"),
    raw(b"\xa3\xed\xa0\x80"),
    raw(b"\x81\x01\x02"),
    raw(b"\x81\x91\x01\x02"),
    raw(b"\x81\xd4\x05\x00\x01"),
    raw(b"\x82\xa1a\x01\xa1a\x02"),
    raw(b"\x91" * 500, b"\xc0"),
    raw(b"\x81\xa1a" * 500, b"\xc0"),
    raw(b"\x91" * 4_000, b"\xc0"),
    [],
    [[]],
    [Ext(5, b"x")],
    {"a": Ext(5, b"x")},
    {"a": {"b": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}},
    {},
    {"": None},
)


def exchanged(value: Any, nasty: Any) -> Iterator[Any]:
    """Yield ``value`` with one of its parts, or the whole, exchanged; and with the nasty one as a further key."""
    yield nasty
    if isinstance(value, dict):
        for key in value:
            for part in exchanged(value[key], nasty):
                yield {**value, key: part}
        yield {**value, "further": nasty}
    elif isinstance(value, list):
        for place in range(len(value)):
            for part in exchanged(value[place], nasty):
                yield [*value[:place], part, *value[place + 1 :]]
        yield [*value, nasty]


def variants(sample: bytes, *, limit: int) -> Iterator[bytes]:
    """Yield the sample's encoding with each of its values exchanged for each nasty one."""
    plain = msgspec.msgpack.decode(sample)
    for nasty in NASTY:
        for changed in exchanged(plain, nasty):
            encoded = msgspec.msgpack.encode(changed)
            if len(encoded) <= limit:
                yield encoded


def samples() -> list[tuple[Up, bytes]]:
    """Return a sample of everything that a station publishes, settings of every kind among what it reports."""
    kept = {"snapshots": True, "data_mb_month": 5, "data_shed": ["blobs"], "later": {"a": [1.5, None, "x"]}}
    reported = twin.Reported(
        station=STATION,
        version=3,
        at=1,
        refused=2,
        reason="x",
        unknown=["y"],
        refused_settings={"z": "wrong_kind: "},
        kept_settings=kept,
    )
    found = [(LEAVES[type(one)], encode(one)) for one in (*MESSAGES.values(), reported) if type(one) in LEAVES]
    assert {leaf for leaf, _ in found} == set(LEAVES.values())
    return found


@pytest.mark.parametrize(("leaf", "sample"), samples(), ids=lambda one: one if isinstance(one, str) else "")
def test_a_reader_refuses_or_reads(leaf: Up, sample: bytes) -> None:
    refused = 0
    for payload in variants(sample, limit=MAX_MESSAGE_BYTES):
        incoming = Incoming(topic(shard=0, station=STATION, leaf=leaf), payload)
        try:
            read_message(read_topic(incoming), incoming)
        except Refused:
            refused += 1
    assert refused > len(NASTY)


@pytest.fixture
def station() -> StationDouble:
    double = StationDouble(id=STATION, key=STATION_KEY)
    double.enrol()
    return double


def neighbours() -> list[StationDouble]:
    """Enrol stations whose names are as long as the sample's."""
    found = [StationDouble(id=f"n{number:0{len(STATION) - 1}}", key=STATION_KEY) for number in range(49)]
    for one in found:
        one.enrol()
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(("leaf", "sample"), samples(), ids=lambda one: one if isinstance(one, str) else "")
def test_the_intake_takes_all_that_is_read(station: StationDouble, leaf: Up, sample: bytes) -> None:
    # Of several reports of a station in one batch the last stands, and the others are not looked into.
    senders = [station, *neighbours()] if leaf == "reported" else [station]
    messages = [
        sender.message(leaf, payload.replace(STATION.encode(), sender.id.encode()))
        for sender, payload in zip(cycle(senders), variants(sample, limit=MAX_MESSAGE_BYTES), strict=False)
    ]
    at_once = len(senders) if leaf == "reported" else len(messages)
    processor = BatchProcessor(clock=lambda: NOW)
    for first in range(0, len(messages), at_once):
        processor.process_batch(messages[first : first + at_once])
    assert set(Quarantined.objects.values_list("topic", flat=True)) == {sent.topic for sent in messages}
    reasons = set(Quarantined.objects.values_list("reason", flat=True))
    assert "malformed" in reasons
    assert not reasons & {"unsettled", "refused_by_database"}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(FACTS))
def test_a_fact_is_read_or_held(station: StationDouble, kind: str) -> None:
    for body in variants(encode(FACTS[kind]), limit=MAX_BODY_BYTES):
        with contextlib.suppress(Refused):
            decode_fact(body)
        station.add_body(body)
    processor = BatchProcessor(clock=lambda: NOW)
    for first in range(1, len(station.sealed) + 1, 250):
        last = min(first + 249, len(station.sealed))
        processor.process_batch([station.message("facts", encode(station.envelope(first, last)))])


@pytest.mark.django_db
def test_a_report_with_a_value_that_no_setting_can_be_is_put_aside(station: StationDouble) -> None:
    report = {"v": 1, "station": STATION, "version": 3, "at": 1, "kept_settings": {"snapshots": Ext(5, b"x")}}
    good = {**report, "kept_settings": {"snapshots": False, "later": [1, {"a": 2.5}]}}
    for said in (good, report):
        BatchProcessor(clock=lambda: NOW).process_batch([station.message("reported", msgspec.msgpack.encode(said))])
    assert [row.reason for row in Quarantined.objects.all()] == ["malformed"]
    assert SettingReport.objects.get().kept == {"snapshots": False, "later": "[1, {'a': 2.5}]"}


@pytest.mark.parametrize("nasty", [Ext(5, b"x"), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), {1: 2}, [[[[[[1]]]]]]])
def test_what_a_report_keeps_is_plain(nasty: object) -> None:
    twin.Reported(station=STATION, version=3, at=1, kept_settings={"data_shed": ("blobs", "vitals")})
    report = {"v": 1, "station": STATION, "version": 3, "at": 1, "kept_settings": {"a": [nasty]}}
    with pytest.raises(Refused, match="malformed"):
        decode(msgspec.msgpack.encode(report), twin.Reported)
