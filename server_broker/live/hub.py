"""The last frame of each live view that somebody looks at.

Frames do not pass through the ingest worker: whoever shows them hears them from the broker. A frame counts only under
the topic of its station and the order that leased it, and only when it is a whole picture.
"""

import io
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from protocol import topics
from protocol.frames import Frame, decode_frame
from protocol.refusal import Refused
from server_broker.media.pictures import is_picture

_log = logging.getLogger(__name__)

MAX_VIEWS = 32


class TooManyViews(Exception):
    """No more stations can be looked at now."""


class FrameSource(Protocol):
    """The broker, for frames."""

    def subscribe(self, station: str) -> None:
        """Hear a station's frames from now on, also after the connection was lost."""

    def unsubscribe(self, station: str) -> None:
        """Hear them no longer."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A whole frame. ``number`` counts those of its lease."""

    number: int
    jpeg: bytes


@dataclass(slots=True)
class _View:
    order: bytes
    until: datetime
    number: int = 0
    parts: bytearray = field(default_factory=bytearray)
    shot: Shot | None = None


class LiveHub:
    """What is looked at now. Any thread may call."""

    def __init__(self, source: Callable[[Callable[[str, bytes], None]], FrameSource]) -> None:
        """``source`` is made with what takes ``(topic, payload)`` of each message that comes."""
        self._lock = threading.Lock()
        self._views: dict[str, _View] = {}
        self._source = source(self.heard)

    def watch(self, station: str, order: bytes, *, until: datetime, now: datetime) -> None:
        """Hear a station's frames for an order until it is over. Saying it again changes nothing.

        Raises:
            TooManyViews: It is not heard.
        """
        with self._lock:
            for past in [name for name, view in self._views.items() if view.until <= now]:
                self._forget(past)
            view = self._views.get(station)
            if view is not None and view.order == order:
                view.until = until
                return
            if view is None and len(self._views) >= MAX_VIEWS:
                raise TooManyViews
            self._views[station] = _View(order, until)
            self._source.subscribe(station)

    def forget(self, station: str) -> None:
        """Hear a station no longer, and keep nothing of it."""
        with self._lock:
            self._forget(station)

    def _forget(self, station: str) -> None:
        if self._views.pop(station, None) is not None:
            self._source.unsubscribe(station)

    def latest(self, station: str, order: bytes) -> Shot | None:
        """Return the last whole frame of an order, or None."""
        with self._lock:
            view = self._views.get(station)
            return view.shot if view is not None and view.order == order else None

    def heard(self, topic: str, payload: bytes) -> None:
        """Take a message from the broker; one that is no frame of a view is passed over."""
        try:
            place = topics.parse(topic)
            frame = decode_frame(payload)
        except Refused as refused:
            _log.info("a frame is refused: %s", refused)
            return
        if place.leaf != "frame" or place.station != frame.station:
            _log.warning("%s: a frame that names another station", place.station)
            return
        with self._lock:
            view = self._views.get(frame.station)
            if view is not None and view.order == frame.command:
                self._add(view, frame)

    def _add(self, view: _View, frame: Frame) -> None:
        if frame.offset == 0:
            view.number, view.parts = frame.number, bytearray()
        if (frame.number, frame.offset) != (view.number, len(view.parts)):
            view.number = 0
            return
        view.parts += frame.data
        if len(view.parts) == frame.size:
            jpeg, view.parts, view.number = bytes(view.parts), bytearray(), 0
            if is_picture(io.BytesIO(jpeg)):
                view.shot = Shot(frame.number, jpeg)
            else:
                _log.info("%s: a frame is no picture", frame.station)
