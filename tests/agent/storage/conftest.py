"""What the storage's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.storage.outbox import Outbox
from tests.agent.storage.outboxes import open_outbox


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where an outbox may lie; nothing lies there yet."""
    return tmp_path / "outbox.db"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    """A new outbox."""
    outbox = open_outbox(path)
    yield outbox
    outbox.close()
