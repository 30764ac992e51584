"""The proof of question files finds what it is there to find."""

from pathlib import Path

import pytest

from protocol.packs import Question
from server_broker.content.bank import bank_of
from server_broker.content.files import read_pack_file
from server_broker.content.gift_writing import gift_of
from tests.proofs.content import __main__ as proof
from tests.proofs.content.mutants import Mutant
from tests.proofs.content.outsider import blocks
from tests.proofs.content.reading import Read, Row, Said, read_apart


@pytest.fixture
def data() -> bytes:
    return gift_of(bank_of(read_pack_file(proof.STARTER / "starter-flood.json"))).encode()


@pytest.fixture
def read(data: bytes, tmp_path: Path) -> Read:
    path = tmp_path / "题.gift"
    path.write_bytes(data)
    return read_apart(path)


def test_the_outsider_counts_what_the_reader_reads(data: bytes, read: Read) -> None:
    assert read.said is not None
    assert [row.line for row in read.said.rows] == [block.line for block in blocks(data)]
    found = proof.Found()
    proof.account("题", data, read.said, found)
    assert found.unaccounted == []


def rows(read: Read) -> list[Row]:
    assert read.said is not None
    return read.said.rows


@pytest.mark.parametrize(
    "said",
    [
        lambda rows: Said(rows[1:]),
        lambda rows: Said([*rows, rows[0]]),
        lambda rows: Said([rows[0]._replace(question=None), *rows[1:]]),
        lambda rows: Said([rows[0]._replace(line=99), *rows[1:]]),
        lambda rows: Said([], ("too_large", 0)),
    ],
)
def test_a_question_without_an_outcome_in_its_line_is_found(data: bytes, read: Read, said: object) -> None:
    found = proof.Found()
    proof.account("题", data, said(rows(read)), found)  # type: ignore[operator]
    assert len(found.unaccounted) == 1


def test_a_question_that_comes_out_changed_is_found(data: bytes, read: Read) -> None:
    assert read.said is not None
    first = rows(read)[0].question
    assert isinstance(first, Question)
    changed = Question(**{**{name: getattr(first, name) for name in first.__struct_fields__}, "answer": [9]})
    other = read._replace(said=Said([rows(read)[0]._replace(question=changed), *rows(read)[1:]]))
    for same in (True, False):
        found = proof.Found()
        proof.judge("题", data, read.said, Mutant("cut", data, same), other, found)
        assert found.changed == ["题"]
        found = proof.Found()
        proof.judge("题", data, read.said, Mutant("cut", data, same), read, found)
        assert found.changed == []
