"""Rescue: carry by hand what no line carries to the county."""

from agent.rescue.exporting import Exported, Source, export, outbox_source
from agent.rescue.failure import ExportFailed

__all__ = ["ExportFailed", "Exported", "Source", "export", "outbox_source"]
