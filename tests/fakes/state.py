"""The state table without the disk, which may be full."""

from agent.storage.errors import StorageFull


class MemoryState:
    """Implements `agent.storage.state.StateStore`."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.full = False

    def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    def put(self, key: str, value: bytes) -> None:
        if self.full:
            raise StorageFull("no room")
        self.values[key] = value
