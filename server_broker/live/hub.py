"""Keep the last frame of each live view that somebody watches.

Frames do not pass through the ingest worker: the web server receives them from the broker. A frame counts only if it
comes on its own station's topic, names the command of the present live view, and has the outline of a whole picture.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from protocol import topics
from protocol.frames import Frame, decode_frame
from protocol.refusal import Refused
from server_broker.live.outline import is_jpeg

_log = logging.getLogger(__name__)

MAX_VIEWS = 32
"""Most stations watched at the same time, so that their frames fit in memory."""


class TooManyViews(Exception):
    """`MAX_VIEWS` stations are watched already."""


class FrameSource(Protocol):
    """Delivers frames from the broker."""

    def subscribe(self, station: str) -> None:
        """Receive a station's frames from now on, also after the connection is lost and made again."""

    def unsubscribe(self, station: str) -> None:
        """Receive them no longer."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A whole frame. ``number`` counts the frames of its live view."""

    number: int
    jpeg: bytes


@dataclass(slots=True)
class _View:
    command: bytes
    until: datetime
    number: int = 0
    parts: bytearray = field(default_factory=bytearray)
    shot: Shot | None = None


class LiveHub:
    """The live views that somebody watches now. Any thread may call the methods."""

    def __init__(self, source: Callable[[Callable[[str, bytes], None]], FrameSource]) -> None:
        """Make the source of frames, which then calls `heard` with the topic and payload of each message."""
        self._lock = threading.Lock()
        self._views: dict[str, _View] = {}
        self._source = source(self.heard)

    def watch(self, station: str, command: bytes, *, until: datetime, now: datetime) -> None:
        """Receive a station's frames for the command of a live view until it ends. Calling it again only moves the end.

        Raises:
            TooManyViews: The station is not watched.
        """
        with self._lock:
            # Views that nobody ended. Nothing else removes them, because the hub has no timer.
            for past in [name for name, view in self._views.items() if view.until <= now]:
                self._forget(past)
            view = self._views.get(station)
            if view is not None and view.command == command:
                view.until = until
                return
            if view is None and len(self._views) >= MAX_VIEWS:
                raise TooManyViews
            self._views[station] = _View(command, until)
            self._source.subscribe(station)

    def forget(self, station: str) -> None:
        """Stop watching a station, and drop its frame."""
        with self._lock:
            self._forget(station)

    def _forget(self, station: str) -> None:
        if self._views.pop(station, None) is not None:
            self._source.unsubscribe(station)

    def latest(self, station: str, command: bytes) -> Shot | None:
        """Return the last whole frame of a command's live view, or None."""
        with self._lock:
            view = self._views.get(station)
            return view.shot if view is not None and view.command == command else None

    def heard(self, topic: str, payload: bytes) -> None:
        """Handle a message from the broker. It is ignored if it is no frame of a watched view."""
        try:
            place = topics.parse(topic)
            frame = decode_frame(payload)
        except Refused as refused:
            _log.info("a frame is refused: %s", refused)
            return
        if place.leaf != "frame" or place.station != frame.station:
            _log.warning("%s: a frame that names another station", place.station, extra={"station": place.station})
            return
        with self._lock:
            view = self._views.get(frame.station)
            if view is not None and view.command == frame.command:
                self._add_part(view, frame)

    def _add_part(self, view: _View, frame: Frame) -> None:
        if frame.offset == 0:
            view.number, view.parts = frame.number, bytearray()
        # A part was lost (QoS 0): the rest of this frame is of no use, so wait for the start of the next one.
        if (frame.number, frame.offset) != (view.number, len(view.parts)):
            view.number = 0
            return
        view.parts += frame.data
        if len(view.parts) == frame.size:
            jpeg, view.parts, view.number = bytes(view.parts), bytearray(), 0
            if is_jpeg(jpeg):
                view.shot = Shot(frame.number, jpeg)
            else:
                _log.info("%s: a frame is no picture", frame.station, extra={"station": frame.station})
