"""Each duty window and each station's village becomes a dated row that holds since always, and both stay in step."""

from django.db import migrations

from server_broker.dated.guards import capture, follow, guard, uncapture, unfollow, unguard

GUARDED = ("attendance_windowrecord", "attendance_stationplace")

ROWS = """
INSERT INTO attendance_windowrecord
    (subject_id, village_id, name, weekdays, start, "end", people, posts, ended, recorded_by, reason)
SELECT w.id, r.identity, w.name, w.weekdays, w.start, w."end",
       ARRAY(SELECT person_id FROM attendance_dutywindow_people s WHERE s.dutywindow_id = w.id ORDER BY 1),
       w.posts, w.ended, 'service', '升级时补记'
FROM attendance_dutywindow w JOIN regions_region r ON r.code = w.village_id;
INSERT INTO attendance_stationplace (subject_id, village_id, recorded_by, reason)
SELECT s.id, r.identity, 'service', '升级时补记' FROM fleet_station s JOIN regions_region r ON r.code = s.village_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""

FOLLOW_WINDOW = follow(
    "attendance_windowrecord",
    read='''(SELECT code FROM regions_region WHERE identity = village_id) AS village, name, weekdays, start, "end",
        people, posts, ended''',
    write="""
    UPDATE attendance_dutywindow SET village_id = r.village, name = r.name, weekdays = r.weekdays, start = r.start,
        "end" = r."end", posts = r.posts, ended = r.ended
        WHERE id = which AND (village_id, name, weekdays, start, "end", posts, ended)
              IS DISTINCT FROM (r.village, r.name, r.weekdays, r.start, r."end", r.posts, r.ended);
    changed := FOUND;
    DELETE FROM attendance_dutywindow_people WHERE dutywindow_id = which AND person_id <> ALL (r.people);
    changed := changed OR FOUND;
    INSERT INTO attendance_dutywindow_people (dutywindow_id, person_id)
        SELECT which, person FROM unnest(r.people) AS person ON CONFLICT DO NOTHING;
    changed := changed OR FOUND;""",
)

# A window's people are in a table of their own. Both tables lead here.
CAPTURE_WINDOW = (
    """
CREATE FUNCTION attendance_window_captured(which bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dated_capture('attendance_windowrecord', w.id::text, dated_today(), true, jsonb_build_object(
        'village_id', (SELECT identity FROM regions_region WHERE code = w.village_id), 'name', w.name,
        'weekdays', w.weekdays, 'start', w.start, 'end', w."end", 'posts', w.posts, 'ended', w.ended,
        'people', ARRAY(SELECT person_id FROM attendance_dutywindow_people s WHERE s.dutywindow_id = w.id ORDER BY 1)))
    FROM attendance_dutywindow w WHERE w.id = which;
END $$;
CREATE FUNCTION attendance_shares_capture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM attendance_window_captured(dutywindow_id) FROM (SELECT DISTINCT dutywindow_id FROM shares) AS touched;
    RETURN NULL;
END $$;
CREATE TRIGGER dated_capture_in AFTER INSERT ON attendance_dutywindow_people REFERENCING NEW TABLE AS shares
    FOR EACH STATEMENT EXECUTE FUNCTION attendance_shares_capture();
CREATE TRIGGER dated_capture_out AFTER DELETE ON attendance_dutywindow_people REFERENCING OLD TABLE AS shares
    FOR EACH STATEMENT EXECUTE FUNCTION attendance_shares_capture();
"""
    + capture(
        "attendance_dutywindow",
        "PERFORM attendance_window_captured(NEW.id);",
        columns='village_id, name, weekdays, start, "end", posts, ended',
    )
)
UNCAPTURE_WINDOW = (
    uncapture("attendance_dutywindow")
    + """
DROP TRIGGER dated_capture_out ON attendance_dutywindow_people;
DROP TRIGGER dated_capture_in ON attendance_dutywindow_people;
DROP FUNCTION attendance_shares_capture();
DROP FUNCTION attendance_window_captured(bigint);
"""
)

FOLLOW_STATION = follow(
    "attendance_stationplace",
    key="text",
    read="(SELECT code FROM regions_region WHERE identity = village_id) AS village",
    write="""
    UPDATE fleet_station SET village_id = r.village WHERE id = which AND village_id <> r.village;
    changed := FOUND;""",
)
CAPTURE_STATION = capture(
    "fleet_station",
    """PERFORM dated_capture('attendance_stationplace', NEW.id, NULL, false, jsonb_build_object(
        'village_id', (SELECT identity FROM regions_region WHERE code = NEW.village_id)));""",
    columns="village_id",
)


class Migration(migrations.Migration):

    dependencies = [("attendance", "0006_dated"), ("people", "0004_dated_rows"), ("fleet", "0010_one_index_by_boot")]

    operations = [
        *(migrations.RunSQL(guard(table), unguard(table)) for table in GUARDED),
        migrations.RunSQL(ROWS, migrations.RunSQL.noop),
        migrations.RunSQL(FOLLOW_WINDOW, unfollow("attendance_windowrecord")),
        migrations.RunSQL(CAPTURE_WINDOW, UNCAPTURE_WINDOW),
        migrations.RunSQL(FOLLOW_STATION, unfollow("attendance_stationplace", key="text")),
        migrations.RunSQL(CAPTURE_STATION, uncapture("fleet_station")),
    ]
