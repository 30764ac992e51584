"""Who is due in one village on a date, reckoned from the rows as psql reads them and from the rules alone."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from tests.server_broker.duty.plain_reckoning import Plain, covers
from tests.server_broker.duty.reckoned_twice import Said

_DAYS = """(valid_from AT TIME ZONE 'Asia/Shanghai')::date AS first,
    (valid_to AT TIME ZONE 'Asia/Shanghai')::date - 1 AS last"""
_WINDOWS = f"""SELECT subject_id AS id, village_id AS village, weekdays, days = 'named' AS named, season_from,
    season_to, start, "end", people, posts, {_DAYS}
    FROM attendance_windowrecord WHERE superseded_at IS NULL AND NOT ended"""
_NAMED = f"""SELECT subject_id AS window, people, posts, {_DAYS} FROM attendance_rosterday
    WHERE superseded_at IS NULL AND NOT withdrawn"""
_HOLDINGS = f"""SELECT h.person_id AS person, h.post_id AS post, r.state, {_DAYS}
    FROM people_holdingrecord r JOIN people_holding h ON h.id = r.subject_id
    WHERE superseded_at IS NULL AND state <> 'ended'"""
_LEFT = f"""SELECT subject_id AS person, {_DAYS} FROM people_personrecord WHERE superseded_at IS NULL AND "left" """


def due_again(
    link: psycopg.Connection[Any],
    village: int,
    day: dt.date,
    *,
    working: Mapping[dt.date, bool],
    stopped: Sequence[tuple[dt.datetime, dt.datetime]],
) -> dict[tuple[int, int], Said]:
    """Return for each person and window of the village (its identity) the first minute, the end and the share.

    Args:
        working: Which dates are working days.
        stopped: When notices stop work in the village, in local time.
    """
    windows, named, holdings, left = (_read(link, query) for query in (_WINDOWS, _NAMED, _HOLDINGS, _LEFT))
    for window in windows:
        window["season"] = (window["season_from"], window["season_to"])
    for one in named:
        one["date"] = one["first"]
    here = {window["id"] for window in windows if window["village"] == village and covers(window, day)}
    people = _people(here, windows, named, holdings)
    wanted = [window for window in windows if people & _people({window["id"]}, windows, named, holdings)]
    ids = {window["id"] for window in wanted}
    everybody = _people(ids, windows, named, holdings)
    plain = Plain(
        {
            "calendar": working,
            "windows": wanted,
            "named": [one for one in named if one["window"] in ids],
            "swaps": [],
            "holdings": [held for held in holdings if held["person"] in everybody],
            "left": left,
            "notices": [{"village": village, "begin": begin, "end": end} for begin, end in stopped],
        }
    )
    return {key: said for key, said in plain.answer(day).items() if key[1] in here}


def _read(link: psycopg.Connection[Any], query: str) -> list[dict[str, Any]]:
    with link.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return list(cursor.execute(query.encode()))


def _people(
    ids: set[int], windows: list[dict[str, Any]], named: list[dict[str, Any]], holdings: list[dict[str, Any]]
) -> set[int]:
    """Return everybody who is ever in one of these windows, by name or by post."""
    crews = [window for window in windows if window["id"] in ids] + [one for one in named if one["window"] in ids]
    posts = {post for crew in crews for post in crew["posts"]}
    return {person for crew in crews for person in crew["people"]} | {
        held["person"] for held in holdings if held["post"] in posts
    }
