"""What stations are told of the time, and what follows when the county's own clock turns out to have been wrong.

Used on the worker's thread. A welcome that must not tell the time says so; to a station that does not know how to read
that, it goes so late that the station takes no time from it.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from protocol.birth import Welcome
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.fleet.clock_runs import note_run
from server_broker.ingest.dating import date_again
from server_broker.ingest.messages import Outgoing, seal_outgoing
from server_broker.platform.county_clock import UNVOUCHED, CountyClock, Standing

TOO_LATE_MS = 3_000
"""A station believes an answer of 2 s at most, counted from before its question came here."""
MAX_LATE = 20_000
"""Beyond that the oldest go unanswered: their stations say their births again."""
UNSYNCHRONISED_FOR_MS = 600_000
"""So long a machine that has just started may look for its time service before anybody is told."""

CLOCK = "county_clock"
STEPPED = "county_clock_stepped"
UNCONFIRMED = "county_clock_unconfirmed"


class TimeTelling:
    """One for the worker's life. Without a clock to judge, time is told as it stands."""

    def __init__(self, clock: CountyClock | None, *, key: Ed25519PrivateKey, wall: Callable[[], datetime]) -> None:
        self._clock = clock
        self._key = key
        self._wall = wall
        self._late: deque[tuple[int, Outgoing]] = deque(maxlen=MAX_LATE)
        self._noted: tuple[bytes, int] | None = None
        self._said: str | None = None
        self._judged_age: bool | None = None
        self._unsynchronised_since: int | None = None

    @property
    def run(self) -> bytes | None:
        """Which stretch of the county's clock went on when it was last attended to."""
        return None if self._noted is None else self._noted[0]

    def seal(self, answer: Outgoing, *, mono_ms: int) -> bytes | None:
        """Sign an answer as the clock is worth now; None where it is to go by `due` later."""
        wall_ms = round(self._wall().timestamp() * 1000)
        if self._clock is None or not isinstance(answer.message, Welcome):
            return seal_outgoing(answer, self._key, wall_ms=wall_ms)
        standing = self._clock.look()
        if not standing.tells and not answer.may_be_untold:
            self._late.append((mono_ms + TOO_LATE_MS, answer))
            return None
        return seal_outgoing(answer, self._key, wall_ms=wall_ms, tells=standing.tells, clock_run=standing.run.id)

    def due(self, *, mono_ms: int) -> list[tuple[str, bytes]]:
        """Return topic and payload of the answers that are late enough now; they tell no time."""
        said = []
        while self._late and self._late[0][0] <= mono_ms:
            _, answer = self._late.popleft()
            said.append((answer.topic, seal_outgoing(answer, self._key, wall_ms=0, tells=False)))
        return said

    def attend(self, *, mono_ms: int) -> None:
        """Note a new run of the clock and what it says of those before, and tell people of a clock in doubt.

        Raises:
            django.db.Error: Nothing was noted; it is noted next time.
        """
        if self._clock is None:
            return
        standing = self._clock.look()
        seen = (standing.run.id, standing.run.vouched)
        if seen != self._noted:
            self._note(self._clock, standing)
            self._noted = seen
            self._clock.keep(now=True)
        self._clock.keep()
        self._tell(standing, mono_ms)
        self._tell_unconfirmed(standing)

    def _note(self, clock: CountyClock, standing: Standing) -> None:
        now, run, ended = self._wall(), standing.run, standing.ended
        with transaction.atomic():
            changed = note_run(run, ended=ended, at=now)
            date_again(changed, at=now)
            if ended is not None and run.vouched > UNVOUCHED and clock.may_have_told(ended):
                said = _stepped((run.offset - ended.offset) / 1000, corrected=bool(changed))
                raise_alarm(station=None, code=STEPPED, severity="major", detail=said, at=now)

    def _tell(self, standing: Standing, mono_ms: int) -> None:
        problem = standing.problem
        if problem != "unsynchronised":
            self._unsynchronised_since = None
        elif self._unsynchronised_since is None:
            self._unsynchronised_since = mono_ms
        patient = problem == "unsynchronised" and mono_ms - (self._unsynchronised_since or 0) < UNSYNCHRONISED_FOR_MS
        if patient or problem == self._said:
            return
        if problem:
            raise_alarm(station=None, code=CLOCK, severity="critical", detail=standing.sentence(), at=self._wall())
        else:
            resolve(station=None, code=CLOCK, at=self._wall())
        self._said = problem

    def _tell_unconfirmed(self, standing: Standing) -> None:
        """Tell of a clock that is told and yet deletes nothing; one that is not told has an alarm of its own."""
        judges = standing.judges_age or not standing.tells
        if judges == self._judged_age:
            return
        if judges:
            resolve(station=None, code=UNCONFIRMED, at=self._wall())
        else:
            raise_alarm(station=None, code=UNCONFIRMED, severity="major", detail=standing.sentence(), at=self._wall())
        self._judged_age = judges


def _stepped(seconds: float, *, corrected: bool) -> str:
    said = f"县里服务器的时钟一次变动了 {seconds:+.0f} 秒。"
    if corrected:
        return said + "此前按它授时的记录已按变动后的时间更正；若改错了，改正时钟即可再次更正"
    if seconds > 0:
        return said + "若服务器曾被暂停或休眠，属正常；否则请核对现在的时间和时间服务器"
    return said + "请核对现在的时间，无误后运行 cunhui-server clock --confirm，此前偏快的记录随之更正"
