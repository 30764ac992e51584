"""What is inside bundles: the types of their content, by kind.

The content of a ``questions`` bundle is a `protocol.packs.Pack`. Kinds without a type here belong to features to come;
their content gets its type together with the first reader.
"""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from protocol.bundles import MAX_CONTENT_BYTES, Bundle, BundleKind
from protocol.codec import Message, VersionedMessage, decode
from protocol.courses import Courses
from protocol.documents import Documents, check_pictures
from protocol.duty_days import DutyDays
from protocol.feedback import Answers
from protocol.manifest import KeptHead
from protocol.meetings import Meetings
from protocol.months import MonthRequest, MonthResults, MonthSwap, MonthTouch, OfStream
from protocol.packs import Pack, read_pack
from protocol.pin_tries import NO_TRIES, PinTries
from protocol.pins import PinVerifier
from protocol.progress import Progress
from protocol.refusal import Refused
from protocol.units import CodeWord, CodeWordOrNone, DayText, Epoch, FileName, PersonId, Salt, ShortText, WallMs


class RosterPerson(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody of this village who may sign in by number."""

    id: PersonId
    name: ShortText
    number: Annotated[str, Meta(pattern=r"^[0-9A-Za-z-]{1,32}\Z")]
    """The county's own staff number, never an identity number."""
    type: ShortText = ""
    village: ShortText = ""
    may_number_sign_in: bool = False
    """The county allows this person to clock in by number and PIN."""
    pin: PinVerifier | None = None
    """Absent: no PIN is set, so the number alone opens nothing."""
    pin_set_at: WallMs = 0
    """When it was set."""
    tries: PinTries = NO_TRIES
    """The wrong tries at all kiosks that the county knows of."""
    voided: WallMs = 0
    """What was set until then is no PIN any more: the township reset it."""
    refused: Annotated[list[Salt], Meta(max_length=8)] = []
    """The salts of PINs that the county did not accept. Where one of these was set, it is none."""


class Roster(VersionedMessage, frozen=True, kw_only=True):
    """Content of ``roster``: the people of one village, and of no other."""

    people: Annotated[list[RosterPerson], Meta(max_length=1_000)] = []

    def __post_init__(self) -> None:
        """Refuse a number that two people have, because it would sign in the wrong one."""
        if len({person.number for person in self.people}) < len(self.people):
            raise ValueError("Expected each number once")


NOTICE_KINDS = ("notice", "power_cut", "water_cut", "weather", "market", "bus", "jobs", "wanted")
"""What a notice can be about, as this version knows it."""


class Notice(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A line for the home screen, and what lies behind it."""

    id: ShortText
    line: Annotated[str, Meta(min_length=1, max_length=40)]
    text: Annotated[str, Meta(max_length=2_000)] = ""
    not_before: WallMs = 0
    not_after: WallMs
    urgent: bool = False
    """It stands before all others."""
    kind: CodeWordOrNone = ""
    """What it is about: one of `NOTICE_KINDS`, or a word of a later release; empty: not said."""
    source: ShortText = ""
    """Who says it, as people know them: an office, a power company."""
    owner: ShortText = ""
    """Whom one asks about it: a name, and a telephone number of the office."""


class Notices(VersionedMessage, frozen=True, kw_only=True):
    """Content of ``notices``."""

    notices: Annotated[list[Notice], Meta(max_length=100)] = []


class MonthRow(Message, frozen=True, kw_only=True, omit_defaults=True):
    """One duty window of one day. Minutes count after midnight of the window's date."""

    date: DayText
    window: ShortText
    arrived: Annotated[int, Meta(ge=-1440, le=2880)] | None = None
    left: Annotated[int, Meta(ge=-1440, le=2880)] | None = None
    result: CodeWord | None = None
    """A word of the rules; absent where nothing is concluded yet."""


MAX_OTHERS = 99
MAX_SWAPS = 12
"""Months that lie in one bundle beside the first."""


class Month(VersionedMessage, frozen=True, kw_only=True):
    """Content of ``month``: one person's touches since the first of a month, as the county has them."""

    person: PersonId
    month: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}\Z")]
    """The month with which it begins."""
    as_of: WallMs
    """Touches at this station that just count are in it if the county had them by then. The station knows the later."""
    rows: Annotated[list[MonthRow], Meta(max_length=400)] = []
    streams: Annotated[list[Epoch], Meta(max_length=16)] = []
    """The streams of this station, by whose place touches are named."""
    touches: Annotated[list[MonthTouch], Meta(max_length=400)] = []
    """The newest first."""
    held: Annotated[list[OfStream], Meta(max_length=100)] = []
    """Records of this station, of whatever kind, that wait for a person's look in the county."""
    requests: Annotated[list[MonthRequest], Meta(max_length=40)] = []
    """The newest first."""
    swaps: Annotated[list[MonthSwap], Meta(max_length=MAX_SWAPS)] | UnsetType = UNSET
    """What others want the person to take over. Unset rather than empty, so that a month without keeps its bytes."""
    settled: MonthResults | UnsetType = UNSET
    """What the person's windows came to. Unset where the county has settled none."""
    others: Annotated[list["Month"], Meta(max_length=MAX_OTHERS)] | UnsetType = UNSET
    """Months of further people, where a village has more people than an index has room for. They have no others of
    their own. Unset rather than empty, so that a month without them keeps its bytes."""


class Clip(Message, frozen=True, kw_only=True, omit_defaults=True):
    """One sentence as somebody has spoken it: a line of the kiosk, or the stem of a question."""

    line: Annotated[str, Meta(pattern=r"^([a-z][a-z0-9_.:-]{0,63})?\Z")] = ""
    """A code of `protocol.spoken_lines`; empty for a question."""
    pack: ShortText = ""
    question: ShortText = ""
    item: FileName
    """The sound: an item of the bundle (`protocol.clip_sound`)."""
    lasts_ms: Annotated[int, Meta(ge=1, le=60_000)]
    words: Annotated[str, Meta(min_length=1, max_length=400)]
    """What was read aloud. Where the screen says something else by now, the clip is not played."""

    def __post_init__(self) -> None:
        """Refuse a clip that is for no line and no question, or for both."""
        if bool(self.line) == bool(self.question) or bool(self.pack) != bool(self.question):
            raise ValueError("Expected a line, or a pack and its question")


class Clips(VersionedMessage, frozen=True, kw_only=True):
    """Content of ``clips``. Where two clips are for the same sentence, the later one counts."""

    clips: Annotated[list[Clip], Meta(max_length=5_000)] = []


class Heads(VersionedMessage, frozen=True, kw_only=True):
    """Content of ``heads``: the latest manifests and this station's way to each, the newest last."""

    days: Annotated[list[KeptHead], Meta(max_length=40)] = []


type Content = Pack | _Decoded
type _Decoded = (
    Roster | Notices | Progress | Month | Heads | Documents | Clips | Answers | DutyDays | Meetings | Courses
)

_TYPES: dict[BundleKind, type[_Decoded]] = {
    "roster": Roster,
    "notices": Notices,
    "progress": Progress,
    "month": Month,
    "heads": Heads,
    "disclosure": Documents,
    "library": Documents,
    "clips": Clips,
    "answers": Answers,
    "duty": DutyDays,
    "meetings": Meetings,
    "courses": Courses,
}


def read_content(bundle: Bundle) -> Content:
    """Read what a bundle holds.

    Raises:
        Refused: As `protocol.codec.decode` and `protocol.packs.read_pack`; ``malformed`` for a pack with another id or
            version than its bundle, and for a document with a picture that its bundle lacks; ``unknown_kind`` for a
            kind whose content this version does not read.
    """
    if bundle.kind == "questions":
        pack = read_pack(bundle.content)
        if (pack.id, pack.version) != (bundle.id, bundle.version):
            raise Refused("malformed", f"bundle {bundle.id} {bundle.version} holds pack {pack.id} {pack.version}")
        return pack
    kind = _TYPES.get(bundle.kind)
    if kind is None:
        raise Refused("unknown_kind", f"content of kind {bundle.kind}")
    if kind in (Documents, Clips) and not bundle.content:
        return kind()  # files alone, without anything that says what they are
    content = decode(bundle.content, kind, limit=MAX_CONTENT_BYTES)
    if isinstance(content, Documents):
        check_pictures(content, {item.name for item in bundle.items})
    return content
