"""The comparison of heads at a birth: whether the stream goes on or ends."""

from collections.abc import Sequence

import pytest

from agent.uplink.agreement import Continue, Disagree, agree
from protocol.birth import HeadAtSeq, Welcome
from tests.agent.uplink.bench import STATION, MemoryOutbox, help_asked


def welcome(
    outbox: MemoryOutbox, *, through: int, head: bytes, generation: int = 1, signed: Sequence[tuple[int, bytes]] = ()
) -> Welcome:
    return Welcome(
        station=STATION,
        epoch=outbox.epoch,
        through=through,
        head=head,
        generation=generation,
        nonce=bytes(16),
        wall=0,
        signed=[HeadAtSeq(seq=seq, head=head) for seq, head in signed],
    )


@pytest.fixture
def outbox() -> MemoryOutbox:
    outbox = MemoryOutbox()
    outbox.commit(*(help_asked(str(n)) for n in range(9)))
    return outbox


@pytest.mark.parametrize("through", [1, 4, 10])
def test_a_county_that_agrees_is_sent_the_rest(outbox: MemoryOutbox, through: int) -> None:
    assert agree(outbox, welcome(outbox, through=through, head=outbox.heads[through])) == Continue(after=through)


def test_a_county_that_knows_nothing_is_sent_everything(outbox: MemoryOutbox) -> None:
    assert agree(outbox, welcome(outbox, through=0, head=bytes(32))) == Continue(after=0)


@pytest.mark.parametrize("generation", [1, 2])
def test_a_county_that_lost_receipted_facts_is_sent_them_again(outbox: MemoryOutbox, generation: int) -> None:
    outbox.receipted = 9
    answer = welcome(outbox, through=4, head=outbox.heads[4], generation=generation)
    assert agree(outbox, answer) == Continue(after=4, lowered=True)


def test_a_county_that_has_more_is_ahead(outbox: MemoryOutbox) -> None:
    assert agree(outbox, welcome(outbox, through=11, head=bytes(32))) == Disagree(reason="ahead", county_through=11)


def test_a_county_that_has_other_facts_differs(outbox: MemoryOutbox) -> None:
    assert agree(outbox, welcome(outbox, through=5, head=bytes(32))) == Disagree(reason="differs", county_through=5)


def test_a_stream_that_leads_to_every_signed_head_goes_on(outbox: MemoryOutbox) -> None:
    answer = welcome(outbox, through=4, head=outbox.heads[4], signed=[(7, outbox.heads[7]), (10, outbox.heads[10])])
    assert agree(outbox, answer) == Continue(after=4)


def test_an_older_copy_of_a_stream_that_signed_for_more_is_ahead(outbox: MemoryOutbox) -> None:
    answer = welcome(outbox, through=4, head=outbox.heads[4], signed=[(7, outbox.heads[7]), (11, bytes(32))])
    assert agree(outbox, answer) == Disagree(reason="ahead", county_through=4)


def test_a_copy_that_went_on_with_other_facts_than_were_signed_differs(outbox: MemoryOutbox) -> None:
    answer = welcome(outbox, through=4, head=outbox.heads[4], signed=[(7, outbox.heads[7]), (10, bytes(32))])
    assert agree(outbox, answer) == Disagree(reason="differs", county_through=4)
