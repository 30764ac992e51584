"""Who may fetch what.

A public bundle, its items and an index go to whoever knows their hash. What is about people (``station``) goes to a
station that signs its request with its record key (`protocol.fetch`), is not revoked, uses the request's nonce for the
first time, and has the bundle on its index. Every other request is refused with one and the same answer, so that
nobody learns which of these was wrong.
"""

import functools
import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from protocol.china_time import milliseconds
from protocol.fetch import VALID_MS, FetchRequest, read_fetch, verify_fetch
from protocol.refusal import Refused
from protocol.signing import seal
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.framed_file import Frame, FramedFile, Readable
from server_broker.bundles.models import Bundle, BundleItem, BundleQuerySet, FetchNonce, StationIndex
from server_broker.bundles.rate import Rate
from server_broker.fleet.asked_too_much import AskedTooMuch
from server_broker.fleet.models import Station
from server_broker.platform.home import CountyHome
from server_broker.trust.keys import county_keys

_log = logging.getLogger(__name__)

MAX_FRAMES = 2_000
"""Most signatures that are kept, each of about 100 bytes."""
ADMITTED_INDEXES = 2
"""A station may fetch what its newest index names, and the one before, because it may be in the middle of that."""


@dataclass(frozen=True, slots=True)
class Found:
    """Content that may be sent: its length, and what opens it."""

    size: int
    open: Callable[[], Readable]
    station: str = ""
    """The station that proved by its signature that it may have it. Empty: anybody may."""


class ShelfKeys:
    """Judges requests. Safe to use from several threads; each call closes the thread's database connection."""

    def __init__(
        self,
        *,
        folder: BundleFolder,
        key: Ed25519PrivateKey,
        clock: Callable[[], datetime],
        rate: Rate | None = None,
        beyond: Callable[[str], None] = lambda station: None,
    ) -> None:
        """Make them.

        Args:
            beyond: Called with the name of a station that is refused because it asks too often.
            key: Signs bundles and indexes as they are sent, so that a new key renames nothing.
        """
        self._beyond = beyond
        self._folder = folder
        self._key = key
        self._clock = clock
        self._frames: dict[bytes, Frame] = {}
        self._rate = rate or Rate(a_second=5, burst=300)
        """Of signed requests, for each station: each one that is admitted leaves a nonce in the database."""

    def look_up(self, kind: str, sha256: bytes, authorization: str) -> Found | HTTPStatus:
        """Return the content that ``/kind/sha256`` names, or why it is not sent."""
        try:
            return self._bundle(sha256, authorization) if kind == "bundles" else self._item(sha256, authorization)
        finally:
            if not connection.in_atomic_block:
                connection.close()

    def _bundle(self, sha256: bytes, authorization: str) -> Found | HTTPStatus:
        index = StationIndex.objects.filter(sha256=sha256).first()
        if index is not None:
            file = seal(self._key, "cunhui index 1", bytes(index.payload))
            return Found(len(file), lambda: io.BytesIO(file))
        rows = Bundle.objects.filter(sha256=sha256).lasting(self._clock())
        station = self._admitted(rows, f"/bundles/{sha256.hex()}", authorization)
        if isinstance(station, HTTPStatus):
            return station
        path = self._folder.path(sha256)
        try:
            frame = self._frame(sha256, path)
        except FileNotFoundError:
            return HTTPStatus.NOT_FOUND
        return Found(frame.size, lambda: FramedFile(frame, path), station)

    def _frame(self, sha256: bytes, path: Path) -> Frame:
        """Return what stands before and after a bundle's bytes. It is kept: a bundle is fetched by many stations."""
        kept = self._frames.get(sha256)
        if kept is None:
            payload = path.read_bytes()
            file = seal(self._key, "cunhui bundle 1", payload)
            begin = file.index(payload)
            kept = Frame(file[:begin], len(payload), file[begin + len(payload) :])
            if len(self._frames) >= MAX_FRAMES:
                self._frames.clear()
            self._frames[sha256] = kept
        return kept

    def _item(self, sha256: bytes, authorization: str) -> Found | HTTPStatus:
        items = BundleItem.objects.filter(sha256=sha256)
        rows = Bundle.objects.filter(pk__in=items.values("bundle")).lasting(self._clock())
        station = self._admitted(rows, f"/items/{sha256.hex()}", authorization)
        if isinstance(station, HTTPStatus):
            return station
        path = self._folder.path(sha256)
        try:
            return Found(path.stat().st_size, lambda: path.open("rb"), station)
        except FileNotFoundError:
            return HTTPStatus.NOT_FOUND

    def _admitted(self, rows: BundleQuerySet, path: str, authorization: str) -> str | HTTPStatus:
        """Return the station to which the bundles ``rows``, which have this content, open it, or why they do not.

        An empty name: they open it to anybody.
        """
        access = set(rows.values_list("access", flat=True))
        if not access:
            return HTTPStatus.NOT_FOUND
        if "public" in access:
            return ""
        if not authorization:
            return HTTPStatus.UNAUTHORIZED
        try:
            request = read_fetch(authorization)
            return self._refusal_of_station(rows, request, path) or request.station
        except Refused:
            return HTTPStatus.UNAUTHORIZED

    def _refusal_of_station(self, rows: BundleQuerySet, request: FetchRequest, path: str) -> HTTPStatus | None:
        """Judge a signed request.

        Raises:
            Refused: It is forged, for another path, or too old.
        """
        now = self._clock()
        station = Station.objects.filter(pk=request.station).first()
        if station is None or station.record_key is None:
            return HTTPStatus.UNAUTHORIZED
        verify_fetch(bytes(station.record_key), request, path=path, now=milliseconds(now))
        if station.enrolled_at is None or station.revoked_at is not None:
            return HTTPStatus.UNAUTHORIZED
        # Only a proven sender is counted: otherwise a stranger could use up a station's turns.
        if not self._rate.allows(station.pk):
            self._beyond(station.pk)
            return HTTPStatus.SERVICE_UNAVAILABLE
        newest = StationIndex.objects.filter(station=station).order_by("-version")[:ADMITTED_INDEXES]
        if not rows.filter(indexes__in=list(newest)).exists():
            return HTTPStatus.UNAUTHORIZED
        try:
            with transaction.atomic():
                FetchNonce.objects.create(station=station, nonce=request.nonce, used_at=now)
        except IntegrityError:
            return HTTPStatus.UNAUTHORIZED
        return None


def look_up_in(home: CountyHome, *, beyond: Callable[[str], None]) -> Callable[[str, bytes, str], Found | HTTPStatus]:
    """Return `ShelfKeys.look_up` of a county. Its signing key is read at the first request."""

    @functools.cache
    def keys() -> ShelfKeys:
        folder = BundleFolder(home.bundles)
        return ShelfKeys(folder=folder, key=county_keys(home).signing_key, clock=timezone.now, beyond=beyond)

    return lambda kind, sha256, authorization: keys().look_up(kind, sha256, authorization)


def name_whoever_goes_beyond() -> Callable[[str], None]:
    """Return what names a station that asks for more downloads than it gets."""
    counted = AskedTooMuch("要求下载太多，")

    def beyond(station: str) -> None:
        try:
            counted.refused(station, at=timezone.now())
        except DatabaseError as error:
            _log.error("%s asks for too many downloads, and no alarm could be raised: %s", station, error)
        finally:
            if not connection.in_atomic_block:
                connection.close()

    return beyond


def drop_old_nonces(now: datetime) -> int:
    """Delete the nonces of requests that would be refused for their age by now; return how many."""
    # Twice the time: a request may be ahead of the county's clock by as much as it may be behind.
    return FetchNonce.objects.filter(used_at__lt=now - timedelta(milliseconds=3 * VALID_MS)).delete()[0]
