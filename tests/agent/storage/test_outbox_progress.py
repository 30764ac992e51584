"""The progress that is written with each commit fits the facts, however they were written; a misfit is damage."""

from copy import replace
from pathlib import Path

import pytest

from agent.storage.outbox import Outbox
from agent.storage.outbox.progress import Progress, load_progress, write_progress
from agent.storage.outbox.schema import place
from agent.storage.store import Store
from tests.agent.storage.outboxes import kill, open_outbox
from tests.proofs.power_cut.judge import facts_of
from tests.proofs.power_cut.workload import touch


def filled(path: Path) -> Outbox:
    outbox = open_outbox(path)
    outbox.commit(*(touch(number) for number in range(1, 10)))
    return outbox


def set_aside(path: Path) -> list[Path]:
    return list(path.parent.glob("*.bad-*"))


def test_after_saying_an_earlier_stream_again_the_file_is_as_sound_as_before(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    outbox = filled(path)
    outbox.open_epoch("ahead", matched=10)
    (earlier,) = outbox.earlier_streams()
    outbox.reissue_earlier(earlier, after=4)
    epoch, through, facts = outbox.epoch, outbox.through, facts_of(outbox)
    kill(outbox)
    again = open_outbox(path)
    assert (again.epoch, again.through, facts_of(again)) == (epoch, through, facts)
    assert not set_aside(path)
    again.close()


@pytest.mark.parametrize("wrong", [None, {"issued": 9}, {"issued": 11}], ids=["gone", "behind", "ahead"])
def test_progress_that_does_not_fit_is_damage_and_costs_no_fact(tmp_path: Path, wrong: dict[str, int] | None) -> None:
    path = tmp_path / "outbox.db"
    outbox = filled(path)
    facts = facts_of(outbox)
    outbox.close()
    _spoil_progress(path, wrong)
    again = open_outbox(path)
    assert set_aside(path)
    assert [fact for fact in facts_of(again) if fact in facts] == facts
    again.close()


def test_a_receipt_beyond_the_last_fact_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    filled(path).close()
    _spoil_progress(path, {"receipted": 11})
    open_outbox(path).close()
    assert set_aside(path)


def _spoil_progress(path: Path, wrong: dict[str, int] | None) -> None:
    store = Store(path)
    progress = load_progress(store, 1)
    assert progress == Progress(stream=1, day=0, issued=10)
    with store.transaction():
        if wrong is None:
            store.rows("DELETE FROM marks WHERE id = ?", (place(1, 0),))
        else:
            write_progress(store, replace(progress, **wrong))
    store.close()
