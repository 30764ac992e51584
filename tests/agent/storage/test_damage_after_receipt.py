"""A station starts without a fact that its card has lost but the county has: nothing is missing in the county."""

from pathlib import Path

from agent.storage.outbox import Outbox
from agent.storage.recent import RecentFacts
from protocol.facts import Touch
from tests.agent.storage.outboxes import open_outbox, receipt
from tests.proofs.power_cut.workload import touch


def all_receipted(path: Path, *, touches: int) -> None:
    outbox = open_outbox(path)
    for number in range(1, touches + 1):
        outbox.commit(touch(number))
    outbox.take_receipt(receipt(outbox, outbox.through))
    outbox.close()


def flip_a_bit_of(path: Path, number: int) -> None:
    """Spoil the body of a touch in the file, not its row's shape: SQLite finds nothing wrong."""
    content = path.read_bytes()
    card = number.to_bytes(16, "big")
    assert card in content
    path.write_bytes(content.replace(card, b"\x01" + card[1:]))


def cards(outbox: Outbox) -> list[int]:
    return [int.from_bytes(fact.card, "big") for _, fact in RecentFacts(outbox) if isinstance(fact, Touch)]


def test_the_memory_of_the_days_touches_leaves_out_what_cannot_be_read(path: Path) -> None:
    all_receipted(path, touches=30)
    flip_a_bit_of(path, 17)
    outbox = open_outbox(path)
    assert cards(outbox) == [n for n in range(1, 31) if n != 17]
    outbox.close()


def test_also_where_the_very_last_fact_is_spoilt(path: Path) -> None:
    all_receipted(path, touches=3)
    flip_a_bit_of(path, 3)
    outbox = open_outbox(path)
    assert cards(outbox) == [1, 2]
    outbox.close()
