"""``./run prove dated``: days of edits in a county's villages; is each evening's answer the same for ever?

Each evening the proof asks who is on file, who held which card, who is on which post, whose window it is, who is due
and who is excused, and keeps the answers. In the end it asks again as of each evening. It reads every dated row with
psql each evening and counts rows that are gone or say something else than before; a trigger of its own counts every
UPDATE and DELETE of them that is more than the end of a row's standing. In the end it counts rows that no decision
named. From the list of edits alone it reckons each evening who held which card, who is excused, and, for some villages
(in the end for all), who is due.
"""

import datetime as dt
import logging
import signal
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from protocol.china_time import CHINA
from tests.proofs.dated.book import Away, Book
from tests.proofs.private_county import county_home, private_cluster

BAD = ("as_of_differences", "differences", "overwritten", "let_through", "undecided")
EDITS_A_VILLAGE_DAY = 0.8
COUNTED = (
    *("wrong_holders", "wrong_excuses", "wrong_due", "answers", "due", "excused"),
    *("rows", "edits", "refused", "by_kind"),
)
RECKONED_A_DAY = 60
"""Villages whose people who are due are reckoned a second time each evening."""
TIME = """\
The days that edits are about lie in the past and in the coming week. The time at which they are recorded is the \
database's own clock, so sixty evenings lie within the minutes of this run. Not covered: a database whose clock runs \
backwards, and edits by several officers at the same moment."""

DAY = dt.timedelta(days=1)

type Answers = dict[str, list[Any]]


@dataclass
class Findings:
    """What the run found."""

    as_of_differences: int = 0
    wrong_holders: int = 0
    wrong_excuses: int = 0
    wrong_due: int = 0
    overwritten: int = 0
    let_through: int = 0
    undecided: int = 0
    answers: int = 0
    due: int = 0
    excused: int = 0
    rows: int = 0
    edits: int = 0
    refused: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    @property
    def differences(self) -> int:
        """How often the county and the reckoning from the list of edits say something else."""
        return self.wrong_holders + self.wrong_excuses + self.wrong_due

    def example(self, words: str) -> None:
        """Keep one of the first differences, for whoever looks for its cause."""
        if len(self.examples) < 10:
            self.examples.append(words)


def ask(at: dt.datetime, known: dt.datetime | None, tokens: list[bytes]) -> Answers:
    """Return what the county answers, in plain values."""
    from server_broker.attendance.as_of import (  # noqa: PLC0415 - needs `django.setup`
        bindings_of,
        due_under,
        people_under,
        places_under,
    )
    from server_broker.dated.models import AsOf  # noqa: PLC0415
    from server_broker.duty.reading import Asked, turns_in  # noqa: PLC0415
    from server_broker.people.models import HoldingRecord  # noqa: PLC0415
    from server_broker.regions.models import RegionRecord  # noqa: PLC0415

    asked, day = AsOf(at, known), at.astimezone(CHINA).date()
    bindings = bindings_of(tokens, known=known)
    held = [(token.hex(), bindings.at(token, at)) for token in tokens]
    holdings = HoldingRecord.objects.as_of(asked).order_by("subject_id")
    places = RegionRecord.objects.as_of(asked).order_by("subject_id")
    return {
        "people": [(row.number, row.name, row.village_id, row.type) for row in people_under("990101", asked)],
        "cards": [(token, row and (row.person_id, row.state)) for token, row in held],
        "windows": [
            (one.window.subject_id, one.window.name, one.window.start, one.window.weekdays, one.people)
            for one in due_under("990101", asked)
        ],
        "due": [
            (turn.person, turn.window.id, turn.day, turn.due, turn.leads, turn.share, turn.why)
            for turn in turns_in(places_under("990101", asked), Asked(day, day, known))
        ],
        "excused": sorted(excused_on(day, known)),
        "posts": list(holdings.values_list("subject_id", "state")),
        "regions": list(places.values_list("code", "name", "ended")),
    }


def excused_on(day: dt.date, known: dt.datetime | None = None) -> set[Away]:
    """Return who is away on a date, and when, as the county says."""
    from server_broker.duty.reading import Asked, absences_of  # noqa: PLC0415
    from server_broker.people.models import Person  # noqa: PLC0415
    from tests.server_broker.duty.reckoned_twice import at_minute  # noqa: PLC0415

    people = list(Person.objects.values_list("pk", flat=True))
    begin = dt.datetime.combine(day, dt.time())
    found = {
        (person, away.kind, away.code, at_minute(away.begin), at_minute(away.end))
        for person, some in absences_of(people, Asked(day, day, known)).items()
        for away in some
    }
    # The county reads the dates beside it too, because windows reach over midnight.
    return {away for away in found if away[3] < begin + DAY and begin < away[4]}


def prove(*, days: int, villages: int, seed: int) -> Findings:
    """Run the days. `django.setup` must have been called, and the database must be up."""
    import psycopg  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from server_broker.dated.days import begin_of  # noqa: PLC0415
    from server_broker.dated.locking import known_now  # noqa: PLC0415
    from server_broker.people.models import Binding  # noqa: PLC0415
    from server_broker.workdays.libraries import note_libraries  # noqa: PLC0415
    from tests.proofs.dated.county import County  # noqa: PLC0415
    from tests.proofs.dated.edits import Officers  # noqa: PLC0415
    from tests.proofs.dated.edits_people import villages_that_stand  # noqa: PLC0415
    from tests.proofs.dated.outsider import TABLES, Rows  # noqa: PLC0415

    findings = Findings()
    first = dt.date.today() - days * DAY  # noqa: DTZ011 - the days are only names here
    note_libraries()
    county = County(seed=seed, villages=villages, first=first, days=days)
    officers = Officers(county)
    connection.ensure_connection()
    info = connection.connection.info
    with psycopg.connect(host=info.host, dbname=info.dbname, user=info.user, port=info.port, autocommit=True) as link:
        rows = Rows(link)
        rows.forget_undecided()
        kept: list[tuple[dt.datetime, dt.datetime, list[bytes], Answers]] = []
        for number in range(days):
            day = first + number * DAY
            officers.day(day, max(1, round(villages * EDITS_A_VILLAGE_DAY)))
            evening, known = begin_of(day) + dt.timedelta(hours=20), known_now()
            tokens = sorted(county.cards)
            kept.append((evening, known, tokens, ask(evening, None, tokens)))
            rows.look()
            table = TABLES[number % len(TABLES)]
            if (row := rows.some_row(table, number * 7)) is not None:
                findings.let_through += rows.try_to_change(table, row)
            findings.wrong_holders += _wrong(county.cards, evening, findings)
            every = villages_that_stand()
            some = county.draw.sample(every, min(len(every), RECKONED_A_DAY))
            reckon(county.book, day, every if number == days - 1 else some, findings)
        for evening, known, tokens, answers in kept:
            _compare(findings, answers, ask(evening, known, tokens), evening)
        rows.look()
        findings.overwritten, findings.rows, findings.undecided = rows.overwritten, rows.count, rows.undecided
    assert Binding.objects.exists()
    findings.edits, findings.refused = officers.done.total(), officers.refused.total()
    findings.by_kind = dict(sorted(officers.done.items()))
    return findings


def _wrong(cards: dict[bytes, Any], evening: dt.datetime, findings: Findings) -> int:
    """Return for how many cards the county says another holder than the proof's own reckoning, at three times."""
    from server_broker.attendance.as_of import bindings_of  # noqa: PLC0415
    from server_broker.people.models import BindingState  # noqa: PLC0415

    bindings, wrong = bindings_of(list(cards)), 0
    for back in (0, 31, 200):
        when = evening - dt.timedelta(hours=back)
        for token, reckoning in cards.items():
            row = bindings.at(token, when)
            lost = row is not None and row.state == BindingState.LOST
            number = None if row is None or row.person is None or lost else row.person.number
            # Numbers never change in this county, so a person is told by the number of today.
            if number != reckoning.at(when):
                wrong += 1
                findings.example(f"{token.hex()} {when}: {number}, reckoned {reckoning.at(when)}")
    return wrong


def reckon(book: Book, day: dt.date, villages: list[int], findings: Findings) -> None:
    """Count in ``findings`` where the county and the list of edits differ about who is due and who is excused."""
    from server_broker.duty.reading import Asked, turns_in  # noqa: PLC0415
    from tests.server_broker.duty.reckoned_twice import said  # noqa: PLC0415

    turns = turns_in(villages, Asked(day, day))
    ours = {(turn.person, turn.window.id): said(turn) for turn in turns if turn.due}
    theirs = book.due_on(day, villages)
    findings.due += len(theirs)
    for person, window in sorted({key for key, _ in ours.items() ^ theirs.items()}):
        findings.wrong_due += 1
        key = (person, window)
        findings.example(f"{day} person {person}, window {window}: {ours.get(key)}, reckoned {theirs.get(key)}")
    away, reckoned = excused_on(day), book.away_on(day)
    findings.excused += len(reckoned)
    findings.wrong_excuses += len(away ^ reckoned)
    for one in sorted(away ^ reckoned):
        findings.example(f"{day} {'only the county' if one in away else 'only the list'} says away: {one}")


def _compare(findings: Findings, then: Answers, now: Answers, evening: dt.datetime) -> None:
    for kind, answers in then.items():
        before, after = Counter(map(repr, answers)), Counter(map(repr, now[kind]))
        findings.answers += len(answers)
        differing = (before - after).total() + (after - before).total()
        findings.as_of_differences += differing
        if differing:
            findings.example(f"{evening} {kind}: {next(iter((before - after) | (after - before)))}")


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove dated", days=60, villages=500).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen_seed(options.seed)
    report = Report("dated", seed=seed)
    with county_home("dated") as home, private_cluster(home):
        logging.getLogger("server_broker").setLevel(logging.CRITICAL)
        findings = prove(days=options.days, villages=options.villages, seed=seed)
    for example in findings.examples:
        print(example, file=sys.stderr)
    found = {name: getattr(findings, name) for name in (*BAD, *COUNTED)}
    result = report.finish(as_json=options.json, days=options.days, villages=options.villages, time=TIME, **found)
    repeat = f"./run prove dated --days {options.days} --villages {options.villages} --seed {seed}"
    return exit_code(result, *BAD, repeat=repeat)


if __name__ == "__main__":
    sys.exit(main())
