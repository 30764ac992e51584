"""Frames of a live view go up after the facts: one frame at a time, part by part.

Frames are QoS 0, so nobody acknowledges them. What the other side's TCP has acknowledged paces them instead: a part is
sent when the one before has arrived. A part takes at most 2 s at the measured speed, because a new fact waits until it
is through.
"""

from collections.abc import Callable

from agent.uplink.blob_sender import ChunkSize
from agent.uplink.channel import SharedParts
from protocol.codec import encode
from protocol.frames import MAX_PART_BYTES, Frame

LOOK_MS = 50
STUCK_MS = 20_000
"""A part that has not arrived by then never will: the line is as good as down."""


class FrameSender:
    """Sends one frame, then takes the next."""

    def __init__(self, shared: SharedParts, *, acknowledged: Callable[[], int]) -> None:
        """Make a sender that sends nothing yet.

        Args:
            acknowledged: Returns how many TCP payload bytes the other side has acknowledged, on all connections.
        """
        self._station = shared.station
        self._channel = shared.channel
        self._mono_ms = shared.mono_ms
        self._acknowledged = acknowledged
        self._open = False
        self.expected = False
        """Whether a live view runs, so that frames will come. A new connection would end it."""
        self.stop()

    def begin(self) -> None:
        """Take frames from now on: the connection is agreed."""
        self._open = True

    def stop(self) -> None:
        """Take no frame until `begin`, and give up the one under way: the connection is over or in doubt."""
        self._open = False
        self._size = ChunkSize()
        self.give_up()

    def give_up(self) -> None:
        """Send nothing more of the frame under way: nobody looks any longer."""
        self._jpeg, self._command, self._number = b"", b"", 0
        self._offset = 0
        self._part_under_way: tuple[int, int, int] | None = None
        """The count of acknowledged bytes that shows its arrival, when it was sent, and its length."""

    @property
    def free(self) -> bool:
        """Whether a frame can be taken now."""
        return self._open and not self._jpeg

    @property
    def stuck(self) -> bool:
        """Whether a part has been under way for too long."""
        return self._part_under_way is not None and self._mono_ms() - self._part_under_way[1] >= STUCK_MS

    @property
    def due_ms(self) -> int | None:
        """When to look again, or None."""
        return self._mono_ms() + LOOK_MS if self._jpeg else None

    def offer(self, command: bytes, number: int, jpeg: bytes) -> bool:
        """Take a frame to send. Return False if one is under way or there is no connection."""
        if not self.free:
            return False
        self._jpeg, self._command, self._number = jpeg, command, number
        return True

    def pump(self, *, may_send: bool) -> None:
        """Note whether the part under way arrived, and send the next part.

        Args:
            may_send: Whether no fact waits.
        """
        if self._part_under_way is not None:
            arrived_at, sent_ms, length = self._part_under_way
            if self._acknowledged() < arrived_at:
                return
            self._size.took(length=length, ms=self._mono_ms() - sent_ms)
            self._part_under_way = None
            if self._offset >= len(self._jpeg):
                self.give_up()
        if not self._jpeg or not may_send:
            return
        data = self._jpeg[self._offset : self._offset + min(self._size.bytes, MAX_PART_BYTES)]
        part = Frame(
            station=self._station,
            command=self._command,
            number=self._number,
            size=len(self._jpeg),
            offset=self._offset,
            data=data,
        )
        # The count is reached a little early: packet headers and other unacknowledged bytes are not added.
        self._part_under_way = (self._acknowledged() + len(data), self._mono_ms(), len(data))
        self._offset += len(data)
        self._channel.publish("frame", encode(part))
