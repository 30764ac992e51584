"""``./run prove requests``: what becomes of requests while all that carries them is killed?"""

import math
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from tests.proofs.requests.deciders import Deciders, Proxies
from tests.proofs.requests.judge import Judge, today
from tests.proofs.requests.kiosk_hand import MOST_AT_A_STATION, KioskHand
from tests.proofs.requests.office import AT_KIOSKS, Office, opened
from tests.proofs.requests.phone_hand import A_PERSON, PhoneHand
from tests.proofs.requests.trouble import Trouble

REQUESTS = 5_000
STATIONS, PHONES, PROXIES, READERS = 3, 3, 2, 3
"""Hands of each kind, each on a thread; the readers read in the end what became of all."""
_BY_PROXY = 0.2
_SETTLE_S, _DECIDE_S = 180, 240
BAD = (
    *("lost", "doubled", "self_approved", "out_of_scope", "decided_though_withdrawn", "unseen_by_asker"),
    *("undecided", "problems", "not_caught", "found_without_a_fault"),
)
NOT_COVERED = (
    "stations dark for days, deputies, corrections, a real Pi; a station takes 100 a day, so most come by phone"
)


class Day:
    """The large run: who asks, who decides, and what is seen afterwards."""

    def __init__(self, office: Office, *, requests: int, seed: int) -> None:
        self._office = office
        self._seed = seed
        self.at_kiosks = min(STATIONS * MOST_AT_A_STATION, round(0.3 * requests))
        self.by_proxy = round(_BY_PROXY * requests)
        self.by_phone = requests - self.at_kiosks - self.by_proxy
        others = [person.number for station in office.bench.stations for person in station.cast.people[AT_KIOSKS:]]
        others.sort(key=lambda number: number != office.asker)
        phones = math.ceil(self.by_phone / A_PERSON) + PHONES
        day = today()
        self.kiosks = [
            KioskHand(station, seed=seed + place, today=day) for place, station in enumerate(office.bench.stations)
        ]
        self.phones = [
            PhoneHand(office, others[:phones][place::PHONES], seed=seed + 10 + place, today=day)
            for place in range(PHONES)
        ]
        self.proxies = Proxies(office, others[phones:], seed=seed + 20, today=day)
        self.problems: list[str] = []
        self.undecided = 0
        self.asking_s = self.deciding_s = 0
        """How long it took to ask, and from the same begin until all was decided."""

    def live(self) -> tuple[Judge, Deciders, Trouble]:
        """Have everybody ask and decide while everything is killed, then let all of it come to rest, and judge."""
        judge = Judge(self._office)
        jobs: list[Callable[[], None]] = [
            *(lambda hand=hand: hand.work(math.ceil(self.at_kiosks / STATIONS)) for hand in self.kiosks),
            *(lambda hand=hand: hand.work(math.ceil(self.by_phone / PHONES)) for hand in self.phones),
            *(lambda hand=hand: self.proxies.work(self.by_proxy, hand, PROXIES) for hand in range(PROXIES)),
        ]
        with Deciders(self._office, seed=self._seed) as deciders:
            began = time.monotonic()
            with Trouble(self._office, seed=self._seed, asked=self._asked) as trouble:
                self._all(jobs)
            self.asking_s = round(time.monotonic() - began)
            self._wait(lambda: not self._missing_at_county(), "what was green at kiosks to come in", _SETTLE_S)
            self._let_decide()
            self.deciding_s = round(time.monotonic() - began)
        self.undecided = self._waiting()
        self._judge_stations_anew()
        self._judge(judge)
        self.problems += deciders.problems
        return judge, deciders, trouble

    def _asked(self) -> int:
        at_kiosks = sum(len(hand.done.made) for hand in self.kiosks)
        by_phone = sum(len(hand.asked.made) + len(hand.asked.stored) for hand in self.phones)
        return at_kiosks + by_phone + len(self.proxies.made)

    def _all(self, jobs: Iterable[Callable[[], None]]) -> None:
        def run(job: Callable[[], None]) -> None:
            try:
                job()
            except Exception as error:  # noqa: BLE001 -- top of a thread: the proof counts it
                self.problems.append(repr(error))

        threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _wait(self, condition: Callable[[], bool], what: str, timeout_s: float) -> None:
        try:
            wait_until(condition, what=what, timeout_s=timeout_s, every_s=2)
        except NotInTime as error:
            print(error, file=sys.stderr)

    def _let_decide(self) -> None:
        """Wait until everything is decided, as long as what waits becomes less."""
        left = self._waiting() + 1
        while 0 < self._waiting() < left:
            left = self._waiting()
            self._wait(lambda: self._waiting() == 0, f"{left} requests to be decided", _DECIDE_S)

    def _missing_at_county(self) -> int:
        made = len({(one.station, one.person, one.kind, one.begin) for hand in self.kiosks for one in hand.done.made})
        ((stored,),) = self._office.county.sql("SELECT count(*) FROM requests_request")
        return max(0, made - int(stored))

    def _waiting(self) -> int:
        ((count,),) = self._office.county.sql(
            "SELECT (SELECT count(*) FROM requests_countyrequest c WHERE kind IN ('leave', 'field_duty', 'residency')"
            " AND withdrawn_at IS NULL AND NOT EXISTS (SELECT 1 FROM requests_answer a WHERE a.asked_id = c.id))"
            " + (SELECT count(*) FROM requests_stationcase s WHERE NOT taken_back"
            " AND NOT EXISTS (SELECT 1 FROM requests_answer a WHERE a.request_id = s.request_id))"
        )
        return int(count)

    def _judge_stations_anew(self) -> None:
        """Have what was taken back at kiosks be known, as it is within a minute."""
        from django.db import connection  # noqa: PLC0415 - Django is set up
        from django.utils import timezone  # noqa: PLC0415

        from server_broker.requests.station_cases import judge_again, judge_new  # noqa: PLC0415
        from server_broker.requests.taking_up import take_up  # noqa: PLC0415

        # The database was killed since this thread asked it.
        connection.close()
        for do in (judge_new, take_up, judge_again):
            do(timezone.now())

    def _judge(self, judge: Judge) -> None:
        judge.kiosks(one for hand in self.kiosks for one in hand.done.made)
        asked = [hand.asked for hand in self.phones]
        days = {day for one in asked for day in (*one.made.values(), *one.stored)} | self.proxies.made
        judge.county((key for one in asked for key in one.made), days)
        judge.all()
        here: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        for key, (person, number, outcome) in judge.outcomes_here().items():
            here[person].append((key, number, outcome))
        there: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for person, number, outcome in judge.outcomes_at_stations():
            there[person].append((number, outcome))
        people = sorted({*here, *there})
        self._all(partial(self._read, judge, people[hand::READERS], here, there) for hand in range(READERS))

    def _read(
        self,
        judge: Judge,
        people: list[str],
        here: Mapping[str, list[tuple[int, str, str]]],
        there: Mapping[str, list[tuple[str, str]]],
    ) -> None:
        for person in people:
            judge.seen(person, self._office.telephone(person), here.get(person, ()), there.get(person, ()))


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove requests", requests=REQUESTS).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen_seed(options.seed)
    report = Report("requests", seed=seed)
    askers = math.ceil(options.requests / A_PERSON / STATIONS) + 4
    with (
        tempfile.TemporaryDirectory(prefix="ch-requests-", dir="/tmp") as name,
        opened(Path(name), people=AT_KIOSKS + askers, seed=seed) as office,
    ):
        began = time.monotonic()
        day = Day(office, requests=options.requests, seed=seed)
        judge, deciders, trouble = day.live()
        lived = round(time.monotonic() - began)
        from tests.proofs.requests.planted import PLANTED, not_caught  # noqa: PLC0415 - needs the models

        missed, without = not_caught(office)
    for line in [*judge.found.examples, *day.problems, *without]:
        print(line, file=sys.stderr)
    told: dict[str, Value] = {
        "requests": options.requests,
        "at_kiosks": sum(len(hand.done.made) for hand in day.kiosks),
        "agreed_at_kiosks": sum(hand.done.agreed for hand in day.kiosks),
        "by_phone": sum(len(hand.asked.made) + len(hand.asked.stored) for hand in day.phones),
        "by_proxy": len(day.proxies.made),
        "taken_back": sum(hand.done.withdrawn for hand in day.kiosks) + sum(one.asked.withdrawn for one in day.phones),
        "sent_twice_and_refused": sum(hand.asked.refused_twice for hand in day.phones),
        "tried_again": sum(one.done.tried_again for one in day.kiosks)
        + sum(one.asked.tried_again for one in day.phones),
        "decisions": dict(deciders.counts),
        "kills": dict(trouble.kills),
        "undecided": day.undecided,
        "asking_s": day.asking_s,
        "deciding_s": day.deciding_s,
        "lived_s": lived,
        **{name: judge.found.counts[name] for name in BAD[:6]},
        "problems": len(day.problems),
        "planted": len(PLANTED),
        "not_caught": missed,
        "found_without_a_fault": len(without),
        "not_covered": NOT_COVERED,
    }
    repeat = f"./run prove requests --requests {options.requests} --seed {seed}"
    return exit_code(report.finish(as_json=options.json, **told), *BAD, repeat=repeat)


if __name__ == "__main__":
    sys.exit(main())
