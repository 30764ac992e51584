"""What can go wrong with the outbox, sorted by what the caller can do about it."""

from agent.storage.store import Damaged, StorageFailed, StorageFull

__all__ = ["Damaged", "StorageFailed", "StorageFull"]
