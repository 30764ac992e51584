"""``./run prove dated``: days of edits in a county's villages; is each evening's answer the same for ever?

Each evening the proof asks who is on file, who held which card, who is on which post, whose window it is and who is
due, and keeps the answers. In the end it asks again as of each evening. It reads every dated row with psql each evening
and counts rows that are gone or say something else than before. In the end it counts those that no decision named.
Who held which card it also reckons itself, and in one village each evening who is due.
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
from tests.proofs.private_county import county_home, private_cluster

BAD = ("as_of_differences", "overwritten", "wrong_holders", "let_through", "undecided", "due_differences")
EDITS_A_VILLAGE_DAY = 0.8
TIME = """\
The days that edits are about lie in the past and in the coming week. The time at which they are recorded is the \
database's own clock, so sixty evenings lie within the minutes of this run. Not covered: a database whose clock runs \
backwards, and edits by several officers at the same moment."""

type Answers = dict[str, list[Any]]


@dataclass
class Findings:
    """What the run found."""

    as_of_differences: int = 0
    overwritten: int = 0
    wrong_holders: int = 0
    let_through: int = 0
    undecided: int = 0
    due_differences: int = 0
    answers: int = 0
    due: int = 0
    rows: int = 0
    edits: int = 0
    refused: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)


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
        "posts": list(holdings.values_list("subject_id", "state")),
        "regions": list(places.values_list("code", "name", "ended")),
    }


def prove(*, days: int, villages: int, seed: int) -> Findings:
    """Run the days. `django.setup` must have been called, and the database must be up."""
    import psycopg  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from server_broker.dated.days import begin_of  # noqa: PLC0415
    from server_broker.dated.locking import known_now  # noqa: PLC0415
    from server_broker.people.models import Binding  # noqa: PLC0415
    from tests.proofs.dated.edits import Officers  # noqa: PLC0415
    from tests.proofs.dated.outsider import TABLES, Rows  # noqa: PLC0415

    findings = Findings()
    first = dt.date.today() - days * dt.timedelta(days=1)  # noqa: DTZ011 - the days are only names here
    officers = Officers(seed=seed, villages=villages, first=first)
    connection.ensure_connection()
    info = connection.connection.info
    with psycopg.connect(host=info.host, dbname=info.dbname, user=info.user, port=info.port, autocommit=True) as link:
        rows = Rows(link)
        rows.forget_undecided()
        kept: list[tuple[dt.datetime, dt.datetime, list[bytes], Answers]] = []
        for number in range(days):
            day = first + number * dt.timedelta(days=1)
            officers.day(day, max(1, round(villages * EDITS_A_VILLAGE_DAY)))
            evening, known = begin_of(day) + dt.timedelta(hours=20), known_now()
            tokens = sorted(officers.cards)
            kept.append((evening, known, tokens, ask(evening, None, tokens)))
            rows.look()
            table = TABLES[number % len(TABLES)]
            if (row := rows.some_row(table, number * 7)) is not None:
                findings.let_through += rows.try_to_change(table, row)
            findings.wrong_holders += _wrong(officers.cards, evening, findings)
            findings.due_differences += _due_otherwise(link, number, day, findings)
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
                if len(findings.examples) < 10:
                    findings.examples.append(f"{token.hex()} {when}: {number}, reckoned {reckoning.at(when)}")
    return wrong


def _due_otherwise(link: Any, number: int, day: dt.date, findings: Findings) -> int:
    """Return for how many people of one village the county and the plain reckoning differ about being due."""
    from server_broker.attendance.as_of import code_of  # noqa: PLC0415
    from server_broker.dated.days import begin_of  # noqa: PLC0415
    from server_broker.dated.models import AsOf  # noqa: PLC0415
    from server_broker.duty.reading import Asked, turns_in  # noqa: PLC0415
    from server_broker.regions.models import Region  # noqa: PLC0415
    from server_broker.workdays.days import workdays  # noqa: PLC0415
    from server_broker.workdays.notices import stops  # noqa: PLC0415
    from tests.proofs.dated.due_again import due_again  # noqa: PLC0415
    from tests.server_broker.duty.reckoned_twice import said  # noqa: PLC0415

    villages = list(
        Region.objects.exclude(code__endswith="000").order_by("identity").values_list("identity", flat=True)
    )
    village, beside = villages[number % len(villages)], 3 * dt.timedelta(days=1)
    working = {date: one.working for date, one in workdays(day - beside, day + beside).items()}
    turns = turns_in([village], Asked(day, day))
    ours = {(turn.person, turn.window.id): said(turn) for turn in turns if turn.due}
    code = code_of(Region.objects.get(identity=village), AsOf(begin_of(day)))
    stopped = [
        (one.begin.astimezone(CHINA).replace(tzinfo=None), one.end.astimezone(CHINA).replace(tzinfo=None))
        for one in stops(day - beside, day + beside)
        if code.startswith(one.prefix)
    ]
    theirs = due_again(link, village, day, working=working, stopped=stopped)
    findings.due += len(theirs)
    differing = {key for key, _ in ours.items() ^ theirs.items()}
    if differing and len(findings.examples) < 10:
        findings.examples.append(f"{day} in {village}: {sorted(differing)}")
    return len(differing)


def _compare(findings: Findings, then: Answers, now: Answers, evening: dt.datetime) -> None:
    for kind, answers in then.items():
        before, after = Counter(map(repr, answers)), Counter(map(repr, now[kind]))
        findings.answers += len(answers)
        differing = (before - after).total() + (after - before).total()
        findings.as_of_differences += differing
        if differing and len(findings.examples) < 10:
            findings.examples.append(f"{evening} {kind}: {next(iter((before - after) | (after - before)))}")


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove dated", days=60, villages=100).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen_seed(options.seed)
    report = Report("dated", seed=seed)
    with county_home("dated") as home, private_cluster(home):
        logging.getLogger("server_broker").setLevel(logging.CRITICAL)
        findings = prove(days=options.days, villages=options.villages, seed=seed)
    for example in findings.examples:
        print(example, file=sys.stderr)
    found = {name: getattr(findings, name) for name in (*BAD, "answers", "due", "rows", "edits", "refused", "by_kind")}
    result = report.finish(as_json=options.json, days=options.days, villages=options.villages, time=TIME, **found)
    repeat = f"./run prove dated --days {options.days} --villages {options.villages} --seed {seed}"
    return exit_code(result, *BAD, repeat=repeat)


if __name__ == "__main__":
    sys.exit(main())
