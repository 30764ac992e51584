"""The SQL of touches with the people whose they were. Parts of statements of this room; nobody else uses them."""

from server_broker.attendance.models import StationPlace
from server_broker.attendance.tables import TOUCHES
from server_broker.fleet.tables import DATING_QUALITIES
from server_broker.people.models import Binding, Card, Person, PersonRecord
from server_broker.platform.sql import LOCAL_ZONE
from server_broker.regions.models import Region

BINDINGS, CARDS = Binding._meta.db_table, Card._meta.db_table
PEOPLE, RECORDS = Person._meta.db_table, PersonRecord._meta.db_table
REGIONS, PLACES = Region._meta.db_table, StationPlace._meta.db_table

AT = "coalesce(t.corrected_wall, t.wall)"
DATED = f"(t.quality IN {DATING_QUALITIES} OR t.corrected_wall IS NOT NULL)"

BETWEEN = """((t.wall >= %(since)s AND t.wall < %(until)s AND t.corrected_wall IS NULL)
          OR (t.corrected_wall >= %(since)s AND t.corrected_wall < %(until)s))"""
"""Two conditions, so that PostgreSQL can use an index for each."""

TOUCHED = f"""touched AS MATERIALIZED (
    -- Dated touches that count for somebody, by card or by number.
    SELECT t.station_id, encode(t.epoch, 'hex') AS epoch, t.seq, {AT} AS at, t.quality, c.id AS card,
           b.person_id AS person, ({AT} AT TIME ZONE {LOCAL_ZONE}) AS local
    FROM {TOUCHES} t JOIN {CARDS} c ON c.token = t.card_token
    JOIN {BINDINGS} b ON b.subject_id = c.id AND b.superseded_at IS NULL AND b.state = 'held'
         AND (b.valid_from IS NULL OR b.valid_from <= {AT}) AND (b.valid_to IS NULL OR {AT} < b.valid_to)
    WHERE t.card_token <> ''::bytea AND {DATED} AND {BETWEEN}
    UNION ALL
    SELECT t.station_id, encode(t.epoch, 'hex'), t.seq, {AT}, t.quality, NULL, r.subject_id,
           ({AT} AT TIME ZONE {LOCAL_ZONE})
    FROM {TOUCHES} t
    JOIN {RECORDS} r ON r.number = t.person_number AND r.superseded_at IS NULL AND NOT r."left"
         AND (r.valid_from IS NULL OR r.valid_from <= {AT}) AND (r.valid_to IS NULL OR {AT} < r.valid_to)
    WHERE t.person_number <> '' AND {DATED} AND {BETWEEN}
)"""  # noqa: S608 - our own constants
"""Named parameters: ``since`` and ``until``, moments."""

PLACED = f"""placed AS (
    -- Where each touch was made: the village in which its station stood then, and its code of today.
    SELECT x.*, v.identity AS village, v.code AS village_code
    FROM touched x
    JOIN {PLACES} p ON p.subject_id = x.station_id AND p.superseded_at IS NULL
         AND (p.valid_from IS NULL OR p.valid_from <= x.at) AND (p.valid_to IS NULL OR x.at < p.valid_to)
    JOIN {REGIONS} v ON v.identity = p.village_id
)"""  # noqa: S608 - our own constants

HOMES = f"""homes AS (
    SELECT p.id AS person, v.identity AS home FROM {PEOPLE} p JOIN {REGIONS} v ON v.code = p.village_id
)"""  # noqa: S608 - our own constants
