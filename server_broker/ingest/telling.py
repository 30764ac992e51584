"""Tell stations the time, or not; and act when the county's own clock turns out to have been wrong.

Only the worker's thread uses this. A welcome tells the time. If the county's clock is not good enough, the welcome says
that it tells none (`NOT_TOLD`). Old stations do not understand that. To them the welcome is sent so late that they take
no time from it.
"""

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from protocol.birth import Welcome
from server_broker.fleet.alarm_codes import COUNTY_CLOCK, COUNTY_CLOCK_STEPPED, COUNTY_CLOCK_UNCONFIRMED
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.fleet.clock_runs import doubt_earlier, is_noted, note_run
from server_broker.ingest.clock_corrections import correct_runs
from server_broker.ingest.messages import Outgoing, seal_outgoing
from server_broker.platform.county_clock import UNVOUCHED, ClockStatus, CountyClock
from server_broker.trust.record_key import RecordStopped

_log = logging.getLogger(__name__)

TOO_LATE_MS = 3_000
"""A station believes an answer only within 2 s of its question, and it asked before the question came here."""
MAX_LATE = 20_000
"""If there are more, the oldest are dropped. Their stations say their births again."""


class TimeTelling:
    """One object lives as long as the worker. Without a `CountyClock` to judge, stations are always told the time."""

    def __init__(self, clock: CountyClock | None, *, key: Ed25519PrivateKey, wall: Callable[[], datetime]) -> None:
        self._clock = clock
        self._key = key
        self._wall = wall
        self._late: deque[tuple[int, Outgoing]] = deque(maxlen=MAX_LATE)
        self._noted: tuple[bytes, int] | None = None
        self._told_problem: str | None = None
        self._judged_age: bool | None = None
        self._told_stopped = False

    @property
    def run(self) -> bytes | None:
        """The run of the county's clock that went on when `follow_clock` was last called."""
        return None if self._noted is None else self._noted[0]

    def seal(self, outgoing: Outgoing, *, mono_ms: int) -> bytes | None:
        """Sign a message; a welcome tells the time if the clock is good enough now. None: `due` returns it later."""
        wall_ms = round(self._wall().timestamp() * 1000)
        if self._clock is None or not isinstance(outgoing.message, Welcome):
            return seal_outgoing(outgoing, self._key, wall_ms=wall_ms)
        status = self._clock.look()
        if not status.tells and not outgoing.may_be_untold:
            self._late.append((mono_ms + TOO_LATE_MS, outgoing))
            return None
        return seal_outgoing(outgoing, self._key, wall_ms=wall_ms, tells=status.tells, clock_run=status.run.id)

    def due(self, *, mono_ms: int) -> list[tuple[str, bytes]]:
        """Return topic and payload of the welcomes that are late enough now. They tell no time."""
        sealed = []
        while self._late and self._late[0][0] <= mono_ms:
            _, outgoing = self._late.popleft()
            sealed.append((outgoing.topic, seal_outgoing(outgoing, self._key, wall_ms=0, tells=False)))
        return sealed

    def follow_clock(self) -> None:
        """Note a new run of the clock, correct what earlier runs told, and tell people if the clock is in doubt.

        Raises:
            django.db.Error: Nothing was noted. The next call notes it.
        """
        if self._clock is None:
            return
        status = self._clock.look()
        seen = (status.run.id, status.run.vouched)
        if seen != self._noted and self._note(status, self._clock):
            # After the COMMIT, so that a run whose transaction failed is noted by the next call.
            self._noted = seen
            self._clock.keep(now=True)
        self._clock.keep()
        self._tell_of_problem(status)
        self._tell_unconfirmed(status)

    def _note(self, status: ClockStatus, clock: CountyClock) -> bool:
        """Store a run of the clock, and correct what earlier runs told. False: the county can't record it now."""
        now, run, ended = self._wall(), status.run, status.ended
        try:
            with transaction.atomic():
                new = [] if is_noted(run) else [run.id]
                corrected = note_run(run, ended=ended, earlier=status.earlier, at=now)
                doubted = doubt_earlier(run)
                # A step is news only if stations may have the old time, and if somebody vouches for the new one.
                if ended is not None and run.vouched > UNVOUCHED and clock.may_have_told(ended):
                    said = _stepped((run.offset - ended.offset) / 1000, corrected=bool(corrected))
                    raise_alarm(station=None, code=COUNTY_CLOCK_STEPPED, severity="major", detail=said, at=now)
                # Last, because the decision in it keeps all others waiting until the COMMIT.
                correct_runs([*corrected, *doubted], new=new, at=now)
        except RecordStopped:
            # Facts are taken in all the same. Times wait, because a run on no record would look forged.
            if not self._told_stopped:
                _log.error("runs of the county's clock wait, because the record key can't be used: see the doctor")
            self._told_stopped = True
            return False
        self._told_stopped = False
        return True

    def _tell_of_problem(self, status: ClockStatus) -> None:
        """Open the alarm about the county's clock when a problem begins, and close it when the problem is over."""
        problem = status.problem
        if status.is_settling or problem == self._told_problem:
            return
        if problem:
            raise_alarm(station=None, code=COUNTY_CLOCK, severity="critical", detail=status.sentence(), at=self._wall())
        else:
            resolve(station=None, code=COUNTY_CLOCK, at=self._wall())
        self._told_problem = problem

    def _tell_unconfirmed(self, status: ClockStatus) -> None:
        """Open or close the alarm that the clock is good enough to be told, but not to delete anything by its time.

        A clock that is not even good enough to be told has an alarm of its own.
        """
        judges = status.judges_age or not status.tells
        if judges == self._judged_age:
            return
        if judges:
            resolve(station=None, code=COUNTY_CLOCK_UNCONFIRMED, at=self._wall())
        else:
            raise_alarm(
                station=None, code=COUNTY_CLOCK_UNCONFIRMED, severity="major", detail=status.sentence(), at=self._wall()
            )
        self._judged_age = judges


def _stepped(seconds: float, *, corrected: bool) -> str:
    said = f"县里服务器的时钟一次变动了 {seconds:+.0f} 秒。"
    if corrected:
        return said + "此前按它授时的记录已按变动后的时间更正；若改错了，改正时钟即可再次更正"
    if seconds > 0:
        return said + "若服务器曾被暂停或休眠，属正常；否则请核对现在的时间和时间服务器"
    return said + "请核对现在的时间，无误后运行 cunhui-server clock --confirm，此前偏快的记录随之更正"
