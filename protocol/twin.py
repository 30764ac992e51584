"""The twin: what the county wants a station to know and be (desired), and what it is (reported).

The desired state is one signed document with a version that only grows. It carries the people of the
village, their cards, the duty windows and the settings, so that the station works with the network gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol.codec import Message, VersionedMessage, decode, encode
from protocol.refusal import Refused
from protocol.signing import seal, unseal
from protocol.units import CardToken, LongText, Sha256, ShortText, StationId, WallMs

type Sheddable = Literal["blobs", "vitals"]
"""What may be put off where data run short. Facts never are."""

type Minute = Annotated[int, Meta(ge=0, le=2 * 24 * 60)]
"""Minutes after local midnight (Asia/Shanghai) of the window's date; over 1440 is the day after."""


class Person(Message, frozen=True, kw_only=True):
    """Someone on this village's list, as the kiosk shows them."""

    id: ShortText
    name: ShortText


class Card(Message, frozen=True, kw_only=True):
    """A card that this station knows. ``lost`` cards are recorded, refused and reported."""

    token: CardToken
    person: ShortText
    lost: bool = False


class DutyWindow(Message, frozen=True, kw_only=True):
    """``[start, end)`` of duty on each of ``weekdays`` for the people named."""

    id: ShortText
    name: ShortText
    weekdays: Annotated[list[Annotated[int, Meta(ge=1, le=7)]], Meta(max_length=7)]
    """ISO 8601: Monday is 1."""
    start: Minute
    end: Minute
    people: Annotated[list[ShortText], Meta(max_length=200)]


class PackRef(Message, frozen=True, kw_only=True):
    """A learning pack to have: fetched over HTTPS by its hash, signed for `protocol.packs`."""

    pack: ShortText
    version: Annotated[int, Meta(ge=1)]
    sha256: Sha256
    size: Annotated[int, Meta(ge=1, le=8 * 2**20)]


MAX_SETTINGS = 100

type Refusal = Annotated[str, Meta(max_length=200)]
"""Why a setting's value is not taken: ``wrong_kind`` or ``out_of_range``, a colon, and English for the log."""


class Settings(Message, frozen=True, kw_only=True):
    """What the county may set for a station: a field is a setting, its type what is allowed, its default what holds
    where the county says nothing.

    On the wire it is a plain map (`Desired.settings`), judged one setting at a time by `judge_settings`.
    """

    snapshots: bool = True
    """Take stills of the room: at a touch, at a door's opening, at random moments of duty windows."""
    open_before_min: Annotated[int, Meta(ge=0, le=720)] = 90
    open_after_min: Annotated[int, Meta(ge=0, le=720)] = 180
    """Arrival counts from ``open_before_min`` before a window to its middle, departure from there to ``open_after_min``
    after its end."""
    data_mb_month: Annotated[int, Meta(ge=0, le=1_000_000)] = 1_000
    """What the station may move in a calendar month, in MB of 1,000,000 bytes; 0 for a line that is not metered."""
    data_shed: Annotated[tuple[Sheddable, ...], Meta(max_length=2)] = ("blobs", "vitals")
    """What is put off as the month's data run short, the first at 80 % and the second at 95 % of ``data_mb_month``."""


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


class Reported(VersionedMessage, frozen=True, kw_only=True):
    """What the station runs with. A refused version keeps the last good one; ``reason`` says why.

    Of the settings only the difference from the desired ones is told: all others are in force as desired.
    """

    station: StationId
    version: Annotated[int, Meta(ge=0)]
    at: WallMs
    refused: Annotated[int, Meta(ge=0)] = 0
    """A version that was refused, or 0."""
    reason: LongText = ""
    unknown: Annotated[list[ShortText], Meta(max_length=MAX_SETTINGS)] = []
    """Settings that this station does not know; they change nothing."""
    refused_settings: Annotated[dict[ShortText, Refusal], Meta(max_length=MAX_SETTINGS)] = {}
    """Settings whose value is not taken, with why."""
    kept_settings: Annotated[dict[ShortText, Any], Meta(max_length=MAX_SETTINGS)] = {}
    """What holds in place of the refused values: the last good ones. Plain values, so that any county can show them."""

    def __post_init__(self) -> None:
        """Refuse what no setting can be: MessagePack's extensions and times, keys that are no text, and deep nests."""
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
    """In force: each wanted value that is good, the last good one for each that is not, and defaults."""
    unknown: list[str]
    refused: dict[str, str]


def judge_settings(wanted: Mapping[str, Any], *, last_good: Settings) -> Judged:
    """Judge the settings one by one: a wrong one never keeps the others from being taken."""
    good: dict[str, Any] = {}
    refused: dict[str, str] = {}
    known = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    for name in wanted.keys() & known.keys():
        try:
            good[name] = _taken(msgspec.convert(wanted[name], known[name]))
        except msgspec.ValidationError as error:
            good[name] = getattr(last_good, name)
            refused[name] = _refusal(error)
    return Judged(Settings(**good), sorted(wanted.keys() - known.keys()), dict(sorted(refused.items())))


def _taken(value: Any) -> Any:
    """Return a converted value; raise where a list has something twice, which types can't tell."""
    if isinstance(value, tuple) and len(set(value)) < len(value):
        raise msgspec.ValidationError("Expected each item once")
    return value


def _refusal(error: msgspec.ValidationError) -> str:
    """Say what is wrong; msgspec names another kind by ``got``, a bound without it."""
    told = str(error)
    return f"{'wrong_kind' if 'got' in told else 'out_of_range'}: {told}"[:200]


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
