"""When and where to connect to the broker: one attempt at a time, with waits that grow, at ports that take turns.

`Backoff` says how long to wait after a failure, `BrokerEndpoints` which of the broker's ports to try, and
`Reconnector` keeps the state of the one connection: down, dialling or up.
"""

import logging
from collections.abc import Callable
from typing import Literal

from agent.storage.state import StateSlot, StateStore

log = logging.getLogger(__name__)

SHORTEST_WAIT_MS = 250
"""The shortest wait after a failure, so that even a draw near 0 leaves the other side some time."""
_WAIT_CAPS_MS = ((120_000, 5_000), (600_000, 30_000))
_LAST_WAIT_CAP_MS = 300_000

DUTY_KEEPALIVE_S = 60
REST_KEEPALIVE_S = 240
"""Pings cost data. Outside duty hours it matters less how soon a dead connection is noticed."""

URGENT_EVERY_MS = 5_000
"""A touch brings the next attempt, or the next question to the county, forward at most this often."""
ATTEMPT_MS = 45_000
"""An attempt of which nothing is heard for this long is given up."""
STABLE_MS = 60_000
"""A connection that lasted this long ends the series of failures. If it is lost, the waits begin short again."""
SILENCE_MS = 90_000
"""The other side may be silent for this long while something waits for its answer."""
REDIAL_SPREAD_MS = 60_000
"""All stations change their keep-alive at the same hours. They spread the new connections over this time."""

ENDPOINT_FAILURES = 2
"""After this many failed attempts in a row the next port has its turn. One failure can happen on any line."""
USUAL_AGAIN_MS = 86_400_000
"""After this long at another port, the next new connection tries the usual port once."""

_ENDPOINT_KEY = "door"
"""In the outbox's state table. Stations have it on disk, so its value must stay."""

type DialState = Literal["down", "dialling", "up"]


def wait_cap_ms(failing_for_ms: int) -> int:
    """Return the longest wait after failures for this long: 5 s for 2 minutes, 30 s up to 10 minutes, then 300 s."""
    for until_ms, cap in _WAIT_CAPS_MS:
        if failing_for_ms < until_ms:
            return cap
    return _LAST_WAIT_CAP_MS


class Backoff:
    """Waits after failures, drawn from 0 up to a cap that grows while the failures last.

    The draw ("full jitter") is there so that the stations of a county do not all come back at the same moment.
    """

    def __init__(self, jitter: Callable[[], float]) -> None:
        """Begin without a failure.

        Args:
            jitter: Returns a number in [0, 1).
        """
        self._jitter = jitter
        self._since_ms: int | None = None

    @property
    def failing(self) -> bool:
        """Whether something failed since the last `recovered`."""
        return self._since_ms is not None

    def wait_ms(self, now_ms: int) -> int:
        """Note a failure at ``now_ms`` and return how long to wait."""
        if self._since_ms is None:
            self._since_ms = now_ms
        return max(SHORTEST_WAIT_MS, int(self._jitter() * wait_cap_ms(now_ms - self._since_ms)))

    def recovered(self) -> None:
        """End the series of failures: the next one waits briefly again."""
        self._since_ms = None


class BrokerEndpoints:
    """Chooses one of the broker's ports for each attempt. 0 is the usual one.

    Mobile networks and guest networks block unusual ports; 443 is open almost everywhere. Some lines drop packets
    instead of refusing them, and then each failed attempt costs the whole `ATTEMPT_MS`. So the port that worked is
    kept on disk.
    """

    def __init__(self, *, count: int, state: StateStore | None, mono_ms: Callable[[], int]) -> None:
        """Begin with the port that worked last, or with the usual one.

        Args:
            count: How many ports there are.
            state: Where the number of the port that worked is kept. Without it, it is forgotten with this run.
        """
        self._count = count
        self._slot = StateSlot(state, _ENDPOINT_KEY, int, title="the port that works") if state is not None else None
        self._mono_ms = mono_ms
        kept = self._slot.read() if self._slot else None
        # The county may have changed how many ports there are since this was kept.
        self._working = kept if kept is not None and 0 <= kept < count else 0
        self._current = self._working
        self._since_ms = mono_ms()
        self._failures = 0

    def choose(self) -> int:
        """Return the port for the attempt that begins now."""
        at_another = self._current != 0 and self._current == self._working
        if at_another and self._mono_ms() - self._since_ms >= USUAL_AGAIN_MS:
            self._since_ms = self._mono_ms()
            self._current = 0
            # One failure at the usual port is enough to go back to the port that works.
            self._failures = ENDPOINT_FAILURES - 1
        return self._current

    def failed(self) -> None:
        """Note that the attempt did not come up."""
        self._failures += 1
        if self._count > 1 and self._failures >= ENDPOINT_FAILURES:
            self._failures = 0
            # First back to the port that worked last. If that one fails too, the ports take turns.
            if self._current != self._working:
                self._current = self._working
            else:
                self._current = (self._current + 1) % self._count

    def worked(self) -> None:
        """Note that the attempt came up, and keep its port if it is another than before."""
        self._failures = 0
        if self._current == self._working:
            return
        log.warning("the broker is reached at its port number %d from now on", self._current + 1)
        self._working, self._since_ms = self._current, self._mono_ms()
        if self._slot:
            self._slot.keep(self._working)


class Reconnector:
    """Numbers the attempts from 1 and says when the next one is due.

    It also says when a connection that is up should be replaced. A touch brings the next attempt forward, but many
    touches do not make a station hammer on a dead broker.
    """

    def __init__(self, *, mono_ms: Callable[[], int], jitter: Callable[[], float], endpoints: BrokerEndpoints) -> None:
        self._mono_ms = mono_ms
        self._jitter = jitter
        self._endpoints = endpoints
        self._backoff = Backoff(jitter)
        self.state: DialState = "down"
        self.attempt = 0
        self.endpoint = 0
        self.keepalive_s = 0
        self._began_ms: int | None = None
        self._up_ms = 0
        self._due_ms = mono_ms()
        self._redial_ms: int | None = None

    @property
    def failed_before(self) -> bool:
        """Whether attempts or connections failed since a connection was last stable."""
        return self._backoff.failing

    @property
    def due_ms(self) -> int | None:
        """When to connect or to give an attempt up. None while a connection is up and need not be replaced."""
        return self._redial_ms if self.state == "up" else self._due_ms

    @property
    def due(self) -> bool:
        """Whether that time has come."""
        return self.due_ms is not None and self._mono_ms() >= self.due_ms

    def begin(self, *, in_duty: bool) -> None:
        """Count a new attempt. Its keep-alive depends on whether a duty window is open."""
        now = self._mono_ms()
        self.attempt += 1
        self.endpoint = self._endpoints.choose()
        self.state = "dialling"
        self.keepalive_s = DUTY_KEEPALIVE_S if in_duty else REST_KEEPALIVE_S
        self._began_ms = now
        self._due_ms = now + ATTEMPT_MS

    def up(self) -> None:
        """Note that the attempt came up."""
        self._endpoints.worked()
        self.state = "up"
        self._up_ms = self._mono_ms()
        self._redial_ms = None

    def note_stable(self) -> None:
        """End the series of failures if the connection has lasted. Call it while the connection is agreed and idle."""
        if self._backoff.failing and self._stable:
            self._backoff.recovered()

    def down(self) -> None:
        """Note that the attempt failed or that the connection was lost, and wait."""
        # Nobody calls note_stable while facts wait, so a lost connection may have been stable without a note.
        if self._stable:
            self._backoff.recovered()
        if self.state == "dialling":
            self._endpoints.failed()
        now = self._mono_ms()
        self.state = "down"
        self._due_ms = now + self._backoff.wait_ms(now)

    @property
    def _stable(self) -> bool:
        return self.state == "up" and self._mono_ms() - self._up_ms >= STABLE_MS

    def connect_again(self) -> None:
        """Note that the station itself ended the connection, and connect again without a wait."""
        self.state = "down"
        self._due_ms = self._mono_ms()

    def hurry(self) -> None:
        """Try now, because something new waits to be sent. If an attempt began a moment ago, try soon."""
        if self.state != "down":
            return
        earliest = self._mono_ms() if self._began_ms is None else self._began_ms + URGENT_EVERY_MS
        self._due_ms = min(self._due_ms, max(earliest, self._mono_ms()))

    def match_keepalive(self, *, in_duty: bool) -> None:
        """Plan a new connection if the keep-alive no longer suits the hour: MQTT 5.0 fixes it at connect."""
        wanted = DUTY_KEEPALIVE_S if in_duty else REST_KEEPALIVE_S
        if self.state != "up" or wanted == self.keepalive_s:
            # The hours may have changed back before a planned connection was made.
            self._redial_ms = None
        elif self._redial_ms is None:
            self._redial_ms = self._mono_ms() + int(self._jitter() * REDIAL_SPREAD_MS)

    def postpone_redial(self) -> None:
        """Keep the connection that is up for now. `match_keepalive` plans its replacement again."""
        self._redial_ms = None
