"""Long work on a Pi's slow card: nobody waits long at the reader, and no watchdog loses patience."""

import re
from pathlib import Path

import pytest

from agent.station.notify import EXTENDED_MS
from agent.storage.outbox import Outbox
from tests.agent.storage.days import Days
from tests.agent.storage.outboxes import overwrite, receipt
from tests.fakes.slow_card import SlowCard
from tests.proofs.power_cut.workload import RECORD_KEY, STATION, touch

FACTS = 20_000
UNIT = Path("firmware_scripts/systemd/cunhui-agent.service")
PIECE_AT_MOST_S = 5
"""At so poor a card, with a checkpoint of the whole log in the piece. Most pieces take less than a second."""


@pytest.fixture
def card() -> SlowCard:
    return SlowCard()


@pytest.fixture
def days() -> Days:
    return Days()


def opened(path: Path, card: SlowCard, days: Days) -> Outbox:
    return Outbox.open(path, station=STATION, record_key=RECORD_KEY, now=days, vfs=card.vfs_name, working=card.look)


@pytest.fixture
def outbox(tmp_path: Path, card: SlowCard, days: Days) -> Outbox:
    """An outbox with so many facts that all of them at once take longer than a piece may."""
    filled = opened(tmp_path / "outbox.db", card, days)
    for first in range(0, FACTS, 1_000):
        filled.commit(*(touch(number) for number in range(first, first + 1_000)))
    return filled


def test_a_new_stream_is_built_in_short_pieces(outbox: Outbox, card: SlowCard) -> None:
    card.begin()
    outbox.begin_epoch("differs", matched=0)
    card.look()
    while outbox.opening:
        outbox.continue_epoch()
        card.look()
    assert outbox.through == FACTS + 2
    assert card.longest_s < PIECE_AT_MOST_S < watchdog_s() / 2
    outbox.close()


def test_what_is_old_is_erased_in_short_pieces_and_looked_at_once(outbox: Outbox, card: SlowCard, days: Days) -> None:
    outbox.take_receipt(receipt(outbox, outbox.through))
    outbox.commit(touch(FACTS))
    days.day = 100
    card.begin()
    erased = 0
    while some := outbox.prune_some(before_wall_ms=days.wall_ms):
        erased += some
        card.look()
    assert erased == FACTS + 1
    assert card.longest_s < PIECE_AT_MOST_S < watchdog_s() / 2
    card.begin()
    assert outbox.prune_some(before_wall_ms=days.wall_ms) == 0
    card.look()
    assert card.longest_s < 0.2
    outbox.close()


def test_a_check_and_a_salvage_ask_for_more_time_before_it_is_over(
    outbox: Outbox, card: SlowCard, days: Days, tmp_path: Path
) -> None:
    path = tmp_path / "outbox.db"
    outbox.close()
    card.begin()
    opened(path, card, days).close()
    assert card.longest_s < 2
    overwrite(path, 0, bytes(100))
    card.begin()
    salvaged = opened(path, card, days)
    card.look()
    assert salvaged.through > FACTS
    assert card.longest_s < EXTENDED_MS / 1_000 / 4
    salvaged.close()


def watchdog_s() -> float:
    """Return ``WatchdogSec`` of the agent's unit."""
    found = re.search(r"^WatchdogSec=(\d+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return float(found[1])
