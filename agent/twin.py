"""Keep the desired state: what the county wants this station to know, on disk and at hand."""

import logging

from agent.clock import State
from agent.outbox.errors import OutboxBroken, OutboxFull
from protocol.codec import decode, encode
from protocol.refusal import Refused
from protocol.twin import Card, Desired, DutyWindow, Person, Reported
from protocol.units import Moment

log = logging.getLogger(__name__)

_KEY = "desired"
_MAX_KEPT_BYTES = 1 << 20


class Twin:
    """The last good desired state; before the first one it names the station and nobody."""

    def __init__(self, *, station: str, village: str, state: State) -> None:
        self._station = station
        self._state = state
        self._version = 0
        nobody = Desired(station=station, version=1, station_name=village, village=village)
        self._take(self._kept() or nobody)

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

    def _take(self, desired: Desired) -> None:
        self.desired = desired
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
        reason = self._objection(desired) or self._keep(desired)
        if reason:
            log.warning("desired state %d refused: %s", desired.version, reason)
            return Reported(
                station=self._station, version=self._version, at=at.wall, refused=desired.version, reason=reason
            )
        self._version = desired.version
        self._take(desired)
        return Reported(station=self._station, version=self._version, at=at.wall)

    def _objection(self, desired: Desired) -> str:
        if desired.version < self._version:
            return f"version {desired.version} is older than {self._version}"
        if len({window.id for window in desired.windows}) != len(desired.windows):
            return "two windows have one id"
        wrong = next((window for window in desired.windows if not _possible(window)), None)
        return f"window {wrong.id} ends before it starts or is longer than a day" if wrong else ""

    def _keep(self, desired: Desired) -> str:
        if desired == self.desired and desired.version == self._version:
            return ""
        try:
            self._state.put(_KEY, encode(desired))
        except (OutboxFull, OutboxBroken) as error:
            return f"not kept: {error}"[:400]
        return ""


def _possible(window: DutyWindow) -> bool:
    return window.start < window.end <= window.start + 24 * 60
