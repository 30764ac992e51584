"""The conversation between the agent and the kiosk on the station's unix socket.

One message a line, JSON (RFC 8259) with a ``type``, UTF-8. The agent sends what to show, the kiosk what people ask for.
The agent owns every fact and every decision. A kiosk that connects gets the whole `Home` at once, and again at each
change, so that either side can restart at any moment.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.kiosk_documents import (
    AskPicture,
    CloseDocument,
    DocumentGone,
    DocumentShown,
    OpenDocument,
    OpenShelf,
    PictureShown,
    ShelfShown,
)
from protocol.kiosk_duty import DutyRow, DutyToday
from protocol.kiosk_feedback import (
    FeedbackTaken,
    FollowedUp,
    FollowUp,
    GiveFeedback,
    HelpContact,
    HelpState,
    RateAnswer,
)
from protocol.kiosk_find import Found, Search
from protocol.kiosk_keeping import Hello, Keep, Kept
from protocol.kiosk_learning import (
    AnswerQuestion,
    ChoosePack,
    LevelOver,
    MapShown,
    Marked,
    NextQuestion,
    OpenLevel,
    OpenMap,
    OpenPack,
    OpenReview,
    PackShown,
    QuestionShown,
)
from protocol.kiosk_line import Line, type_of
from protocol.kiosk_meetings import (
    HOME_MEETINGS,
    EnterPerson,
    EnterVotes,
    MeetingLine,
    MeetingShown,
    MeetingSignedIn,
    OpenMeeting,
    StepMeeting,
    TakeBackPerson,
    Vouch,
    VouchAsked,
    Vouched,
)
from protocol.kiosk_months import (
    MakeRequest,
    MonthShown,
    OpenMonth,
    OpenRequests,
    OpenResults,
    RequestsShown,
    RequestTaken,
    ResultsShown,
    Withdraw,
)
from protocol.kiosk_notices import AskNotices, NoticeShown, NoticesShown, OpenNotice
from protocol.kiosk_requests import Agree, AskFor, AskingShown, OpenAsking
from protocol.kiosk_sound import AskSound, Play, SoundShown, StopSound
from protocol.kiosk_status import AskStatus, LinkState, Status
from protocol.kiosk_visits import (
    ClockByNumber,
    EndVisit,
    EnterNumber,
    OpenVisit,
    PhoneCode,
    PinAsked,
    SetPin,
    ShowPhoneCode,
    VisitShown,
)
from protocol.refusal import Refused
from protocol.units import (
    ClockQuality,
    CodeWord,
    CodeWordOrNone,
    Direction,
    DurationMs,
    FactRef,
    LongText,
    ShortText,
    TextSizeName,
    WallMs,
)

MAX_LINE_BYTES = 65_536

type Colour = Literal["green", "amber", "red"]
type Missing = Literal["arrival", "departure"]
"""What the person still lacks today: 上班卡 or 下班卡."""
type LackingWhen = Literal["past", "now", "later"]
"""past: no touch can become this mark any more. now: its window is open. later: its window has not opened yet."""


class Lacking(msgspec.Struct, frozen=True, kw_only=True):
    """An arrival or departure that a person lacks in one of today's windows, as the station sees it. The county
    decides."""

    window: ShortText
    start: int
    """Minutes after midnight of the window's date."""
    mark: Missing
    when: LackingWhen
    correctable: bool = False
    """The mark is past, but the touch on the screen would become it if its direction were corrected."""


# Agent to kiosk.


class Home(Line, frozen=True, kw_only=True, tag="home"):
    """Everything that the home screen shows. Between two of these the kiosk counts on from ``wall`` by its monotonic
    clock."""

    station: ShortText
    station_name: ShortText
    village: ShortText
    wall: WallMs
    quality: ClockQuality
    link: LinkState
    waiting: Annotated[int, Meta(ge=0)]
    """How many things that people did here (touches, corrections, answers, calls for help) have no receipt yet."""
    reader_ready: bool
    simulated: list[ShortText]
    """Which devices are simulated; the screen says so."""
    duty: list[DutyRow]
    learning: bool = False
    """Something can be played here."""
    notice: LongText = ""
    """What the county has to say to whoever stands here."""
    trouble: ShortText = ""
    """A code for what somebody at the station can put right; it goes before the notice."""
    duty_left_out: Annotated[int, Meta(ge=0)] = 0
    """How many rows of the duty board did not fit."""
    number_sign_in: bool = False
    """People may enter their number and PIN here."""
    text_size: TextSizeName = "normal"
    """What the village has chosen; a kiosk whose terminal has one size only passes over it."""
    help: HelpState | None = None
    """Somebody called for help here a while ago."""
    contact: HelpContact | None = None
    """Whom people here may telephone."""
    theme: CodeWord = "day"
    """``day`` or ``dark``; one that a kiosk does not know is ``day``."""
    rest_min: Annotated[int, Meta(ge=0)] = 0
    """After so many minutes without a key or a touch home shows the notices; 0: never."""
    meetings: Annotated[list[MeetingLine], Meta(max_length=HOME_MEETINGS)] = []
    """The next meetings, by begin."""
    today: DutyToday | None = None
    """None: today is not known, or nobody has duty here."""
    board: CodeWordOrNone = ""
    """What the county lets ``duty`` show to everybody (`protocol.twin.BOARD_SHOWS`): no rows (``nothing``), or rows
    without touches (``names``). Empty: it says nothing of it, and all is shown."""
    county_refuses: bool = False
    """The county's broker lets this machine in no more: its station is revoked, another machine has its place, or the
    county came back from a copy that is older than the station."""
    identity_shared: bool = False
    """Another machine connects to the county's broker by this station's identity, such as a copy of its SD card. Each
    ends the other's connection."""


GRACE_MIN = 10
"""How many minutes late an arrival, and how many minutes early a departure, still counts as in time (rules, section 3,
lines 12 and 13)."""


class TouchShown(Line, frozen=True, kw_only=True, tag="touch"):
    """The outcome of a touch, sent after the fact is on disk and the lamp is lit.

    If it is ``red`` and has a ``problem``, nothing was recorded.
    """

    colour: Colour
    answer: Literal["recorded", "repeat", "unknown", "lost", "not_recorded"]
    problem: Literal["", "disk_full", "disk_error", "bad_card", "too_fast", "cards_flood"] = ""
    name: ShortText = ""
    direction: Direction | None = None
    wall: WallMs = 0
    """When the card was touched; for a ``repeat``, the time of the touch that counts."""
    quality: ClockQuality = "unknown"
    missing: list[Missing] = []
    """The touches that the person lacks in any window that has opened; ``lacking`` names the windows."""
    touch: FactRef | None = None
    """The touch whose direction the person may correct; nil if nobody may."""
    lacking: list[Lacking] = []
    again_within_ms: DurationMs = 0
    """If the same card is touched again within this time, a direction can be chosen. Touching it proves who asks."""
    choose_within_ms: DurationMs = 0
    """The card was touched again. Within this time a key can choose a direction on this screen; that alone changes
    nothing."""
    chosen: Direction | None = None
    """The direction that was chosen. The same card, touched once more, makes it so; until then ``direction`` is what is
    stored."""
    confirm_within_ms: DurationMs = 0
    """How long the station waits for that touch."""
    corrected: bool = False
    """The touch's direction has just been corrected."""
    village: ShortText = ""
    """The person's own village, if it is another than the station's: the screen says 外村."""
    no_list: bool = False
    """The card is unknown because this station has had no list of cards from the county yet."""
    complete: bool = False
    """The person is on duty today, every window has its two touches, and none was left early (`GRACE_MIN`)."""
    visit: ShortText = ""
    """Whoever touched may open this visit now (`OpenVisit`); empty: nothing can be opened."""
    meetings: list[MeetingSignedIn] = []
    """What the touch did for meetings."""
    vouch: VouchAsked | None = None
    """For whom the person may vouch with this touch."""


class LiveShown(Line, frozen=True, kw_only=True, tag="live"):
    """The county looks into the room, for at most ``left_s`` seconds; with 0 nobody does, or no longer."""

    viewer: ShortText = ""
    left_s: Annotated[int, Meta(ge=0, le=600)] = 0


class Sorry(Line, frozen=True, kw_only=True, tag="sorry"):
    """The agent can't do now what the kiosk asked."""

    reason: ShortText
    """A code. A kiosk that does not know it says that it did not work."""
    touch: FactRef | None = None
    """The touch whose direction was to be corrected, if that was asked."""
    asked: ShortText = ""
    """The ``type`` of the message that this answers. Empty: its line could not be read, or the agent is of an earlier
    version."""

    def refuses(self, *kinds: type[Line]) -> bool:
        """Tell whether this can be the answer to a message of one of some kinds."""
        return not self.asked or self.asked in map(type_of, kinds)


def refusal(asked: Line, reason: str, *, touch: FactRef | None = None) -> Sorry:
    """Return that the agent can't do what a message asks."""
    return Sorry(reason=reason, touch=touch, asked=type_of(asked))


# Kiosk to agent.


class ChooseDirection(Line, frozen=True, kw_only=True, tag="choose_direction"):
    """Somebody chooses a direction for the touch on the screen.

    This is only a wish. The agent shows it (`TouchShown.chosen`), and the same card, touched in time, makes it so.
    """

    touch: FactRef
    direction: Direction


class KeepDirection(Line, frozen=True, kw_only=True, tag="keep_direction"):
    """Somebody takes back what was chosen; the agent shows the touch without it."""

    touch: FactRef


class AskHelp(Line, frozen=True, kw_only=True, tag="help"):
    """Someone calls the township for help. What becomes of it is in `Home.help`, or in `Sorry`."""

    screen: ShortText


type ToKiosk = (
    Home
    | TouchShown
    | QuestionShown
    | Marked
    | LevelOver
    | Sorry
    | Status
    | LiveShown
    | Kept
    | VisitShown
    | MapShown
    | PackShown
    | PinAsked
    | PhoneCode
    | ShelfShown
    | DocumentShown
    | DocumentGone
    | PictureShown
    | Found
    | SoundShown
    | MonthShown
    | ResultsShown
    | RequestsShown
    | RequestTaken
    | AskingShown
    | FeedbackTaken
    | FollowedUp
    | NoticesShown
    | NoticeShown
    | MeetingShown
    | Vouched
)
type ToAgent = (
    ChooseDirection
    | KeepDirection
    | OpenLevel
    | AnswerQuestion
    | NextQuestion
    | AskHelp
    | AskStatus
    | Hello
    | Keep
    | OpenVisit
    | EnterNumber
    | OpenMap
    | OpenPack
    | ChoosePack
    | OpenReview
    | ClockByNumber
    | SetPin
    | ShowPhoneCode
    | EndVisit
    | OpenShelf
    | OpenDocument
    | CloseDocument
    | AskPicture
    | Search
    | Play
    | StopSound
    | AskSound
    | OpenMonth
    | OpenResults
    | OpenRequests
    | MakeRequest
    | Withdraw
    | OpenAsking
    | AskFor
    | Agree
    | GiveFeedback
    | FollowUp
    | RateAnswer
    | AskNotices
    | OpenNotice
    | OpenMeeting
    | StepMeeting
    | EnterPerson
    | EnterVotes
    | TakeBackPerson
    | Vouch
)


_TO_KIOSK: msgspec.json.Decoder[ToKiosk] = msgspec.json.Decoder(ToKiosk)
_TO_AGENT: msgspec.json.Decoder[ToAgent] = msgspec.json.Decoder(ToAgent)


def encode_line(message: ToKiosk | ToAgent) -> bytes:
    """Return the message as one line with its line feed."""
    return msgspec.json.encode(message) + b"\n"


def decode_from_agent(line: bytes) -> ToKiosk:
    """Read a line that the agent sent.

    Raises:
        Refused: ``too_large`` or ``malformed``.
    """
    return _decode(line, _TO_KIOSK)


def decode_from_kiosk(line: bytes) -> ToAgent:
    """Read a line that the kiosk sent.

    Raises:
        Refused: ``too_large`` or ``malformed``.
    """
    return _decode(line, _TO_AGENT)


def _decode[T](line: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    if len(line) > MAX_LINE_BYTES:
        raise Refused("too_large", f"a line of {len(line)} bytes")
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("malformed", str(error)) from error
