"""The log's end goes to the county on its command, and nothing secret goes with it."""

import logging
from pathlib import Path

import pytest

from agent.commands.log_tail import HIDDEN, KEPT_BYTES, LogTail, redacted
from protocol.commands import LogTerms
from protocol.facts import BlobAnnounced, CommandResult
from tests.agent.bench import Bench
from tests.agent.commands.county_commands import command
from tests.fakes.clockwork import FakeSystemClock


def say(tail: LogTail, text: str) -> None:
    tail.handle(logging.LogRecord("agent.test", logging.INFO, "", 0, text, None, None))


@pytest.mark.parametrize(
    "secret",
    [
        "04a1b2c3",
        "04A1B2C3D4E5F6",
        "04a1b2c3d4e5f6010203",
        "0000745a70",
        "00:00:74:5A:70",
        "04:a1:b2:c3",
        "04 A1 B2 C3 D4 E5 F6",
        "04-a1-b2-c3-d4-e5-f6",
        "0012345678",
        "01302837652983542",
        "0021998765432109876543210",
        "13800001234",
        "1234567890128",
        "1234 5678 9012 8",
    ],
)
def test_what_may_be_a_card_number_or_a_code_is_hidden(secret: str) -> None:
    assert redacted(f"reader: {secret} was read") == f"reader: {HIDDEN} was read"
    assert redacted(f"'{secret}'") == f"'{HIDDEN}'"


@pytest.mark.parametrize("named", ["password=hunter2", "token: abc.def", "PIN = 1234", "claim=x", "secret: y"])
def test_what_is_called_a_secret_is_hidden(named: str) -> None:
    hidden = redacted(f"with {named} done")
    assert not any(value in hidden for value in ("hunter2", "abc.def", "1234", "=x", " y"))
    assert hidden.endswith(f"{HIDDEN} done")


def test_a_key_is_hidden_also_one_that_is_cut_off() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----"
    assert redacted(f"a {pem} b") == f"a {HIDDEN} b"
    assert redacted(f"a {pem[:40]}") == f"a {HIDDEN}"


def test_what_a_log_is_read_for_stays() -> None:
    line = (
        "2026-11-24 08:03:21,123 INFO agent.uplink: demo-0001: connected on shard 0, the county has the facts up to 123"
        " epoch 101112131415161718191a1b1c1d1e1f blob 0a1b2c3d4e5f reason code 0x87, 4096 bytes free"
    )
    assert redacted(line) == line


def test_only_the_end_is_kept_in_whole_lines() -> None:
    tail = LogTail()
    for number in range(5_000):
        say(tail, f"line {number} " + "x" * 40)
    assert len(tail.last(10**6)) <= KEPT_BYTES
    end = tail.last(1_000)
    assert len(end) <= 1_000
    assert end.startswith(b"line ")
    assert b"line 4999 " in end


def test_a_giant_line_or_one_of_no_encoding_does_no_harm() -> None:
    tail = LogTail()
    say(tail, "y" * 10**6)
    say(tail, "half \ud800 a pair")
    assert 0 < len(tail.last(10**6)) <= KEPT_BYTES
    assert tail.last(64).endswith(b"half ? a pair")


def test_the_run_before_is_told_too(tmp_path: Path) -> None:
    before, now = LogTail(), LogTail()
    say(before, "card 04a1b2c3d4e5f6 and the disk failed")
    before.save(tmp_path / "last")
    assert b"04a1b2c3" not in (tmp_path / "last").read_bytes()
    now.recall(tmp_path / "last")
    now.recall(tmp_path / "last")
    say(now, "begun")
    assert now.last(1_000).decode() == f"card {HIDDEN} and the disk failed\nbegun"
    before.save(tmp_path / "no" / "folder")


def test_the_log_is_announced_together_with_the_answer(station: Bench, system: FakeSystemClock) -> None:
    say(station.log_tail, "the first line")
    say(station.log_tail, "the camera fails: card 04a1b2c3d4e5f6 in the way " + "z" * 1_500)
    station.commands.execute(command(system, order="send_logs", log=LogTerms(kib=1)))
    (announced,), (result,) = station.of(BlobAnnounced), station.of(CommandResult)
    assert (announced.purpose, announced.media_type, announced.size) == ("log", "text/plain", 1_024)
    assert (result.outcome, result.figures) == ("done", {"bytes": 1_024})
    assert b"04a1" not in station.blobs.kept[announced.sha256]


def test_without_a_log_the_answer_says_so(station: Bench, system: FakeSystemClock) -> None:
    station.commands.execute(command(system, order="send_logs"))
    assert [(fact.outcome, fact.detail) for fact in station.of(CommandResult)] == [("failed", "no_log")]


def test_a_log_that_the_disk_does_not_take_is_not_announced(
    station: Bench, system: FakeSystemClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(station.log_tail, "a line")
    keep = station.blobs.keep

    def keep_and_fill(sha256: bytes) -> bool:
        station.outbox.fill_disk()
        return keep(sha256)

    monkeypatch.setattr(station.blobs, "keep", keep_and_fill)
    station.commands.execute(command(system, order="send_logs"))
    station.outbox.error = None
    station.fact_writer.flush()
    assert [fact.outcome for fact in station.of(CommandResult)] == ["failed"]
    assert not station.of(BlobAnnounced)
    assert not station.blobs.kept
