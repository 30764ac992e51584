"""Rescue: bring facts to the county by hand if no line can."""

from agent.rescue.exporting import Exported, ExportSource, export, outbox_source
from agent.rescue.failure import ExportFailed

__all__ = ["ExportFailed", "ExportSource", "Exported", "export", "outbox_source"]
