"""Each bad count of the kill9 proof can rise, and none rises if all is well."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from server_broker.trust.authority import CertificateAuthority
from tests.proofs.kill9.ageing import AGE, Ageing
from tests.proofs.kill9.judge import BlobsJudged, CommandsJudged, judge_blobs, judge_commands, locked_out, twin_settled
from tests.proofs.kill9.renewing import errands
from tests.proofs.kill9.rows import CommandRow, FactRow, StationRow, first_made

A, B = "demo-0001", "demo-0002"
ONE, TWO = b"1" * 16, b"2" * 16


def command(id: bytes, kind: str = "identify", *, station: str = A, outcome: str = "done") -> CommandRow:
    return CommandRow(station, id.hex(), kind, outcome)


_seqs = iter(range(1, 1_000))


def fact(kind: str, *, station: str = A, **said: Any) -> FactRow:
    return FactRow(station, "00", next(_seqs), {"kind": kind, **said})


def judged(commands: list[CommandRow], facts: list[FactRow], **others: Any) -> CommandsJudged:
    return judge_commands(commands, facts, **({"given": (), "came": (), "blinks": {}} | others))


def test_commands_that_are_answered_once_and_run_once_are_well() -> None:
    facts = [
        fact("command_result", command=ONE),
        fact("command_result", command=TWO),
        fact("blob_announced", sha256=b"x", purpose="requested"),
    ]
    commands = [command(ONE), command(TWO, "snapshot")]
    found = judged(commands, facts, given={ONE.hex()}, blinks={A: 1})
    assert found == CommandsJudged(unanswered=0, never_came=0, answered_twice=0, run_twice=0)


def test_a_command_without_an_answer_is_counted() -> None:
    assert judged([command(ONE, outcome="")], []).unanswered == 1


@pytest.mark.parametrize(("came", "unanswered"), [((), 0), ((ONE.hex(),), 1)])
def test_a_command_that_was_past_before_it_came_can_have_no_answer(came: tuple[str, ...], unanswered: int) -> None:
    found = judged([CommandRow(A, ONE.hex(), "identify", "", past=True)], [], came=came)
    assert (found.unanswered, found.never_came) == (unanswered, 1 - unanswered)


def test_a_command_that_the_county_forgot_is_counted() -> None:
    assert judged([], [], given={ONE.hex()}).unanswered == 1


def test_two_answers_to_one_command_are_counted() -> None:
    facts = [fact("command_result", command=ONE), fact("command_result", command=ONE)]
    assert judged([command(ONE)], facts).answered_twice == 1


@pytest.mark.parametrize(
    ("kind", "facts", "blinks"),
    [
        ("identify", [], {A: 2}),
        ("snapshot", [fact("blob_announced", sha256=b"x", purpose="requested") for _ in range(2)], {}),
        ("send_logs", [fact("blob_announced", sha256=b"x", purpose="log") for _ in range(2)], {}),
        ("restart_agent", [fact("shut_down"), fact("shut_down")], {}),
    ],
)
def test_a_command_that_runs_twice_is_counted(kind: str, facts: list[FactRow], blinks: dict[str, int]) -> None:
    answer = fact("command_result", command=ONE)
    assert judged([command(ONE, kind)], [answer, *facts], blinks=blinks).run_twice == 1


def test_what_one_station_does_too_often_is_not_made_up_for_by_another() -> None:
    facts = [fact("command_result", command=ONE), fact("command_result", station=B, command=TWO)]
    commands = [command(ONE), command(TWO, station=B)]
    assert judged(commands, facts, blinks={A: 2, B: 0}).run_twice == 1


def test_a_command_that_was_refused_may_not_run() -> None:
    facts = [fact("command_result", command=ONE)]
    assert judged([command(ONE, outcome="refused")], facts, blinks={A: 1}).run_twice == 1


def announced(sha256: bytes, purpose: str = "touch") -> FactRow:
    return fact("blob_announced", sha256=sha256, purpose=purpose)


@pytest.mark.parametrize(
    ("facts", "whole", "taken", "found"),
    [
        ([announced(b"a"), announced(b"l", "log")], [b"a", b"l"], 1, BlobsJudged(lost=0, doubled=0)),
        ([announced(b"a"), fact("blob_evicted", sha256=b"a")], [], 1, BlobsJudged(lost=0, doubled=0)),
        ([announced(b"a")], [], 1, BlobsJudged(lost=1, doubled=0)),
        ([announced(b"l", "log")], [], 0, BlobsJudged(lost=1, doubled=0)),
        ([], [], 1, BlobsJudged(lost=1, doubled=0)),
        ([announced(b"a"), announced(b"l", "log")], [b"a", b"l"], 2, BlobsJudged(lost=1, doubled=0)),
        ([announced(b"a"), announced(b"a")], [b"a"], 1, BlobsJudged(lost=0, doubled=1)),
        ([announced(b"a"), announced(b"b")], [b"a", b"b"], 1, BlobsJudged(lost=0, doubled=1)),
    ],
)
def test_pictures_are_compared(facts: list[FactRow], whole: list[bytes], taken: int, found: BlobsJudged) -> None:
    assert judge_blobs(facts, {(A, sha256.hex()) for sha256 in whole}, taken=taken) == found


@pytest.mark.parametrize(
    ("reported", "refused", "kept", "settled"),
    [
        (7, 0, {"version": 7, "settings": {"open_before_min": 60}}, True),
        (6, 0, {"version": 7, "settings": {"open_before_min": 60}}, False),
        (7, 8, {"version": 7, "settings": {"open_before_min": 60}}, False),
        (7, 0, {"version": 6, "settings": {"open_before_min": 60}}, False),
        (7, 0, {"version": 7, "settings": {"open_before_min": 61}}, False),
        (7, 0, {"version": 7, "settings": {}}, False),
        (7, 0, {}, False),
    ],
)
def test_a_twin_must_end_as_it_was_wanted(reported: int, refused: int, kept: dict[str, Any], settled: bool) -> None:
    row = StationRow(A, 7, reported, refused, True, "aa")
    assert twin_settled(row, kept, {"open_before_min": {60}}) is settled


def standing(id: str, connection: str, *, online: bool = True) -> dict[str, StationRow]:
    return {id: StationRow(id, 7, 7, 0, online, connection)}


@pytest.mark.parametrize(
    ("after", "out"),
    [
        (standing(A, "a2") | standing(B, "b2"), set()),
        (standing(A, "a2") | standing(B, "b2", online=False), {B}),
        (standing(A, "a2") | standing(B, "b1"), {B}),
        (standing(A, "a2"), {B}),
        (standing(A, "a1") | standing(B, "b1", online=False), {A, B}),
    ],
)
def test_a_station_that_is_not_let_in_again_is_locked_out(after: dict[str, StationRow], out: set[str]) -> None:
    before = standing(A, "a1") | standing(B, "b1")
    assert locked_out([A, B], before, after) == out


def test_a_county_that_has_forgotten_its_stations_locks_them_out() -> None:
    assert locked_out([A, B], {}, {}) == {A, B}


def test_a_fact_that_was_said_again_is_itself() -> None:
    inner = {"kind": "command_result", "command": ONE}
    once = {"kind": "reissued", "epoch": b"\x01", "seq": 4, "body": msgspec.msgpack.encode(inner)}
    twice = {"kind": "reissued", "epoch": b"\x02", "seq": 9, "body": msgspec.msgpack.encode(once)}
    assert first_made(FactRow(A, "03", 2, twice)) == FactRow(A, "01", 4, inner)


def test_a_certificate_is_aged_and_its_renewal_seen(tmp_path: Path) -> None:
    authority, _ = CertificateAuthority.make()
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    now = x509.load_pem_x509_certificate(authority.pem).not_valid_before_utc + 10 * AGE
    answer = tmp_path / "enrolled.json"

    def write() -> str:
        pem = authority.issue_station(A, key, now=now).pem
        answer.write_text(json.dumps({"station": A, "certificate": pem, "village": "示例村"}), encoding="utf-8")
        return pem

    fresh, ageing = write(), Ageing(answer, authority)
    ageing.age()
    kept = json.loads(answer.read_bytes())
    aged = x509.load_pem_x509_certificate(kept["certificate"].encode())
    assert (kept["village"], aged.public_key(), ageing.renewed) == ("示例村", key, 0)
    assert kept["certificate"] != fresh
    write()
    ageing.age()
    ageing.age()
    assert ageing.renewed == 1


def test_what_cannot_be_read_is_left_as_it_is(tmp_path: Path) -> None:
    authority, _ = CertificateAuthority.make()
    answer = tmp_path / "enrolled.json"
    for content in (b"", b"{}", b'{"certificate": "none"}'):
        answer.write_bytes(content)
        Ageing(answer, authority).age()
        assert answer.read_bytes() == content


def test_an_errand_is_found_by_its_parent_and_its_program(tmp_path: Path) -> None:
    for pid, parent, program in ((7, 1, "agent.cli"), (8, 7, "agent.errands"), (9, 7, "other")):
        folder = tmp_path / str(pid)
        folder.mkdir()
        (folder / "stat").write_text(f"{pid} (a) b) S {parent} 1 1")
        (folder / "cmdline").write_bytes(b"python\0-m\0" + program.encode() + b"\0")
    assert errands(proc=tmp_path) == {7: 8}
