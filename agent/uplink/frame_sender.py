"""Frames of a live view go up under the facts: one at a time, part by part, each after the one before has arrived.

They are QoS 0, so nothing answers them; what the other side's TCP has acknowledged paces them. A part takes at most 2 s
at the measured rate, so that a fact never waits longer behind one.
"""

import logging
from collections.abc import Callable

from agent.uplink.blob_sender import ChunkSize
from agent.uplink.channel import Channel
from protocol.codec import encode
from protocol.frames import MAX_PART_BYTES, Frame

log = logging.getLogger(__name__)

LOOK_MS = 50
STUCK_MS = 20_000
"""A part that is not through by then never will be: the line is as good as down."""


class FrameSender:
    """Sends one frame, then takes the next."""

    def __init__(
        self, *, station: str, channel: Channel, acknowledged: Callable[[], int], mono_ms: Callable[[], int]
    ) -> None:
        """Make a sender that rests.

        Args:
            acknowledged: TCP payload bytes that the other side has acknowledged so far, on all connections.
        """
        self._station = station
        self._channel = channel
        self._acknowledged = acknowledged
        self._mono_ms = mono_ms
        self._open = False
        self.stop()

    def begin(self) -> None:
        """The connection is agreed."""
        self._open = True

    def stop(self) -> None:
        """The connection is over or in doubt: a frame under way is given up."""
        self._open = False
        self._size = ChunkSize()
        self._clear()

    def _clear(self) -> None:
        self._jpeg, self._command, self._number = b"", b"", 0
        self._offset = 0
        self._under_way: tuple[int, int, int] | None = None

    @property
    def free(self) -> bool:
        """Whether a frame can be taken now."""
        return self._open and not self._jpeg

    @property
    def stuck(self) -> bool:
        """Whether a part has been under way for too long."""
        return self._under_way is not None and self._mono_ms() - self._under_way[1] >= STUCK_MS

    @property
    def due_ms(self) -> int | None:
        """When to look again, or None."""
        return self._mono_ms() + LOOK_MS if self._jpeg else None

    def give_up(self) -> None:
        """Send nothing more of the frame under way: nobody looks any longer."""
        self._clear()

    def offer(self, command: bytes, number: int, jpeg: bytes) -> bool:
        """Take a frame to send; False where one is under way or there is no connection."""
        if not self.free:
            return False
        self._jpeg, self._command, self._number = jpeg, command, number
        return True

    def pump(self, *, may_send: bool) -> None:
        """Note what arrived and send the next part.

        Args:
            may_send: Whether no fact waits.
        """
        if self._under_way is not None and self._arrived(*self._under_way):
            self._under_way = None
            if self._offset >= len(self._jpeg):
                self._clear()
        if self._jpeg and self._under_way is None and may_send:
            self._send()

    def _arrived(self, mark: int, sent_ms: int, length: int) -> bool:
        if self._acknowledged() < mark:
            return False
        self._size.took(length=length, ms=self._mono_ms() - sent_ms)
        return True

    def _send(self) -> None:
        data = self._jpeg[self._offset : self._offset + min(self._size.bytes, MAX_PART_BYTES)]
        part = Frame(
            station=self._station,
            command=self._command,
            number=self._number,
            size=len(self._jpeg),
            offset=self._offset,
            data=data,
        )
        self._under_way = (self._acknowledged() + len(data), self._mono_ms(), len(data))
        self._offset += len(data)
        self._channel.tell("frame", encode(part))
