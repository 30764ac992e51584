"""All that the county knew at one moment, each part made when it is first asked for."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from server_broker.settlement.due import Duties
from server_broker.settlement.holders import Holders
from server_broker.settlement.index import Index
from server_broker.settlement.notices import Notices
from server_broker.settlement.parameters import Parameters
from server_broker.settlement.places import Places, Sites
from server_broker.settlement.record import Record, Unread
from server_broker.settlement.stretches import Stretches
from server_broker.settlement.times import Minute, Moment
from server_broker.settlement.touches import Touches
from server_broker.settlement.ups_and_downs import Downs


class Knowledge:
    """What was known at ``at``."""

    def __init__(self, index: Index, at: Moment) -> None:
        self.index = index
        self.at = at
        self._unread: dict[str, Stretches[Unread]] = {}

    def back_to(self, at: Moment) -> "Knowledge":
        """Return what was known at an earlier moment."""
        return Knowledge(self.index, at)

    @cached_property
    def places(self) -> Places:
        """The tree of regions."""
        return self.index.places(self.at)

    @cached_property
    def parameters(self) -> Parameters:
        """What the regions set."""
        return Parameters(self.index.world.parameters, self.places, self.at)

    @cached_property
    def duties(self) -> Duties:
        """Whose duty is when."""
        return Duties(self.index, self.at)

    @cached_property
    def notices(self) -> Notices:
        """What stops work."""
        return Notices(self.index.notices, self.places, self.at)

    @cached_property
    def sites(self) -> Sites:
        """The stations by village."""
        known = (station for station in self.index.world.stations if station.known <= self.at)
        return Sites(known, self.places)

    @cached_property
    def records(self) -> dict[str, Record]:
        """What each station has told."""
        known = (station for station in self.index.world.stations if station.known <= self.at)
        return {station.id: Record(station, self.at) for station in known}

    @cached_property
    def downs(self) -> dict[str, Downs]:
        """When each station was down."""
        return {station: Downs(record) for station, record in self.records.items()}

    @cached_property
    def holders(self) -> Holders:
        """Whose card it was."""
        return Holders(self.index.world.bindings, self.index.world.orders, self.at)

    @cached_property
    def touches(self) -> Touches:
        """Whose touches there are."""
        return Touches(self.records.values(), self.holders)

    def unread(self, station: str) -> Sequence[Unread]:
        """Return what a station told that is held or lost, and not written off."""
        return self._stretches(station).all

    def unread_around(self, station: str, first: Minute, last: Minute) -> Iterable[Unread]:
        """Return what of it may lie on the dates of these minutes; of very much within one bracket some."""
        return self._stretches(station).around(first, last)

    def _stretches(self, station: str) -> Stretches[Unread]:
        if station not in self._unread:
            self._unread[station] = Stretches(self.records[station].unread(), lambda one: one.bracket, lambda one: None)
        return self._unread[station]
