"""Decisions about stations: which there are, what they are told, and which documents they get."""

from typing import Annotated

from msgspec import Meta

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
    """A claim code was made for a station."""

    station: StationId
    village: RegionCode


class StationEnrolled(DecisionKind, frozen=True, kw_only=True, tag="station_enrolled"):
    """A board was taken in as a station by a claim code; from now on its record key signs the station's facts."""

    station: StationId
    record_key: PublicKey


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
