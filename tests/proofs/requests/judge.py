"""Judge from psql's rows and the pages of telephones alone what became of the requests."""

import datetime as dt
import html
import re
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from tests.proofs.requests.kiosk_hand import AtKiosk
from tests.proofs.requests.office import Office
from tests.proofs.requests.phone_hand import patiently

_LIMITS = ((1, 1), (3, 2))
"""Up to so many dates the rank of a village, of a township; above, that of the county."""
_SAID = {"accepted": r"(?<![不没])同意", "refused": "[不没]同意", "withdrawn": "撤回", "open": "等"}


class Telephone(Protocol):
    """On which a person reads."""

    def page(self, path: str) -> str:
        """Return a page."""


@dataclass
class Findings:
    """What is wrong, with examples."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, about: str) -> None:
        """Count one, on whatever thread."""
        with self._lock:
            self.counts[kind] += 1
            if len(self.examples) < 30:
                self.examples.append(f"{kind}: {about}")


class Judge:
    """Asks the database through psql. ``since`` leaves out requests of the county up to that key."""

    def __init__(self, office: Office, *, since: int = 0) -> None:
        self._office = office
        self._since = since
        self.found = Findings()

    def all(self) -> Findings:
        """Judge what must hold of every request, whoever made it."""
        self._decided_once()
        self._by_themselves()
        self._out_of_scope()
        self._withdrawn_before()
        return self.found

    def _rows(self, query: str) -> list[list[str]]:
        return [row for row in self._office.county.sql(query) if row != [""]]

    def kiosks(self, made: Iterable[AtKiosk]) -> None:
        """Whatever was green at a kiosk is there, once."""
        rows = self._rows(
            "SELECT station_id, kind, to_char(begin_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'), number,"
            " count(*) FROM requests_request GROUP BY 1, 2, 3, 4"
        )
        by_number = {(row[0], row[3]): int(row[4]) for row in rows}
        by_day = Counter((row[0], row[1], row[2]) for row in rows)
        for one in made:
            day = one.begin.strftime("%Y-%m-%d %H:%M")
            if not by_day[one.station, one.kind, day] or (one.number and not by_number.get((one.station, one.number))):
                self.found.add("lost", f"{one}")
        # Of one day a station has one request to be away, however often its agent died and its broker was killed.
        for (station, kind, day), count in by_day.items():
            if kind != "swap" and count > 1:
                self.found.add("doubled", f"{station} {kind} {day}")
        for (station, number), count in by_number.items():
            if count > 1:
                self.found.add("doubled", f"{station} {number}")

    def county(self, made: Iterable[int], days: Iterable[tuple[str, str]]) -> None:
        """Whatever the county took is there, once."""
        rows = self._rows(
            "SELECT r.id, p.number, to_char(r.begin_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD'),"
            " EXISTS (SELECT 1 FROM requests_answer a WHERE a.asked_id = r.id AND a.outcome = 'refused')"
            " FROM requests_countyrequest r JOIN people_person p ON p.id = r.person_id"
            f" WHERE r.id > {self._since} AND r.kind IN ('leave', 'field_duty', 'residency')"
        )
        keys, there = {int(row[0]) for row in rows}, {(row[1], row[2]) for row in rows}
        # What was refused may be asked for again.
        standing = Counter((row[1], row[2]) for row in rows if row[3] == "f")
        for key in set(made) - keys:
            self.found.add("lost", f"c{key}")
        for one in set(days) - there:
            self.found.add("lost", f"{one}")
        for one, count in standing.items():
            if count > 1:
                self.found.add("doubled", f"{one}")

    def _decided_once(self) -> None:
        twice = (
            f"SELECT asked_id, step FROM requests_answer WHERE step > 0 AND asked_id > {self._since}"
            " GROUP BY 1, 2 HAVING count(*) > 1",
            "SELECT request_id, step FROM requests_answer WHERE step > 0 AND request_id IS NOT NULL"
            " GROUP BY 1, 2 HAVING count(*) > 1",
            "SELECT source FROM duty_absence WHERE source <> '' GROUP BY 1 HAVING count(*) > 1",
            "SELECT window_id, day, giver_id FROM attendance_swap GROUP BY 1, 2, 3 HAVING count(*) > 1",
        )
        for query in twice:
            for row in self._rows(query):
                self.found.add("doubled", f"decided twice: {row}")

    def _decisions(self) -> list[list[str]]:
        """Return each decision: its key, actor, the actor's person, role and region, whose request it is, where, who
        wrote it down, the dates that it touches, and the outcome."""
        return self._rows(
            "SELECT coalesce('c' || c.id, 's' || s.request_id), a.actor, coalesce(u.person_id, 0), u.role,"
            " coalesce(u.region_id, ''), p.id, p.village_id, coalesce(c.asked_by, ''), coalesce(a.length, 0),"
            " a.outcome, coalesce(w.person_id, 0), a.lender"
            " FROM requests_answer a JOIN accounts_user u ON u.username = a.actor"
            " LEFT JOIN requests_countyrequest c ON c.id = a.asked_id"
            " LEFT JOIN requests_stationcase s ON s.request_id = a.request_id"
            " JOIN people_person p ON p.id = coalesce(c.person_id, s.person_id)"
            " LEFT JOIN accounts_user w ON w.username = c.asked_by AND c.asked_by <> ''"
            f" WHERE a.step > 0 AND (a.asked_id IS NULL OR a.asked_id > {self._since})"
        )

    def _by_themselves(self) -> None:
        for key, actor, own, _, _, person, _, asked_by, _, _, writer, _ in self._decisions():
            is_theirs = own != "0" and own in (person, writer)
            if is_theirs or actor == asked_by:
                self.found.add("self_approved", f"{key} by {actor}")

    def _out_of_scope(self) -> None:
        for key, actor, _, role, region, _, village, _, length, _, _, _ in self._decisions():
            place = re.sub(r"(000000|000)$", "", region)
            level = {6: 3, 9: 2}.get(len(place), 1)
            rank = min(level, 1) if role == "secretary" else level
            needed = next((rank for most, rank in _LIMITS if int(length) <= most), 3)
            if not region or not village.startswith(place) or rank < needed:
                self.found.add("out_of_scope", f"{key} of {village}, {length} dates, by {actor} of {region}")

    def _withdrawn_before(self) -> None:
        rows = self._rows(
            "SELECT a.id FROM requests_answer a JOIN requests_countyrequest c ON c.id = a.asked_id"
            f" WHERE a.step > 0 AND c.withdrawn_at < a.at AND c.id > {self._since}"
            " UNION ALL SELECT a.id FROM requests_answer a JOIN requests_request r ON r.id = a.request_id"
            " JOIN requests_withdrawal w ON w.request = r.request AND w.station_id = r.station_id"
            " WHERE a.step > 0 AND w.received_at < a.at"
        )
        for row in rows:
            self.found.add("decided_though_withdrawn", f"answer {row[0]}")

    def outcomes_here(self) -> dict[int, tuple[str, str, str]]:
        """Return person, number and outcome of each request of the county, by its key."""
        rows = self._rows(
            "SELECT c.id, p.number, c.number, CASE WHEN c.withdrawn_at IS NOT NULL THEN 'withdrawn'"
            " ELSE coalesce((SELECT a.outcome FROM requests_answer a WHERE a.asked_id = c.id AND a.is_last"
            " ORDER BY a.at DESC LIMIT 1), 'open') END"
            " FROM requests_countyrequest c JOIN people_person p ON p.id = c.person_id"
            f" WHERE c.kind IN ('leave', 'field_duty', 'residency') AND c.id > {self._since}"
        )
        return {int(row[0]): (row[1], row[2], row[3]) for row in rows}

    def outcomes_at_stations(self) -> list[tuple[str, str, str]]:
        """Return person, number and outcome of each request of a station."""
        rows = self._rows(
            "SELECT p.number, r.number, CASE WHEN s.taken_back THEN 'withdrawn' ELSE coalesce((SELECT a.outcome"
            " FROM requests_answer a WHERE a.request_id = r.id ORDER BY a.at DESC LIMIT 1), 'open') END"
            " FROM requests_request r JOIN requests_stationcase s ON s.request_id = r.id"
            " JOIN people_person p ON p.id = s.person_id"
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def seen(
        self,
        person: str,
        phone: Telephone,
        here: Iterable[tuple[int, str, str]],
        at_stations: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Have a person read on their telephone what became of each of their requests.

        Args:
            here: Key, number and outcome of those that the county took.
            at_stations: Number and outcome of the others.
        """
        for key, number, outcome in here:
            page = patiently(partial(phone.page, f"/asked/{key}/"))
            self._must_say(_words(page), number, outcome, person)
        if not at_stations:
            return
        listed = patiently(partial(phone.page, "/")).split("<li>")
        for number, outcome in at_stations:
            own = next((part for part in listed if f"编号 {number}" in part), "")
            self._must_say(_words(own), number, outcome, person)

    def _must_say(self, text: str, number: str, outcome: str, person: str) -> None:
        if number not in text or not re.search(_SAID[outcome], text):
            self.found.add("unseen_by_asker", f"{person} {number} {outcome}: {text[:120]}")


def _words(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>|\s", "", page))


def today() -> dt.date:
    """Return the day in the village."""
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
