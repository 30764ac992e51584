"""Facts of the station itself: its runs, devices, clock, commands, alarms and releases."""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.fact_base import StationFact
from protocol.units import (
    BootId,
    ClockQuality,
    ClockRun,
    CodeWord,
    DayText,
    FactRef,
    LongText,
    Moment,
    MonoMs,
    Sha256,
    ShortText,
    WallMs,
)

type ContactKind = Literal["door", "motion"]
type BootCause = Literal["power_on", "restart"]
type Severity = Literal["info", "minor", "major", "critical"]
"""提示 一般 重要 紧急."""

type LiveEnd = Literal["time", "data", "link", "camera", "kiosk", "county", "stopped"]
"""What ended a live view. time: its lease is over. data: its own data or the month's ran out. link: the line broke.
camera: no pictures came. kiosk: there is no kiosk to announce it on. county: the county ended it. stopped: the agent
itself ended."""

type UpdateStep = Literal["fetched", "verified", "installed", "started", "good", "rolled_back", "failed"]
"""How far a release has got on a station. good: the new release has proven itself. rolled_back: the one before runs
again."""


class Booted(StationFact, frozen=True, kw_only=True, tag="booted"):
    """The agent began. ``last_alive`` is the last moment at which the run before is known to have lived: at most 10
    minutes before its end."""

    cause: BootCause
    software: ShortText
    last_alive: Moment | None = None
    release: ShortText = ""
    """The installed release by its name; empty on a station that was not installed from one."""
    image: ShortText = ""
    """The image of the system."""
    slot: ShortText = ""
    """Which of the system's places runs."""


class ShutDown(StationFact, frozen=True, kw_only=True, tag="shut_down"):
    """The agent ended in good order."""


class ReaderLost(StationFact, frozen=True, kw_only=True, tag="reader_lost"):
    """From here on no card can be read by ``reader``."""

    reader: ShortText


class ReaderBack(StationFact, frozen=True, kw_only=True, tag="reader_back"):
    """From here on cards can be read by ``reader``."""

    reader: ShortText


class ContactChanged(StationFact, frozen=True, kw_only=True, tag="contact_changed"):
    """A door opened or closed, or something moved where nobody is on duty.

    ``flapping``: it changes too often. From here on no change is stated until the input has been calm.
    """

    input: ShortText
    sensor: ContactKind
    active: bool
    """The door is open, or something moves."""
    flapping: bool = False


class WindowClosed(StationFact, frozen=True, kw_only=True, tag="window_closed"):
    """No touch can count for a duty window any more. The station was up until then, so its record covers the window."""

    window: ShortText
    date: DayText
    closed: WallMs


class ClockCorrected(StationFact, frozen=True, kw_only=True, tag="clock_corrected"):
    """At ``mono`` of ``boot`` the true time was ``wall``. This dates those facts of the boot that have no better time.

    ``county`` stands over ``ntp``. ``modem`` and ``rtc`` are not signed, so they date nothing.
    """

    boot: BootId
    mono: MonoMs
    wall: WallMs
    source: Literal["county", "ntp", "modem", "rtc"]
    before: ClockQuality
    clock_run: ClockRun | None = None
    """For ``county``: which stretch of the county's clock told the time. If the county learns later that this clock was
    wrong, it dates the boot anew."""


class HelpAsked(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="help_asked"):
    """Someone called the township for help. Until 1.1 each press of 9 was such a call."""

    screen: ShortText
    by: FactRef | None = None


class CommandResult(StationFact, frozen=True, kw_only=True, tag="command_result"):
    """What became of a command."""

    command: Annotated[bytes, Meta(min_length=16, max_length=16)]
    outcome: Literal["done", "failed", "refused"]
    detail: LongText = ""
    """Why it failed or was refused: a code and, if there is more to say, a colon and English."""
    figures: Annotated[dict[ShortText, int], Meta(max_length=16)] = {}
    """Numbers about what was done, by name: bytes, frames, milliseconds."""


class LiveViewBegan(StationFact, frozen=True, kw_only=True, tag="live_view_began"):
    """From here on the county looks into the room, and the kiosk says so."""

    command: Annotated[bytes, Meta(min_length=16, max_length=16)]
    issuer: ShortText
    """Name of the account that asked for it."""
    viewer: ShortText
    """Who looks, in the kiosk's words."""
    reason: LongText
    seconds: Annotated[int, Meta(ge=1, le=600)]


class LiveViewEnded(StationFact, frozen=True, kw_only=True, tag="live_view_ended"):
    """Nobody looks any more. ``sent_bytes`` are those of the pictures."""

    command: Annotated[bytes, Meta(min_length=16, max_length=16)]
    why: LiveEnd
    frames: Annotated[int, Meta(ge=0)]
    sent_bytes: Annotated[int, Meta(ge=0)]
    seconds: Annotated[int, Meta(ge=0)]


class AlarmRaised(StationFact, frozen=True, kw_only=True, tag="alarm_raised"):
    """Something happened, or is the case, that a person in the county must see."""

    code: ShortText
    severity: Severity
    detail: LongText = ""


class AlarmCleared(StationFact, frozen=True, kw_only=True, tag="alarm_cleared"):
    """The alarm with this code is over: the station has seen that it is well again."""

    code: ShortText


class HintAnswered(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="hint_answered"):
    """Somebody at the kiosk answered a hint of the county."""

    hint: Annotated[bytes, Meta(min_length=16, max_length=16)]
    """The ``hint`` command."""
    answer: CodeWord
    by: FactRef | None = None


class BundleTaken(StationFact, frozen=True, kw_only=True, tag="bundle_taken"):
    """A version of a bundle came into force here: it is whole and verified, and in the place of the one before."""

    bundle: ShortText
    version: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    sha256: Sha256
    via: Literal["line", "stick"]


class UpdateStepped(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="update_step"):
    """A release has got one step further on this station, or failed to."""

    release: ShortText
    step: UpdateStep
    slot: ShortText = ""
    detail: LongText = ""


class Retired(StationFact, frozen=True, kw_only=True, tag="retired"):
    """The last fact of a station that the county has ordered to retire."""

    command: Annotated[bytes, Meta(min_length=16, max_length=16)]
    reason: LongText
