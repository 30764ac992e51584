"""Decisions about stations: which there are, what they are told, and which documents they get."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from protocol.decision_base import DecisionKind, RegionCode, Version
from protocol.units import Epoch, LongText, PublicKey, Seq, Sha256, ShortText, StationId


class BundlePublished(DecisionKind, frozen=True, kw_only=True, tag="bundle_published"):
    """A document went out to stations. ``form`` is the kind of bundle, or ``pack``."""

    form: ShortText
    id: ShortText
    version: Version
    sha256: Sha256


class BundleWithdrawn(DecisionKind, frozen=True, kw_only=True, tag="bundle_withdrawn"):
    """A document was taken back from stations."""

    form: ShortText
    id: ShortText
    version: Version


class StationClaimed(DecisionKind, frozen=True, kw_only=True, tag="station_claimed"):
    """A claim code was made for a station; those that were made for it before are void."""

    station: StationId
    village: RegionCode
    claim: Sha256 | UnsetType = UNSET
    """Digest of the code as the county stores it. An earlier release states none."""


class StationEnrolled(DecisionKind, frozen=True, kw_only=True, tag="station_enrolled"):
    """A board was taken in as a station by a claim code; from now on its record key signs the station's facts."""

    station: StationId
    record_key: PublicKey
    claim: Sha256 | UnsetType = UNSET
    """As in the `StationClaimed` of the code that was used. An earlier release states none, nor does a county that
    takes the board from its journal of stations."""


class StationRevoked(DecisionKind, frozen=True, kw_only=True, tag="station_revoked"):
    """A station was revoked for good."""

    station: StationId


class StationOrdered(DecisionKind, frozen=True, kw_only=True, tag="station_ordered"):
    """A command was given to a station."""

    station: StationId
    order: ShortText


class SettingChosen(DecisionKind, frozen=True, kw_only=True, tag="setting_chosen"):
    """A setting was chosen for a station or a region; an empty value takes the choice back."""

    place: ShortText
    name: ShortText
    value: LongText


class FactsWrittenOff(DecisionKind, frozen=True, kw_only=True, tag="facts_written_off"):
    """A person decided that facts of a station stay unread."""

    station: StationId
    epoch: Epoch
    first: Seq
    last: Seq
    count: Annotated[int, Meta(ge=1, le=2**53 - 1)]
