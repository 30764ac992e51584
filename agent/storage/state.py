"""Keep small values on disk under a key: one `StateSlot` for each, in the outbox's state table."""

import logging
from typing import Protocol

import msgspec

from agent.storage.errors import StorageError
from protocol.codec import decode
from protocol.refusal import Refused

log = logging.getLogger(__name__)

MAX_STATE_BYTES = 1 << 20
"""A larger value is not read: the largest that is kept, the desired state, stays far below."""


class StateStore(Protocol):
    """Where small values are kept. The station's is the outbox."""

    def get(self, key: str) -> bytes | None:
        """Return what `put` kept, or None when there is nothing or it is damaged."""

    def put(self, key: str, value: bytes) -> None:
        """Keep ``value`` durably.

        Raises:
            StorageFull: The value before is still kept.
            StorageFailed: As before, for another failure.
        """


class StateSlot[T]:
    """One value of type ``T`` under one key, as MessagePack."""

    def __init__(self, store: StateStore, key: str, kind: type[T], *, title: str) -> None:
        """Make a slot; nothing is read yet.

        Args:
            title: What the log calls the value.
        """
        self._store = store
        self._key = key
        self._kind = kind
        self._title = title

    def read(self) -> T | None:
        """Return the kept value, or None when there is none or it can't be read: then the log says so.

        Raises:
            StorageFailed: The disk failed.
        """
        raw = self._store.get(self._key)
        if not raw:
            return None
        try:
            return decode(raw, self._kind, limit=MAX_STATE_BYTES)
        except Refused as refused:
            # A station must start with any state: an older program reads what a newer one kept after a roll-back.
            log.warning("%s can't be read and begins anew: %s", self._title, refused)
            return None

    def keep(self, value: T) -> None:
        """Keep a value that the station can do without: when the disk does not take it, the log says so."""
        try:
            self.write(value)
        except StorageError as error:
            log.warning("%s was not kept: %s", self._title, error)

    def write(self, value: T) -> None:
        """Keep a value.

        Raises:
            StorageFull: The value before is still kept.
            StorageFailed: As before, for another failure.
        """
        self._store.put(self._key, msgspec.msgpack.encode(value))

    def row(self, value: T) -> dict[str, bytes]:
        """Return key and stored bytes of a value, to be committed in one transaction with facts."""
        return {self._key: msgspec.msgpack.encode(value)}
