"""A file damaged under a running agent: the lamp is red until the next start, which comes at once and salvages."""

from pathlib import Path

import pytest

from agent.storage.errors import Damaged, StorageFailed
from agent.storage.outbox import Outbox
from agent.storage.store import PAGE_BYTES
from protocol.facts import EpochOpened, Touch
from tests.agent.bench import ZHANG
from tests.agent.station.running import Running, touches
from tests.agent.storage.outboxes import open_outbox
from tests.proofs.power_cut.judge import facts_of
from tests.proofs.power_cut.workload import touch


def spoilt_while_open(path: Path) -> Outbox:
    """Return an open outbox with 60 touches. All pages of its file but the first are garbage."""
    outbox = open_outbox(path)
    outbox.commit(*(touch(number) for number in range(1, 61)))
    outbox._store.checkpoint()
    with path.open("r+b") as file:
        file.seek(PAGE_BYTES)
        file.write(b"\xee" * (path.stat().st_size - PAGE_BYTES))
    outbox._store.rows("PRAGMA shrink_memory")
    return outbox


def test_a_commit_finds_the_damage_and_nothing_counts(path: Path) -> None:
    outbox = spoilt_while_open(path)
    assert outbox.damage is None
    with pytest.raises(Damaged):
        outbox.commit(touch(61))
    assert isinstance(outbox.damage, Damaged)
    outbox.close()
    outbox = open_outbox(path)
    (_, opened), *rest = facts_of(outbox)
    assert isinstance(opened, EpochOpened)
    assert opened.reason == "corrupt"
    assert touch(61) not in [fact for _, fact in rest]
    assert outbox.commit(touch(62))
    assert outbox.damage is None
    outbox.close()


def test_a_state_value_finds_it_too(path: Path) -> None:
    outbox = spoilt_while_open(path)
    with pytest.raises(Damaged):
        outbox.put("twin", b"desired")
    assert isinstance(outbox.damage, Damaged)
    outbox.close()


def test_a_full_disk_is_no_damage(running: Running) -> None:
    running.station.outbox.fill_disk()
    running.take(*touches(ZHANG))
    assert running.station.outbox.damage is None


def test_the_person_is_told_and_then_the_agent_ends_to_begin_anew(running: Running) -> None:
    running.station.outbox.error = Damaged("a page is not what was written")
    with pytest.raises(StorageFailed):
        running.take(*touches(ZHANG))
    assert running.station.recorded.touches[-1].problem == "disk_error"
    assert not running.station.of(Touch)
    with pytest.raises(StorageFailed):
        running.core.run()
    assert [what for who, what in running.order if who == "stop"] == ["reader", "camera"]
