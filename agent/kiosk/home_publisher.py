"""Keep every kiosk's home screen up to date: send it after each change, and many quick changes as one."""

from collections.abc import Callable, Sequence

import msgspec

from agent.clocking.board import shown_to_all
from agent.clocking.desk import KioskScreens
from agent.clocking.duty import local_day
from agent.clocking.duty_dates import DutyDates
from agent.clocking.lifecycle import Lifecycle
from agent.clocking.touch_history import TouchHistory
from agent.kiosk.help_calls import HelpCalls
from agent.kiosk.learning import Learning
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol.kiosk import MAX_LINE_BYTES, Home, encode_line
from protocol.kiosk_duty import DutyToday, StoppedWindow
from protocol.kiosk_meetings import MeetingLine
from protocol.kiosk_status import LinkState
from protocol.units import Moment

AT_MOST_EVERY_MS = 200
MOST_STOPPED = 8
AT_LEAST_EVERY_MS = 5_000
"""A kiosk that hears nothing for three times as long says that the agent is away (`docs/protocol.md`, section 12)."""


class HomePublisher:
    """Makes the home screen and sends it when it is due."""

    def __init__(
        self,
        *,
        station: str,
        clock: StationClock,
        twin: Twin,
        history: TouchHistory,
        learning: Learning,
        lifecycle: Lifecycle,
        screens: KioskScreens,
        waiting: Callable[[], int],
        simulated: Sequence[str],
        camera_trouble: Callable[[], str],
        notice: Callable[[], str],
        help_calls: HelpCalls,
        meetings: Callable[[], list[MeetingLine]],
        duty_dates: DutyDates,
    ) -> None:
        self._station = station
        self._clock = clock
        self._twin = twin
        self._history = history
        self._learning = learning
        self._lifecycle = lifecycle
        self._screens = screens
        self._waiting = waiting
        self._simulated = list(simulated)
        self._camera_trouble = camera_trouble
        self._notice = notice
        self._help_calls = help_calls
        self._meetings = meetings
        self._duty_dates = duty_dates
        self._link: LinkState = "connecting"
        self._refused = False
        self._identity_shared = False
        self._strange_keyboard = False
        self._changed = True
        self._sent_ms: int | None = None

    @property
    def any_simulated(self) -> bool:
        """Whether any of the station's hardware is simulated."""
        return bool(self._simulated)

    @property
    def link(self) -> LinkState:
        """The link's state, as it is shown."""
        return self._link

    @property
    def refused(self) -> bool:
        """Whether the county lets this machine in no more, as it is shown."""
        return self._refused

    @property
    def identity_shared(self) -> bool:
        """Whether another machine connects by this station's identity, as it is shown."""
        return self._identity_shared

    def changed(self) -> None:
        """Note that something on the home screen has changed."""
        self._changed = True

    def link_changed(self, state: LinkState, *, refused: bool = False, identity_shared: bool = False) -> None:
        """Show a new state of the link.

        Args:
            refused: The county lets this machine in no more.
            identity_shared: Another machine connects by this station's identity.
        """
        self._link, self._refused, self._identity_shared = state, refused, identity_shared
        self._changed = True

    def keyboard_seen(self, *, strange: bool) -> None:
        """Show whether a keyboard is there that nobody allowed, so that somebody at the station can pull it out."""
        self._strange_keyboard = strange
        self._changed = True

    def joined(self, kiosk: int) -> None:
        """Send the whole screen to a new kiosk at once."""
        self._screens.answer(kiosk, self.current())

    def tick(self) -> int:
        """Send the screen if it is due. Return the milliseconds until it is due next."""
        now = self._clock.mono_ms()
        since = AT_LEAST_EVERY_MS if self._sent_ms is None else now - self._sent_ms
        due_after = AT_MOST_EVERY_MS if self._changed else AT_LEAST_EVERY_MS
        if since < due_after:
            return due_after - since
        self._screens.show(self.current())
        self._changed, self._sent_ms = False, now
        return AT_LEAST_EVERY_MS

    def current(self) -> Home:
        """Return the home screen as it is now, cut until it fits one line of the protocol."""
        now = self._clock.now()
        desired = self._twin.desired
        home = Home(
            station=self._station,
            station_name=desired.station_name,
            village=desired.village,
            wall=now.wall,
            quality=now.quality,
            link=self._link,
            waiting=self._waiting(),
            reader_ready=self._lifecycle.reader_ready,
            simulated=self._simulated,
            duty=shown_to_all(self._history.board(now), desired.duty_board),
            learning=bool(self._learning.packs(None)),
            notice=self._notice(),
            trouble=self._trouble(),
            number_sign_in=desired.settings.number_sign_in,
            text_size=desired.settings.text_size,
            help=self._help_calls.state(),
            contact=self._help_calls.contact(),
            theme=desired.settings.theme,
            rest_min=desired.settings.rest_min,
            meetings=self._meetings(),
            today=self._today(now),
            board=desired.duty_board,
            county_refuses=self._refused,
            identity_shared=self._identity_shared,
        )
        # Half a list is better than a line that the kiosk refuses, if the screen says that it is half.
        while len(encode_line(home)) > MAX_LINE_BYTES:
            duty = len(home.duty) // 2
            home = msgspec.structs.replace(
                home,
                duty=home.duty[:duty],
                duty_left_out=home.duty_left_out + len(home.duty) - duty,
            )
        return home

    def _today(self, now: Moment) -> DutyToday | None:
        if not self._clock.dated:
            return None
        today = self._duty_dates.on(local_day(self._clock.wall_of(now)))
        if not today.ever_manned:
            return None
        stopped = [StoppedWindow(window=one.window, why=one.why) for one in today.stopped[:MOST_STOPPED]]
        return DutyToday(by=today.by, calendar=today.calendar, name=today.name, stopped=stopped)

    def _trouble(self) -> str:
        """Return a code for what somebody at the station can put right, or an empty string."""
        if self._strange_keyboard:
            return "strange_keyboard"
        if self._lifecycle.reader_ready and not all(self._lifecycle.readers.values()):
            return "one_reader_gone"
        return self._camera_trouble()
