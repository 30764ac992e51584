"""The twin: the state that the county wants a station to have (desired), and the state that it has (reported).

The desired state is one signed document with a version that only grows. It carries the people of the
village, their cards, the duty windows and the settings, so that the station works with the network gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import GenericAlias
from typing import Annotated, Any, Literal, TypeAliasType, get_args, get_origin

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol.codec import Message, VersionedMessage, decode, encode
from protocol.refusal import Reason, Refused
from protocol.shelf_index import MAX_INDEX_BYTES
from protocol.signing import seal, unseal
from protocol.units import (
    CardToken,
    CodeWordOrNone,
    FactRef,
    LongText,
    RegionPrefix,
    Sha256,
    ShortText,
    StationId,
    TextSizeName,
    WallMs,
)

type Sheddable = Literal["blobs", "vitals", "packs", "releases"]
"""What a station may put off when its data run short: sending files and vitals, and fetching bundles. Facts are
always sent. ``releases`` is reserved: nothing is put off by it."""
SHED_OF_1_0: tuple[Sheddable, ...] = ("blobs", "vitals")

type Minute = Annotated[int, Meta(ge=0, le=2 * 24 * 60)]
"""Minutes after local midnight (Asia/Shanghai) of the window's date; above 1440 it is the next day."""


type ScreenTheme = Literal["day", "dark"]


class Person(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody whom this station knows, as the kiosk shows them."""

    id: ShortText
    name: ShortText
    type: ShortText = ""
    """What sort of person it is, a code of the county's; empty: not told."""
    village: ShortText = ""
    """The person's own village, if it is another than the station's: the screen says 外村."""


class Card(Message, frozen=True, kw_only=True):
    """A card that this station knows. A touch of a ``lost`` card is recorded, the person is refused, the county
    told."""

    token: CardToken
    person: ShortText
    lost: bool = False


class DutyWindow(Message, frozen=True, kw_only=True, omit_defaults=True):
    """``[start, end)`` of duty on each of ``weekdays`` for the people named.

    It runs on dates whose local midnight lies in ``[since, until)``.
    """

    id: ShortText
    name: ShortText
    weekdays: Annotated[list[Annotated[int, Meta(ge=1, le=7)]], Meta(max_length=7)]
    """ISO 8601: Monday is 1."""
    start: Minute
    end: Minute
    people: Annotated[list[ShortText], Meta(max_length=200)]
    since: WallMs = 0
    """0: it always ran."""
    until: WallMs = 0
    """0: until further notice."""


class PackRef(Message, frozen=True, kw_only=True):
    """A learning pack that the station should have. It is fetched over HTTPS by its hash and signed
    (`protocol.packs`)."""

    pack: ShortText
    version: Annotated[int, Meta(ge=1)]
    sha256: Sha256
    size: Annotated[int, Meta(ge=1, le=8 * 2**20)]


class ShelfRef(Message, frozen=True, kw_only=True):
    """The shelf index (`protocol.shelf_index`) that is in force: named by the SHA-256 of its bytes, as a bundle is."""

    version: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    sha256: Sha256
    size: Annotated[int, Meta(ge=1, le=MAX_INDEX_BYTES)]


MAX_SETTINGS = 100
MAX_PACK_STATES = 400

type Refusal = Annotated[str, Meta(max_length=200)]
"""Why the station refuses a setting's value: ``wrong_kind`` or ``out_of_range``, a colon, and English for the log."""


type SoundWhen = Literal["off", "on_request", "also_results"]
"""off: never. on_request: people press ``*`` to hear what the screen says. also_results: also the result of each touch
and whether an answer was right."""


class Settings(Message, frozen=True, kw_only=True):
    """What the county may set for a station.

    Each field is a setting. Its type says which values are allowed. Its default is in force if the county chooses
    nothing. On the wire the settings are a plain map (`Desired.settings`); `judge_settings` judges them one at a time.
    """

    snapshots: bool = True
    """Take stills of the room: at a touch, at a door's opening, at random moments of duty windows."""
    open_before_min: Annotated[int, Meta(ge=0, le=720)] = 90
    open_after_min: Annotated[int, Meta(ge=0, le=720)] = 180
    """Arrival counts from ``open_before_min`` before a window to its middle, departure from there to ``open_after_min``
    after its end."""
    data_mb_month: Annotated[int, Meta(ge=0, le=1_000_000)] = 1_000
    """What the station may send and receive in a calendar month, in MB of 1,000,000 bytes; 0 for a line without
    limit."""
    data_shed: Annotated[tuple[Sheddable, ...], Meta(max_length=4)] = ("blobs", "vitals")
    """What is put off when the month's data run short: the first at 80 % of ``data_mb_month``, the others at 95 %.
    Downloads stop at 95 % in any case, because facts need the rest."""
    number_sign_in: bool = False
    """People may clock in by number and PIN, as far as the roster allows it to each of them."""
    text_size: TextSizeName = "normal"
    """How large the text of the station's screens is, as long as nobody who stands there chooses another size."""
    night_from_min: Annotated[int, Meta(ge=0, lt=1_440)] = 60
    night_until_min: Annotated[int, Meta(ge=0, lt=1_440)] = 300
    """The night window, in minutes after local midnight: what is not urgent is fetched in it. If the two are equal, it
    is the whole day; if the first is the later one, it goes over midnight."""
    theme: ScreenTheme = "day"
    """The kiosk's colours: ``day``, or ``dark`` for a room that is."""
    rest_min: Annotated[int, Meta(ge=0, le=120)] = 2
    """After so many minutes without a key or a touch the kiosk's home shows the notices by turns; 0: never."""
    sound: SoundWhen = "off"
    """When the station makes a sound."""
    espeak: bool = False
    """What nobody has recorded may be read by a machine's voice (espeak-ng), where the station has it."""


class HelpSeen(Message, frozen=True, kw_only=True):
    """Somebody of the township has seen a call for help of this station."""

    asked: FactRef
    """The last call that was there when they saw it."""
    seen: WallMs
    """By the county's clock."""
    by: ShortText


class Contact(Message, frozen=True, kw_only=True):
    """Whom people at the station may telephone, as the township has said."""

    name: ShortText
    phone: Annotated[str, Meta(pattern=r"^[0-9][0-9-]{2,19}\Z")]


BOARD_SHOWS = ("nothing", "names", "presence")
"""Nothing; who is on duty and until when; also who is there. A word of a later release shows nothing here."""


class Desired(VersionedMessage, frozen=True, kw_only=True):
    """The whole desired state of one station."""

    station: StationId
    version: Annotated[int, Meta(ge=1)]
    station_name: ShortText
    village: ShortText
    settings: Annotated[dict[ShortText, Any], Meta(max_length=MAX_SETTINGS)] = {}
    """By the names of `Settings`; a value of the wrong kind is refused alone, not the whole document."""
    people: Annotated[list[Person], Meta(max_length=500)] = []
    cards: Annotated[list[Card], Meta(max_length=1000)] = []
    windows: Annotated[list[DutyWindow], Meta(max_length=200)] = []
    packs: Annotated[list[PackRef], Meta(max_length=50)] = []
    """For stations of contract 1.0, which know no shelf."""
    shelf: ShelfRef | None = None
    """Which bundles the station should have."""
    region: RegionPrefix = ""
    """The 12-digit code of the station's village, by which it judges for whom a bundle is; empty: not told."""
    front_door: Annotated[str, Meta(max_length=128, pattern=r"^(https://[^\s/#?@]+)?\Z")] = ""
    """Where telephones reach the county, without a slash at its end; empty: nowhere."""
    help: HelpSeen | None = None
    contact: Contact | None = None
    duty_board: CodeWordOrNone = ""
    """What everybody here may see of who is on duty: one of `BOARD_SHOWS`. Empty: a county of an earlier release says
    nothing of it, and all is shown."""


type PackStateName = Literal["whole", "fetching", "waiting", "refused", "expired"]
"""whole: verified and in use. fetching: parts of it are here. waiting: for the night, for data, for room on the disk.
refused: it is not what was announced. expired: its time is over, and it is not shown."""


type ShelfReason = Literal[
    "night", "data", "clock", "no_room", "disk", "unreachable", "not_found", "not_admitted", "other_content"
]
"""Why a bundle waits, or may not come into force."""
type NotWhole = ShelfReason | Reason
"""All for which a station of this release does not have a bundle."""


class PackState(Message, frozen=True, kw_only=True, omit_defaults=True):
    """How far the station has got with a bundle or a pack of the desired state."""

    id: ShortText
    version: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    state: PackStateName
    reason: ShortText = ""
    """A code, where it is not whole: one of `NotWhole`, or of a later release."""


class Reported(VersionedMessage, frozen=True, kw_only=True):
    """The desired state that is in force. If the station refused a version, the last good one is, and ``reason`` says
    why.

    Only settings that differ from the desired ones are named: all others are in force as desired.
    """

    station: StationId
    version: Annotated[int, Meta(ge=0)]
    at: WallMs
    refused: Annotated[int, Meta(ge=0)] = 0
    """A version that was refused, or 0."""
    reason: LongText = ""
    unknown: Annotated[list[ShortText], Meta(max_length=MAX_SETTINGS)] = []
    """Desired settings that this station does not know. They change nothing."""
    refused_settings: Annotated[dict[ShortText, Refusal], Meta(max_length=MAX_SETTINGS)] = {}
    """Settings whose value the station refuses, each with its reason."""
    kept_settings: Annotated[dict[ShortText, Any], Meta(max_length=MAX_SETTINGS)] = {}
    """The last good values, which hold instead of the refused ones. They are plain values, so that any county can show
    them, also one that does not know the setting."""
    packs: Annotated[list[PackState], Meta(max_length=MAX_PACK_STATES)] = []
    """What the station has of the bundles that it should have. While a new version is not whole, the one before has an
    entry of its own."""

    def __post_init__(self) -> None:
        """Refuse what no setting can be: MessagePack's extensions and times, keys that are no text, and deep
        nesting."""
        if not all(_is_plain(value, depth=_MAX_DEPTH) for value in self.kept_settings.values()):
            raise ValueError("Expected plain values of settings")


_MAX_DEPTH = 4


def _is_plain(value: Any, *, depth: int) -> bool:
    match value:
        case None | bool() | int() | float() | str() | bytes():
            return True
        case list() | tuple():
            return depth > 0 and all(_is_plain(item, depth=depth - 1) for item in value)
        case dict():
            plain_keys = all(isinstance(key, str) for key in value)
            return depth > 0 and plain_keys and all(_is_plain(item, depth=depth - 1) for item in value.values())
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of the settings that the county wants."""

    settings: Settings
    """The settings in force: each wanted value that is good, the last good value for each that is not, else
    defaults."""
    unknown: list[str]
    refused: dict[str, str]


def judge_settings(wanted: Mapping[str, Any], *, last_good: Settings) -> Judged:
    """Judge the settings one by one, so that a wrong one does not keep the others from being taken."""
    good: dict[str, Any] = {}
    refused: dict[str, str] = {}
    known = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    for name in wanted.keys() & known.keys():
        try:
            good[name] = msgspec.convert(wanted[name], known[name])
            # No type can say that a list must not hold an item twice.
            if isinstance(good[name], tuple) and len(set(good[name])) < len(good[name]):
                raise msgspec.ValidationError("Expected each item once")
        # The station goes on with the last value that it knows to be good, not with a default that nobody chose.
        except msgspec.ValidationError as error:
            good[name] = getattr(last_good, name)
            refused[name] = f"{_problem(wanted[name], known[name])}: {error}"[:200]
    return Judged(Settings(**good), sorted(wanted.keys() - known.keys()), dict(sorted(refused.items())))


def _problem(value: Any, kind: Any) -> Literal["wrong_kind", "out_of_range"]:
    """Tell what is wrong with a refused value: if it fits the type without its bounds, it is out of range."""
    try:
        msgspec.convert(value, _without_bounds(kind))
    except msgspec.ValidationError:
        return "wrong_kind"
    return "out_of_range"


def _without_bounds(kind: Any) -> Any:
    """Return a setting's type as Python's own types alone: ``int`` for an int of a range, ``str`` for a choice of
    words."""
    if isinstance(kind, TypeAliasType):
        return _without_bounds(kind.__value__)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _without_bounds(arguments[0])
    if origin is Literal:
        return type(arguments[0])
    if origin is tuple:
        return GenericAlias(tuple, (_without_bounds(arguments[0]), ...))
    return kind


def known_desired(desired: Desired, minor: int) -> Desired:
    """Return the desired state as a station of contract 1.``minor`` can go by it.

    A station of 1.0 would refuse the whole setting for a word that it does not know, and knows no shelf. Settings whose
    name it does not know stay: it reports them, so that a person sees that they do nothing there.
    """
    if minor >= 1:
        return desired
    settings = dict(desired.settings)
    if isinstance(shed := settings.get("data_shed"), list):
        settings["data_shed"] = [what for what in shed if what in SHED_OF_1_0]
    return msgspec.structs.replace(desired, settings=settings, shelf=None)


def seal_desired(key: Ed25519PrivateKey, desired: Desired) -> bytes:
    """Sign and encode a desired state."""
    return seal(key, "cunhui desired 1", encode(desired))


def unseal_desired(raw: bytes, *, station: str, public_keys: Mapping[bytes, bytes]) -> Desired:
    """Read a desired state meant for ``station``.

    Raises:
        Refused: As `protocol.signing.unseal`; ``wrong_station``; ``malformed`` for a card or window that names nobody.
    """
    desired = decode(unseal(raw, "cunhui desired 1", public_keys), Desired)
    if desired.station != station:
        raise Refused("wrong_station", f"a desired state for {desired.station}")
    known = {person.id for person in desired.people}
    named = {card.person for card in desired.cards} | {name for w in desired.windows for name in w.people}
    if not named <= known:
        raise Refused("malformed", f"{len(named - known)} people are named but not listed")
    return desired


class ShelfNamed(VersionedMessage, frozen=True, kw_only=True):
    """The shelf index that is in force now, without the rest of the desired state.

    It travels on the leaf of the desired state. An index changes each night, and a desired state of a township is a
    hundred times as large. Of this and `Desired.shelf` the higher version counts.
    """

    station: StationId
    shelf: ShelfRef


def seal_shelf_named(key: Ed25519PrivateKey, named: ShelfNamed) -> bytes:
    """Sign and encode the name of a shelf index."""
    return seal(key, "cunhui shelf 1", encode(named))


def unseal_shelf_named(raw: bytes, *, station: str, public_keys: Mapping[bytes, bytes]) -> ShelfNamed:
    """Read the name of the shelf index of ``station``.

    Raises:
        Refused: As `protocol.signing.unseal`; ``wrong_station``.
    """
    named = decode(unseal(raw, "cunhui shelf 1", public_keys), ShelfNamed)
    if named.station != station:
        raise Refused("wrong_station", f"a shelf for {named.station}")
    return named
