"""An outsider's verdict: what the lamps showed, compared with the rows that psql finds in the county's tables."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.proofs.link.station import LinkedStation
from tests.proofs.strangers.county import County

_TOUCHES = "select station_id, encode(card_token, 'hex'), encode(epoch, 'hex') || '/' || seq from attendance_touch"
_COUNTS = "select station_id, count(distinct card_token) from attendance_touch group by 1"
_ONLINE = "select station_id, online, connection is not null from fleet_stationstatus"
_STREAMS = "select station_id, encode(head, 'hex'), through from fleet_stream"

BAD = (
    "lost",
    "doubled",
    "invented",
    "stuck",
    "wrong_presence",
    "wrong_heads",
    "new_epochs",
    "late_receipts",
    "crashes",
)


@dataclass
class Findings:
    """What went wrong, by name, with words for a person."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, what: str, example: str) -> None:
        self.counts[what] += 1
        self.examples.append(f"{what}: {example}")


class Judge:
    """Looks at one county."""

    def __init__(self, county: County) -> None:
        self._county = county

    def stored(self) -> dict[str, int]:
        """Return how many touches of each station the county has."""
        return {station: int(count) for station, count in self._county.rows(_COUNTS)}

    def online(self) -> dict[str, bool]:
        """Return, for each station, whether the county believes that it is connected."""
        return {station: online == "t" and known == "t" for station, online, known in self._county.rows(_ONLINE)}

    def judge_heads(self, stations: Sequence[LinkedStation], findings: Findings, about: str) -> None:
        """The county's chain must end where the station's chain does."""
        streams = Counter(station for station, _, _ in self._county.rows(_STREAMS))
        heads = {(station, head, int(through)) for station, head, through in self._county.rows(_STREAMS)}
        for station in stations:
            if (station.name, station.told_head.hex(), station.told_through) not in heads:
                findings.add("wrong_heads", f"{about}, {station.name} at {station.told_through}")
            if streams[station.name] > 1:
                findings.add("new_epochs", f"{about}, {station.name}: {station.alarms}")

    def judge_touches(self, stations: Sequence[LinkedStation], findings: Findings) -> None:
        """The county has every green touch once, under its name, and nothing else."""
        rows = Counter((station, card, name) for station, card, name in self._county.rows(_TOUCHES))
        cards = Counter((station, card) for station, card, _ in rows.elements())
        green = {
            (station.name, number.to_bytes(16, "big").hex(), f"{ref.epoch.hex()}/{ref.seq}")
            for station in stations
            for number, ref in station.lamp.green.items()
        }
        for name in green - rows.keys():
            findings.add("lost", "/".join(name))
        for name in rows.keys() - green:
            findings.add("invented", "/".join(name))
        for card, count in cards.items():
            if count > 1:
                findings.add("doubled", f"{card} {count} times")
