"""Blobs go up after the facts, in chunks that suit the line. What the county lacks says where to resume."""

import hashlib
import os

from agent.uplink.blob_sender import CHUNKS_A_QUESTION, FIRST_CHUNK_BYTES, LEAST_CHUNK_BYTES, ChunkSize
from protocol.blobs import MAX_CHUNK_BYTES, BlobMissing, Range, decode_chunk, seal_missing
from tests.agent.uplink.bench import STATION, UplinkBench


def add(bench: UplinkBench, size: int) -> bytes:
    content = os.urandom(size)
    name = hashlib.sha256(content).digest()
    bench.blobs.content[name] = content
    return name


def test_a_blob_arrives_whole_and_is_dropped_on_the_countys_word() -> None:
    bench = UplinkBench()
    names = {add(bench, 40_000), add(bench, 1), add(bench, 300_000)}
    bench.connect()
    assert bench.book.whole_blobs() == names
    assert not bench.blobs.content


def test_the_county_is_asked_after_a_few_chunks() -> None:
    bench = UplinkBench()
    add(bench, 1_000_000)
    bench.connect()
    rounds = " ".join(leaf for leaf in bench.leaves() if leaf in ("asked", "blob")).split("asked")
    assert max(turn.count("blob") for turn in rounds) == CHUNKS_A_QUESTION
    assert not bench.blobs.content


def test_chunks_grow_to_what_the_line_carries() -> None:
    size = ChunkSize()
    for _ in range(5):
        size.took(length=size.bytes, ms=100)
    assert size.bytes == MAX_CHUNK_BYTES
    size.took(length=size.bytes, ms=8_000)
    assert size.bytes == MAX_CHUNK_BYTES // 4
    size.took(length=size.bytes, ms=1_000_000)
    assert size.bytes == LEAST_CHUNK_BYTES


def test_a_short_last_piece_teaches_nothing() -> None:
    size = ChunkSize()
    size.took(length=10, ms=50)
    assert size.bytes == FIRST_CHUNK_BYTES


def test_one_chunk_is_in_flight_and_facts_go_first() -> None:
    bench = UplinkBench()
    bench.connect()
    add(bench, 100_000)
    bench.silent_broker = True
    bench.uplink.tick()
    assert bench.leaves()[-1] == "asked"
    bench.commit("a")
    assert bench.leaves()[-1] == "facts"
    bench.uplink.tick()
    assert bench.leaves()[-1] == "facts", "no chunk while a fact waits"
    bench.silent_broker = False
    bench.play()
    assert not bench.blobs.content
    assert len(bench.book.bodies(STATION)) == 2


def test_an_answer_about_another_blob_is_none() -> None:
    bench = UplinkBench()
    asked, other = add(bench, 5_000), add(bench, 5_000)
    bench.silent_broker = True
    bench.connect()
    answer = BlobMissing(station=STATION, sha256=other, ranges=[])
    for _ in range(2):
        bench.step()
    assert bench.leaves()[-1] == "asked"
    bench.say("missing", seal_missing(bench.book.key, answer))
    assert set(bench.blobs.content) == {asked, other}
    assert bench.leaves()[-1] == "asked"


def test_an_answer_that_comes_twice_puts_no_second_chunk_in_flight() -> None:
    bench = UplinkBench()
    name = add(bench, 50_000)
    bench.silent_broker = True
    bench.connect()
    while bench.leaves()[-1] != "blob":
        bench.step()
    sent = len(bench.link.sent)
    answer = BlobMissing(station=STATION, sha256=name, ranges=[Range(start=0, end=50_000)])
    bench.say("missing", seal_missing(bench.book.key, answer))
    assert len(bench.link.sent) == sent


def test_a_chunk_that_nobody_took_is_not_followed_by_the_next() -> None:
    bench = UplinkBench()
    add(bench, 50_000)
    bench.silent_broker = True
    bench.connect()
    while bench.leaves()[-1] != "blob":
        bench.step()
    bench.reason_code = 0x10
    bench.step()
    bench.uplink.tick()
    assert bench.leaves().count("blob") == 1


def test_a_broken_connection_resumes_with_what_is_missing() -> None:
    bench = UplinkBench()
    name = add(bench, 200_000)
    bench.silent_broker = True
    bench.connect()
    for _ in range(7):
        bench.step()
    come = len(bench.book.come.get(name, ()))
    assert 0 < come < 200_000
    bench.drop()
    bench.wait(5_000, play=False)
    sent = len(bench.link.sent)
    bench.heard = sent
    bench.silent_broker = False
    bench.connect()
    assert bench.book.whole_blobs() == {name}
    again = [decode_chunk(item.payload) for item in bench.link.sent[sent:] if item.leaf == "blob"]
    assert min(chunk.offset for chunk in again) == come


def test_a_county_that_never_keeps_a_blob_is_not_pestered() -> None:
    bench = UplinkBench()
    bad = add(bench, 5_000)
    bench.book.deaf.add("blob")
    bench.connect()
    good = add(bench, 5_000)
    bench.wait(3_600_000)
    assert bench.leaves().count("blob") < 500
    bench.book.deaf.clear()
    bench.wait(600_000)
    assert bench.book.whole_blobs() == {bad, good}


def test_a_blob_that_is_damaged_on_the_sd_card_is_stated_and_never_sent() -> None:
    bench = UplinkBench()
    bad, good = add(bench, 5_000), add(bench, 5_000)
    bench.blobs.content[bad] = bytes(5_000)
    bench.connect()
    assert bench.host.damaged == [bad]
    assert not bench.blobs.content
    assert bench.book.whole_blobs() == {good}
    sent = [decode_chunk(item.payload) for item in bench.link.sent if item.leaf == "blob"]
    assert {chunk.sha256 for chunk in sent} == {good}
