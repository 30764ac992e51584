"""Mark the people of whom something may have changed: by new and re-dated answers, by cards, by corrected questions.

PostgreSQL notes visits and cards (`progress.models`), so whoever stores an answer or binds a card need not know of it.
A visit whose touch or number has not come waits, and is searched for again now and then.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import transaction

from server_broker.attendance.tables import TOUCHES
from server_broker.learning.models import RemarkedQuestion
from server_broker.learning.tables import ATTEMPTS, CHOICES, LEVEL_RUNS
from server_broker.people.models import Binding, Card, PersonRecord
from server_broker.pins.tables import NUMBER_ENTRIES
from server_broker.platform.sql import execute, query, take_notes
from server_broker.progress.models import ProgressState, Visit
from server_broker.progress.surplus import is_apart

AT_A_TIME = 5_000
"""Notes that are taken in one transaction."""
WAITING_AT_A_TIME = 500
LATELY = dt.timedelta(hours=2)
SEARCHED_AGAIN = dt.timedelta(minutes=1)

type _Visit = tuple[str, bytes, int]

_LOOK_UP = f"""
INSERT INTO progress_visit (station_id, epoch, seq, card_token, number, looked_at)
SELECT w.station, w.epoch, w.seq, nullif(t.card_token, ''), coalesce(e.number, ''), %(now)s
FROM unnest(%(stations)s::text[], %(epochs)s::bytea[], %(seqs)s::bigint[]) AS w (station, epoch, seq)
LEFT JOIN {TOUCHES} t ON (t.station_id, t.epoch, t.seq) = (w.station, w.epoch, w.seq)
LEFT JOIN {NUMBER_ENTRIES} e ON (e.station_id, e.epoch, e.seq) = (w.station, w.epoch, w.seq)
    AND e.answer = 'accepted' AND e.counts
ON CONFLICT (station_id, epoch, seq) DO UPDATE SET looked_at = excluded.looked_at,
    card_token = CASE WHEN excluded.card_token IS NULL AND excluded.number = ''
        THEN progress_visit.card_token ELSE excluded.card_token END,
    number = CASE WHEN excluded.card_token IS NULL AND excluded.number = ''
        THEN progress_visit.number ELSE excluded.number END
RETURNING card_token, number
"""  # noqa: S608 - our own constants


def take_marks(now: dt.datetime) -> int:
    """Take the notes that are there, mark the people whom they concern, and return how many notes there were."""
    with transaction.atomic():
        visits = take_notes("progress_visitdue", "station_id, epoch, seq", most=AT_A_TIME)
        cards = take_notes("progress_carddue", "card", most=AT_A_TIME)
        tokens, numbers = _look_up(_counting({(station, bytes(epoch), seq) for station, epoch, seq in visits}), now)
        bound = Card.objects.filter(pk__in={card for (card,) in cards}).values_list("token", flat=True)
        tokens |= _answered_with([bytes(token) for token in bound])
        _mark_people(tokens, numbers, now)
        return len(visits) + len(cards) + _take_remarked(now)


def search_again(now: dt.datetime) -> int:
    """Search for the touches and numbers that had not come, the longest waiting first; return how many came."""
    waiting = Visit.objects.filter(card_token=None, number="", looked_at__lte=now - SEARCHED_AGAIN)
    rows = waiting.order_by("looked_at").values_list("station", "epoch", "seq")[:WAITING_AT_A_TIME]
    with transaction.atomic():
        tokens, numbers = _look_up({(station, bytes(epoch), seq) for station, epoch, seq in rows}, now)
        _mark_people(tokens, numbers, now)
    return len(tokens) + len(numbers)


def mark_new_faces(now: dt.datetime) -> int:
    """Mark whoever showed lately who they are at a station that was not told of them; return how many. The night finds
    the rest."""
    rows = query(
        f"""SELECT DISTINCT s.person_id FROM (
            SELECT b.person_id, t.station_id FROM {TOUCHES} t JOIN people_card c ON c.token = t.card_token
            JOIN people_binding b ON b.subject_id = c.id AND b.superseded_at IS NULL AND b.state = 'held'
            WHERE t.wall > %(since)s AND t.wall <= %(now)s
            UNION ALL SELECT r.subject_id, e.station_id FROM {NUMBER_ENTRIES} e
            JOIN people_personrecord r ON r.number = e.number
            WHERE e.wall > %(since)s AND e.wall <= %(now)s AND e.answer = 'accepted' AND e.counts
        ) s JOIN progress_personprogress p ON p.person_id = s.person_id
        LEFT JOIN progress_told o ON o.person_id = s.person_id AND o.station_id = s.station_id
        WHERE o.id IS NULL""",  # noqa: S608 - our own constants
        {"since": now - LATELY, "now": now},
    )
    mark((person for (person,) in rows), now)
    return len(rows)


def note_all() -> None:
    """Note every visit in which something was answered or chosen, as the triggers would have."""
    for table in (ATTEMPTS, LEVEL_RUNS, CHOICES):
        execute(
            f"""INSERT INTO progress_visitdue (station_id, epoch, seq)
            SELECT a.station_id, a.by_epoch, a.by_seq FROM {table} a
            LEFT JOIN progress_visit v ON (v.station_id, v.epoch, v.seq) = (a.station_id, a.by_epoch, a.by_seq)
            WHERE a.by_seq IS NOT NULL AND v.id IS NULL AND NOT {is_apart(table, "a")}
            GROUP BY a.station_id, a.by_epoch, a.by_seq""",  # noqa: S608 - our own constants
            [],
        )


def mark(people: Iterable[int], now: dt.datetime) -> None:
    """Mark these people. Whoever is marked stays so until they are computed."""
    execute(
        """INSERT INTO progress_persondue (person_id, marked_at) SELECT unnest(%s::bigint[]), %s
        ON CONFLICT (person_id) DO NOTHING""",
        [sorted(set(people)), now],
    )


def state(*, locked: bool = False) -> ProgressState:
    """Return how far this room has got."""
    ProgressState.objects.get_or_create(pk=1)
    rows = ProgressState.objects.select_for_update() if locked else ProgressState.objects
    return rows.get(pk=1)


def _counting(visits: Collection[_Visit]) -> set[_Visit]:
    """Return those of the visits that are known, or in which something was said that is not set apart."""
    if not visits:
        return set()
    stations, epochs, seqs = zip(*sorted(visits), strict=True)
    said = " OR ".join(
        f"""EXISTS (SELECT FROM {table} a WHERE (a.station_id, a.by_epoch, a.by_seq) = (w.station, w.epoch, w.seq)
            AND NOT {is_apart(table, "a")})"""
        for table in (ATTEMPTS, LEVEL_RUNS, CHOICES)
    )
    rows = query(
        f"""SELECT w.station, w.epoch, w.seq
        FROM unnest(%s::text[], %s::bytea[], %s::bigint[]) AS w (station, epoch, seq)
        WHERE EXISTS (SELECT FROM progress_visit v
            WHERE (v.station_id, v.epoch, v.seq) = (w.station, w.epoch, w.seq)) OR {said}""",  # noqa: S608 - likewise
        [list(stations), list(epochs), list(seqs)],
    )
    return {(station, bytes(epoch), seq) for station, epoch, seq in rows}


def _look_up(visits: Collection[_Visit], now: dt.datetime) -> tuple[set[bytes], set[str]]:
    """Find the touches and numbers of visits, and return the cards and numbers that they are of or were of."""
    if not visits:
        return set(), set()
    stations, epochs, seqs = zip(*sorted(visits), strict=True)
    asked = {"stations": list(stations), "epochs": list(epochs), "seqs": list(seqs)}
    were = query(
        """SELECT v.card_token, v.number FROM progress_visit v
        JOIN unnest(%(stations)s::text[], %(epochs)s::bytea[], %(seqs)s::bigint[]) AS w (station, epoch, seq)
        ON (v.station_id, v.epoch, v.seq) = (w.station, w.epoch, w.seq)""",
        asked,
    )
    found = [*were, *query(_LOOK_UP, {**asked, "now": now})]
    return cards_and_numbers(found)


def cards_and_numbers(rows: Iterable[tuple[Any, ...]]) -> tuple[set[bytes], set[str]]:
    """Return the cards and the numbers of visits, each given by both of its columns."""
    listed = list(rows)
    return {bytes(token) for token, _ in listed if token is not None}, {number for _, number in listed if number}


def _answered_with(tokens: Sequence[bytes]) -> set[bytes]:
    """Return those of the cards with which somebody answered."""
    rows = Visit.objects.filter(card_token__in=list(tokens)).values_list("card_token", flat=True).distinct()
    return {bytes(token) for token in rows if token is not None}


def _mark_people(tokens: Collection[bytes], numbers: Collection[str], now: dt.datetime) -> None:
    if people := people_of(tokens, numbers):
        mark(people, now)


def people_of(tokens: Collection[bytes], numbers: Collection[str]) -> set[int]:
    """Return whoever had one of the cards or numbers at any time, also by a row that was corrected since."""
    people: set[int] = set()
    if tokens:
        held = Binding.objects.filter(subject__token__in=sorted(tokens), person__isnull=False)
        people |= {person for person in held.values_list("person", flat=True).distinct() if person is not None}
    if numbers:
        people |= set(PersonRecord.objects.filter(number__in=numbers).values_list("subject", flat=True).distinct())
    return people


def _take_remarked(now: dt.datetime) -> int:
    """Mark whoever has answered a question whose answer was corrected since the last look."""
    own = state(locked=True)
    rows = list(RemarkedQuestion.objects.filter(pk__gt=own.remarked).select_related("pack").order_by("pk"))
    for row in rows:
        found = query(
            f"""SELECT DISTINCT v.card_token, v.number FROM {ATTEMPTS} a
            JOIN progress_visit v ON (v.station_id, v.epoch, v.seq) = (a.station_id, a.by_epoch, a.by_seq)
            WHERE a.pack = %s AND a.question = %s AND a.pack_version < %s""",  # noqa: S608 - our own constants
            [row.pack.pack, row.question, row.pack.version],
        )
        _mark_people(*cards_and_numbers(found), now)
        own.remarked = row.pk
    if rows:
        own.save(update_fields=["remarked"])
    return len(rows)
