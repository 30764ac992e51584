"""Each person and card becomes dated rows that hold since always, and PostgreSQL keeps rows and columns in step."""

from django.db import migrations

from server_broker.dated.guards import capture, follow, guard, uncapture, unfollow, unguard

GUARDED = ("people_personrecord", "people_binding", "people_unitrecord", "people_holdingrecord")

# A first binding counts back to the card's first touch (docs/rules.md, 2.1), so it holds since always too.
ROWS = """
INSERT INTO people_personrecord (subject_id, number, name, village_id, type, "left", recorded_by, reason)
SELECT p.id, p.number, p.name, r.identity, p.type, p."left", 'service', '升级时补记'
FROM people_person p JOIN regions_region r ON r.code = p.village_id;
INSERT INTO people_binding (subject_id, person_id, state, valid_to, recorded_by, reason)
SELECT id, person_id, 'held', lost_at, 'service', '升级时补记' FROM people_card;
INSERT INTO people_binding (subject_id, person_id, state, valid_from, recorded_by, reason)
SELECT id, person_id, 'lost', lost_at, 'service', '升级时补记' FROM people_card WHERE lost_at IS NOT NULL;
SET CONSTRAINTS ALL IMMEDIATE;
"""

FOLLOW_PERSON = follow(
    "people_personrecord",
    read='number, name, (SELECT code FROM regions_region WHERE identity = village_id) AS village, type, "left"',
    write="""
    UPDATE people_person SET number = r.number, name = r.name, village_id = r.village, type = r.type, "left" = r."left"
        WHERE id = which AND (number, name, village_id, type, "left")
              IS DISTINCT FROM (r.number, r.name, r.village, r.type, r."left");
    changed := FOUND;""",
)
CAPTURE_PERSON = capture(
    "people_person",
    """PERFORM dated_capture('people_personrecord', NEW.id::text, dated_today(), true, jsonb_build_object(
        'number', NEW.number, 'name', NEW.name, 'type', NEW.type, 'left', NEW."left",
        'village_id', (SELECT identity FROM regions_region WHERE code = NEW.village_id)));""",
    columns='number, name, village_id, type, "left"',
)

FOLLOW_CARD = follow(
    "people_binding",
    read="person_id, state, valid_from",
    write="""
    UPDATE people_card SET
        bound_at = CASE WHEN person_id IS DISTINCT FROM r.person_id THEN coalesce(r.valid_from, bound_at)
                        ELSE bound_at END,
        person_id = r.person_id,
        lost_at = CASE WHEN r.state = 'lost' THEN coalesce(lost_at, r.valid_from, clock_timestamp()) END
        WHERE id = which AND (person_id, lost_at IS NOT NULL) IS DISTINCT FROM (r.person_id, r.state = 'lost');
    changed := FOUND;""",
)
CAPTURE_CARD = capture(
    "people_card",
    """PERFORM dated_capture('people_binding', NEW.id::text, NULL, false, jsonb_build_object(
        'person_id', NEW.person_id,
        'state', CASE WHEN NEW.person_id IS NULL THEN 'ended' WHEN NEW.lost_at IS NULL THEN 'held' ELSE 'lost' END));""",
    columns="person_id, lost_at",
)

FOLLOW_UNIT = follow(
    "people_unitrecord",
    read="name, kind, (SELECT code FROM regions_region WHERE identity = region_id) AS region, ended",
    write="""
    UPDATE people_unit SET name = r.name, kind = r.kind, region_id = r.region, ended = r.ended
        WHERE id = which AND (name, kind, region_id, ended) IS DISTINCT FROM (r.name, r.kind, r.region, r.ended);
    changed := FOUND;""",
)
CAPTURE_UNIT = capture(
    "people_unit",
    """PERFORM dated_capture('people_unitrecord', NEW.id::text, dated_today(), true, jsonb_build_object(
        'name', NEW.name, 'kind', NEW.kind, 'ended', NEW.ended,
        'region_id', (SELECT identity FROM regions_region WHERE code = NEW.region_id)));""",
    columns="name, kind, region_id, ended",
)


class Migration(migrations.Migration):

    dependencies = [("people", "0003_dated"), ("regions", "0004_dated_rows")]

    operations = [
        *(migrations.RunSQL(guard(table), unguard(table)) for table in GUARDED),
        migrations.RunSQL(ROWS, migrations.RunSQL.noop),
        migrations.RunSQL(FOLLOW_PERSON, unfollow("people_personrecord")),
        migrations.RunSQL(CAPTURE_PERSON, uncapture("people_person")),
        migrations.RunSQL(FOLLOW_CARD, unfollow("people_binding")),
        migrations.RunSQL(CAPTURE_CARD, uncapture("people_card")),
        migrations.RunSQL(FOLLOW_UNIT, unfollow("people_unitrecord")),
        migrations.RunSQL(CAPTURE_UNIT, uncapture("people_unit")),
    ]
