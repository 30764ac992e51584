"""Keep the desired state: what the county wants this station to know.

The document is taken or refused as a whole. Its settings are judged one by one: when a value is wrong, the last good
value stays in force.
"""

import logging
from typing import Any

import msgspec
from msgspec import Struct

from agent.storage.errors import StorageError
from agent.storage.state import StateSlot, StateStore
from protocol.plain_text import one_line
from protocol.twin import (
    Card,
    Contact,
    Desired,
    DutyWindow,
    HelpSeen,
    Judged,
    PackRef,
    Person,
    Reported,
    Settings,
    ShelfRef,
    judge_settings,
)
from protocol.units import MAX_LONG_TEXT, Moment

log = logging.getLogger(__name__)


class EffectiveState(Struct, frozen=True):
    """What is in force at this station: the desired state, with the settings as they were judged."""

    station_name: str
    village: str
    settings: Settings
    people: list[Person]
    cards: list[Card]
    windows: list[DutyWindow]
    packs: list[PackRef]
    front_door: str
    """Where telephones reach the county; empty for nowhere."""
    help: HelpSeen | None = None
    contact: Contact | None = None
    duty_board: str = ""
    """What everybody may see of who is on duty, as in `protocol.twin.Desired`."""


def _seen(person: Person) -> Person:
    """Return somebody with the name that people see. Two names that look alike are then told apart as such."""
    name = one_line(person.name)
    return person if name == person.name else msgspec.structs.replace(person, name=name)


def effective_state(desired: Desired, settings: Settings) -> EffectiveState:
    """Return what is in force with this desired state and these settings."""
    return EffectiveState(
        station_name=desired.station_name,
        village=desired.village,
        settings=settings,
        people=[_seen(person) for person in desired.people],
        cards=desired.cards,
        windows=desired.windows,
        packs=desired.packs,
        front_door=desired.front_door,
        help=desired.help,
        contact=desired.contact,
        duty_board=desired.duty_board,
    )


class Twin:
    """The last good desired state. Before the first one it has the station's name and no people."""

    def __init__(self, *, station: str, village: str, state: StateStore) -> None:
        self._station = station
        self._desired_slot = StateSlot(state, "desired", Desired, title="the desired state")
        # Not of the type `Settings`, which is read as a whole: `judge_settings` leaves out single values that another
        # version of the program kept, and takes the rest.
        self._settings_slot = StateSlot(state, "settings", dict[str, Any], title="the list of kept settings")
        self._named_slot = StateSlot(state, "shelf_named", ShelfRef, title="the name of the shelf's index")
        self._named = self._named_slot.read()
        self._version = 0
        nobody = Desired(station=station, version=1, station_name=village, village=village)
        kept = self._desired_slot.read()
        if kept is not None:
            self._version = kept.version
        desired = kept or nobody
        # The kept settings matter only where the document's own value is refused.
        last_good = judge_settings(self._settings_slot.read() or {}, last_good=Settings()).settings
        self._take(desired, judge_settings(desired.settings, last_good=last_good))

    def _take(self, desired: Desired, judged: Judged) -> None:
        self._document = desired
        self._judged = judged
        self.desired = effective_state(desired, judged.settings)
        people = {person.id: person for person in self.desired.people}
        self._cards: dict[bytes, Card] = {card.token: card for card in desired.cards}
        self._people: dict[str, Person] = people
        self._tokens: dict[str, list[bytes]] = {}
        for card in desired.cards:
            self._tokens.setdefault(card.person, []).append(card.token)

    @property
    def version(self) -> int:
        """Version of the document in force; 0 before the first."""
        return self._version

    @property
    def shelf(self) -> ShelfRef | None:
        """The newest name of the shelf's index, from wherever it came."""
        names = [name for name in (self._document.shelf, self._named) if name is not None]
        return max(names, key=lambda name: name.version, default=None)

    @property
    def region(self) -> str:
        """The 12-digit code of the station's village; empty if the county has not told it."""
        return self._document.region

    def name_shelf(self, ref: ShelfRef) -> None:
        """Take a name of the shelf's index that came by itself. An older one than the last changes nothing."""
        if self.shelf is None or ref.version > self.shelf.version:
            self._named = ref
            self._named_slot.keep(ref)

    def card(self, token: bytes) -> Card | None:
        """Return the card with a token, or None when this station does not know it."""
        return self._cards.get(token)

    def tokens_of(self, person: str) -> list[bytes]:
        """Return the tokens of a person's cards, lost ones too: what was touched before the loss still counts."""
        return self._tokens.get(person, [])

    def name_of(self, person: str) -> str:
        """Return a person's name as the kiosk shows it."""
        return self._people[person].name if person in self._people else ""

    def type_of(self, person: str) -> str:
        """Return what sort of person it is, by the county's code; empty if it does not say."""
        return self._people[person].type if person in self._people else ""

    def village_of(self, person: str) -> str:
        """Return the village of somebody who comes from another one; empty for the village's own people."""
        return self._people[person].village if person in self._people else ""

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
        for name, reason in judged.refused.items():
            log.warning("setting %s refused: %s", name, reason)
        if judged.unknown:
            log.info("%d settings are not known here", len(judged.unknown))
        return self.reported(at=at)

    def reported(self, *, at: Moment) -> Reported:
        """Return what is in force, as the county is told it."""
        judged = self._judged
        return Reported(
            station=self._station,
            version=self._version,
            at=at.wall,
            unknown=judged.unknown,
            refused_settings=judged.refused,
            kept_settings={name: getattr(judged.settings, name) for name in judged.refused},
        )

    def _objection(self, desired: Desired) -> str:
        """Return why a document can't be taken, or an empty string."""
        # The same version is taken again: the county sends it when it missed the report.
        if desired.version < self._version:
            return f"version {desired.version} is older than {self._version}"
        if len({window.id for window in desired.windows}) != len(desired.windows):
            return "two windows have one id"
        for window in desired.windows:
            if not window.start < window.end <= window.start + 24 * 60:
                return f"window {window.id} ends before it starts or is longer than a day"
        return ""

    def _keep(self, desired: Desired, settings: Settings) -> str:
        """Keep the settings and the document on disk; return why that failed, or an empty string.

        The settings go first. If a power cut came between the two with the document kept first, the last good value
        of a setting that the document has wrong would be lost.
        """
        if desired == self._document and desired.version == self._version:
            return ""
        try:
            self._settings_slot.write(msgspec.structs.asdict(settings))
            self._desired_slot.write(desired)
        except StorageError as error:
            return f"not kept: {error}"[:MAX_LONG_TEXT]
        return ""
