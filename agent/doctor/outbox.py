"""Examine the outbox of an agent that does not run: whether it is whole, and how much waits in it. Change nothing."""

import logging
from pathlib import Path

from agent.causes import cause
from agent.doctor.problems import OUTBOX_IN_USE, Finding, problem_finding
from agent.storage.errors import Damaged, OfAnotherStation, StorageError
from agent.storage.outbox.check import checked
from agent.storage.outbox.files import alone_in
from agent.storage.store import Store, locked_elsewhere

log = logging.getLogger(__name__)


def examine_outbox(path: Path, *, station: str) -> Finding:
    """Judge the file as the agent would when it starts."""
    try:
        if not path.exists():
            return Finding("记录文件", "还没有记录")
        with path.open("r+b") as file:
            if locked_elsewhere(file.fileno()):
                return problem_finding("记录文件", OUTBOX_IN_USE)
        with alone_in(path.parent):
            store = Store(path)
            try:
                tip, progress = checked(store, station=station)
            finally:
                # Closing would write the log into the file (sqlite.org/wal.html), and the doctor changes nothing.
                store.abandon()
            return Finding("记录文件", f"完好，{tip.through - progress.receipted} 条等待上传")
    except Damaged as error:
        log.warning("the outbox is damaged: %s", error)
        return problem_finding("记录文件", 51, "坏了")
    except OfAnotherStation as error:
        return problem_finding("记录文件", 53, cause(error))
    except (StorageError, OSError) as error:
        return problem_finding("记录文件", 51, f"打不开（{cause(error)}）")
