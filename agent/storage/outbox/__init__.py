"""The outbox: a green light is never lost."""

from agent.storage.outbox.outbox import MAX_COMMIT_BYTES, Outbox

__all__ = ["MAX_COMMIT_BYTES", "Outbox"]
