"""Renew the station's certificate at half life, on a thread of its own.

The certificate is read once in a run; from then on the day of its renewal is known. A station that had no power until
its certificate expired does not know the time. The broker could tell it the time, but lets nobody in with an expired
certificate. So a station that knows no time and reaches no county for a while renews its certificate on suspicion. The
county can accept that, because it goes by the record key, not by the old certificate.

The county's response also says which keys sign for the county. If a message came that is signed by another key, the
county may have a new one. Then the station renews in order to learn the keys from whoever proves to be the county.
"""

import logging
import threading
from collections.abc import Callable

from agent.events import RenewalEnded
from agent.identity.county_keys import CountyKeys
from agent.inbox import Inbox
from agent.timekeeping.clock import StationClock

log = logging.getLogger(__name__)

RETRY_MS = 3_600_000
ASK_FOR_KEYS_MS = 600_000
"""The least time between two renewals for the county's keys, if the first one succeeded."""
ASK_AGAIN_MS = 30_000
"""The pause after a renewal for the keys that failed. Each further failure doubles it, up to the limit above.

It begins short, because a county that takes a new key restarts its web service then, and the first call may find
nobody.
"""
SUSPICION_MS = 900_000
"""After so long without the time and without the county, the certificate is suspected to have expired."""
_WHENEVER_DUE = 2**53
"""A wall time at which every certificate is due. It lies after the last date of the calendar."""


class Renewal:
    """Decides when to renew. A renewal that fails leaves the old certificate in place and is tried again once an
    hour."""

    def __init__(
        self,
        *,
        clock: StationClock,
        inbox: Inbox,
        county_keys: CountyKeys,
        renew: Callable[[int, bool], RenewalEnded],
    ) -> None:
        """Begin with nothing known of the certificate.

        Args:
            county_keys: Replaced by those that come with a renewal.
            renew: ``(wall_ms, anyway)``: reads the certificate and renews it if it is due at that trusted wall time, or
                anyway. It blocks.
        """
        self._clock = clock
        self._inbox = inbox
        self._county_keys = county_keys
        self._renew = renew
        self._running = False
        self._next_ms = 0
        self._due_ms = 0
        self._renewed = False
        self._reached_ms = clock.mono_ms()
        self._key_unknown = False
        self._asking_for_keys = False
        self._ask_for_keys_from_ms = 0
        self._failed_asks = 0

    @property
    def running(self) -> bool:
        """Whether a renewal is under way: `RenewalEnded` follows."""
        return self._running

    def tick(self, *, connected: bool) -> None:
        """Begin to read or renew the certificate if it is time. ``connected`` says whether the county answers now."""
        now = self._clock.now()
        if connected:
            self._reached_ms = now.mono
        if self._running:
            return
        if self._key_unknown and now.mono >= self._ask_for_keys_from_ms:
            # Renewing is the way to learn the county's keys, whether the certificate is due or not.
            self._key_unknown, self._asking_for_keys = False, True
            self._ask_for_keys_from_ms = now.mono + ASK_FOR_KEYS_MS
            self._begin(now.wall if self._clock.dated else _WHENEVER_DUE, anyway=True)
        elif now.mono < self._next_ms:
            return
        elif self._clock.dated:
            # At first `_due_ms` is 0, so that the first call reads the certificate and learns when it is due.
            if now.wall >= self._due_ms:
                self._begin(now.wall)
        elif now.mono - self._reached_ms >= SUSPICION_MS and not self._renewed:
            # Once in a run: a certificate that was renewed in it can't be why the county stays away.
            self._begin(_WHENEVER_DUE)

    def key_unknown(self) -> None:
        """Note that a message came which is signed by a key that this station does not know."""
        self._key_unknown = True

    def _begin(self, wall_ms: int, *, anyway: bool = False) -> None:
        self._next_ms = self._clock.mono_ms() + RETRY_MS
        self._running = True
        threading.Thread(target=self._run, args=(wall_ms, anyway), name="renewal", daemon=True).start()

    def _run(self, wall_ms: int, anyway: bool) -> None:
        try:
            self._inbox.put(self._renew(wall_ms, anyway))
        except Exception as error:  # noqa: BLE001 -- top of a thread: the core decides what becomes of it
            self._inbox.put(RenewalEnded(problem=f"{type(error).__name__}: {error}"))

    def ended(self, event: RenewalEnded) -> None:
        """Note the outcome; the next connection uses the new certificate."""
        self._running = False
        if self._asking_for_keys:
            self._asking_for_keys = False
            if event.problem:
                self._key_unknown = True
                wait_ms = min(ASK_AGAIN_MS << self._failed_asks, ASK_FOR_KEYS_MS)
                self._ask_for_keys_from_ms = self._clock.mono_ms() + wait_ms
                self._failed_asks = min(self._failed_asks + 1, 8)  # the pause has reached its limit by then
            else:
                self._failed_asks = 0
        if event.problem:
            log.warning("the certificate was not renewed: %s", event.problem)
            return
        self._due_ms = event.due_ms
        if event.renewed:
            self._renewed = True
            log.info("the certificate is renewed")
            if self._county_keys.replace(event.county_keys):
                log.warning("the county signs with another key from now on")
