"""Keep the desired state: what the county wants this station to know, on disk and at hand.

The document is taken or refused as a whole, its settings one by one: a wrong value leaves the last good one in force.
"""

import logging
from dataclasses import dataclass
from typing import Any

import msgspec

from agent.storage.outbox.errors import StorageFailed, StorageFull
from agent.timekeeping.clock import State
from protocol.codec import decode, encode
from protocol.refusal import Refused
from protocol.twin import Card, Desired, DutyWindow, Judged, PackRef, Person, Reported, Settings, judge_settings
from protocol.units import MAX_LONG_TEXT, Moment

log = logging.getLogger(__name__)

_KEY = "desired"
_SETTINGS_KEY = "settings"
_MAX_KEPT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class EffectiveState:
    """What this station goes by."""

    station_name: str
    village: str
    settings: Settings
    people: list[Person]
    cards: list[Card]
    windows: list[DutyWindow]
    packs: list[PackRef]


def in_force(desired: Desired, settings: Settings) -> EffectiveState:
    """Return a desired state with the settings that hold with it."""
    return EffectiveState(
        station_name=desired.station_name,
        village=desired.village,
        settings=settings,
        people=desired.people,
        cards=desired.cards,
        windows=desired.windows,
        packs=desired.packs,
    )


class Twin:
    """The last good desired state; before the first one it names the station and nobody."""

    def __init__(self, *, station: str, village: str, state: State) -> None:
        self._station = station
        self._state = state
        self._version = 0
        nobody = Desired(station=station, version=1, station_name=village, village=village)
        kept = self._kept() or nobody
        self._take(kept, judge_settings(kept.settings, last_good=self._kept_settings()))

    def _kept_settings(self) -> Settings:
        """Return the settings that held last: only those count whose newest value was refused."""
        raw = self._state.get(_SETTINGS_KEY)
        if not raw:
            return Settings()
        try:
            return judge_settings(msgspec.msgpack.decode(raw, type=dict[str, Any]), last_good=Settings()).settings
        except msgspec.DecodeError:
            log.warning("the kept settings can't be read")
            return Settings()

    def _kept(self) -> Desired | None:
        raw = self._state.get(_KEY)
        if not raw:
            return None
        try:
            desired = decode(raw, Desired, limit=_MAX_KEPT_BYTES)
        except Refused as refused:
            log.warning("the kept desired state can't be read, the county sends it again: %s", refused)
            return None
        self._version = desired.version
        return desired

    def _take(self, desired: Desired, judged: Judged) -> None:
        self._wanted = desired
        self.desired = in_force(desired, judged.settings)
        people = {person.id: person for person in desired.people}
        self._cards: dict[bytes, Card] = {card.token: card for card in desired.cards}
        self._people: dict[str, Person] = people
        self._tokens: dict[str, list[bytes]] = {}
        for card in desired.cards:
            if not card.lost:
                self._tokens.setdefault(card.person, []).append(card.token)

    @property
    def version(self) -> int:
        """Version in force; 0 before the first."""
        return self._version

    def card(self, token: bytes) -> Card | None:
        """Return the card of a token, or None when this station does not know it."""
        return self._cards.get(token)

    def tokens_of(self, person: str) -> list[bytes]:
        """Return the tokens of a person's cards that are not lost."""
        return self._tokens.get(person, [])

    def name_of(self, person: str) -> str:
        """Return a person's name as the kiosk shows it."""
        return self._people[person].name if person in self._people else ""

    def accept(self, desired: Desired, *, at: Moment) -> Reported:
        """Take a verified desired state, or keep the last good one and say why."""
        judged = judge_settings(desired.settings, last_good=self.desired.settings)
        reason = self._objection(desired) or self._keep(desired, judged.settings)
        if reason:
            log.warning("desired state %d refused: %s", desired.version, reason)
            return Reported(
                station=self._station, version=self._version, at=at.wall, refused=desired.version, reason=reason
            )
        self._version = desired.version
        self._take(desired, judged)
        return self._report(judged, at)

    def _report(self, judged: Judged, at: Moment) -> Reported:
        for name, reason in judged.refused.items():
            log.warning("setting %s refused: %s", name, reason)
        if judged.unknown:
            log.info("%d settings are not known here", len(judged.unknown))
        return Reported(
            station=self._station,
            version=self._version,
            at=at.wall,
            unknown=judged.unknown,
            refused_settings=judged.refused,
            kept_settings={name: getattr(judged.settings, name) for name in judged.refused},
        )

    def _objection(self, desired: Desired) -> str:
        if desired.version < self._version:
            return f"version {desired.version} is older than {self._version}"
        if len({window.id for window in desired.windows}) != len(desired.windows):
            return "two windows have one id"
        wrong = next((window for window in desired.windows if not _possible(window)), None)
        return f"window {wrong.id} ends before it starts or is longer than a day" if wrong else ""

    def _keep(self, desired: Desired, settings: Settings) -> str:
        """Keep the settings first: with the document before them, what a refused value falls back to would be lost."""
        if desired == self._wanted and desired.version == self._version:
            return ""
        try:
            self._state.put(_SETTINGS_KEY, encode(settings))
            self._state.put(_KEY, encode(desired))
        except (StorageFull, StorageFailed) as error:
            return f"not kept: {error}"[:MAX_LONG_TEXT]
        return ""


def _possible(window: DutyWindow) -> bool:
    return window.start < window.end <= window.start + 24 * 60
