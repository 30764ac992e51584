"""A small value under its key: what is on disk, and what happens when it can't be read or kept."""

import msgspec
import pytest

from agent.storage.errors import StorageFull
from agent.storage.state import MAX_STATE_BYTES, StateSlot
from protocol.codec import encode
from protocol.twin import Desired, Settings
from tests.fakes.state import MemoryState


@pytest.fixture
def memory() -> MemoryState:
    return MemoryState()


def slot(memory: MemoryState) -> StateSlot[dict[str, int]]:
    return StateSlot(memory, "stars", dict[str, int], title="the list of stars")


def test_a_value_is_read_back_by_the_next_run(memory: MemoryState) -> None:
    assert slot(memory).read() is None
    slot(memory).keep({"a": 3})
    assert slot(memory).read() == {"a": 3}
    assert memory.values == {"stars": b"\x81\xa1a\x03"} == slot(memory).row({"a": 3})


@pytest.mark.parametrize(
    "raw",
    [b"\xc1", b"\x81\xa1a\xa1b", b"\x81\xa1\xff\x03", b"\x91" * 5_000, b"\x00\x00", bytes(MAX_STATE_BYTES + 1)],
    ids=["no MessagePack", "another type", "no UTF-8", "too deep", "too much", "too large"],
)
def test_what_can_not_be_read_begins_anew(memory: MemoryState, raw: bytes, caplog: pytest.LogCaptureFixture) -> None:
    memory.values["stars"] = raw
    assert slot(memory).read() is None
    assert "the list of stars can't be read" in caplog.text


def test_a_message_of_another_major_version_is_not_read(memory: MemoryState) -> None:
    desired = Desired(station="demo-0001", version=1, station_name="", village="")
    slot = StateSlot(memory, "desired", Desired, title="the desired state")
    slot.write(desired)
    assert slot.read() == desired
    slot.write(msgspec.structs.replace(desired, v=desired.v + 1))
    assert slot.read() is None


def test_a_full_disk_is_logged_or_raised(memory: MemoryState, caplog: pytest.LogCaptureFixture) -> None:
    slot(memory).keep({"a": 1})
    memory.full = True
    slot(memory).keep({"a": 2})
    assert "the list of stars was not kept: no room" in caplog.text
    with pytest.raises(StorageFull):
        slot(memory).write({"a": 2})
    assert slot(memory).read() == {"a": 1}


def test_settings_kept_as_fields_are_the_bytes_of_the_message() -> None:
    assert msgspec.msgpack.encode(msgspec.structs.asdict(Settings())) == encode(Settings())
