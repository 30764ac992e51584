"""PostgreSQL keeps the days of rosters and the swaps, and a window's new terms and their dated rows in step."""

from importlib import import_module

from django.db import migrations

from server_broker.dated.guards import capture, follow, guard, note, uncapture, unfollow, unguard, unnote

_before = import_module("server_broker.attendance.migrations.0007_dated_rows")

GUARDED = ("attendance_rosterday", "attendance_swaprecord")

_NEW = "days, season_from, season_to, marks, leaders, leader_posts"
_NEW_OF_ROW = ", ".join(f"r.{name}" for name in _NEW.split(", "))

FOLLOW_WINDOW = follow(
    "attendance_windowrecord",
    read=f'''(SELECT code FROM regions_region WHERE identity = village_id) AS village, name, weekdays, start, "end",
        people, posts, {_NEW}, ended''',
    write=f"""
    UPDATE attendance_dutywindow SET village_id = r.village, name = r.name, weekdays = r.weekdays, start = r.start,
        "end" = r."end", posts = r.posts, days = r.days, season_from = r.season_from, season_to = r.season_to,
        marks = r.marks, leaders = r.leaders, leader_posts = r.leader_posts, ended = r.ended
        WHERE id = which AND (village_id, name, weekdays, start, "end", posts, {_NEW}, ended)
              IS DISTINCT FROM (r.village, r.name, r.weekdays, r.start, r."end", r.posts, {_NEW_OF_ROW}, r.ended);
    changed := FOUND;
    DELETE FROM attendance_dutywindow_people WHERE dutywindow_id = which AND person_id <> ALL (r.people);
    changed := changed OR FOUND;
    INSERT INTO attendance_dutywindow_people (dutywindow_id, person_id)
        SELECT which, person FROM unnest(r.people) AS person ON CONFLICT DO NOTHING;
    changed := changed OR FOUND;""",  # noqa: S608 - a migration's own words
)

CAPTURED = """
CREATE OR REPLACE FUNCTION attendance_window_captured(which bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dated_capture('attendance_windowrecord', w.id::text, dated_today(), true, jsonb_build_object(
        'village_id', (SELECT identity FROM regions_region WHERE code = w.village_id), 'name', w.name,
        'weekdays', w.weekdays, 'start', w.start, 'end', w."end", 'posts', w.posts, 'ended', w.ended,
        'days', w.days, 'season_from', w.season_from, 'season_to', w.season_to, 'marks', w.marks,
        'leaders', w.leaders, 'leader_posts', w.leader_posts,
        'people', ARRAY(SELECT person_id FROM attendance_dutywindow_people s WHERE s.dutywindow_id = w.id ORDER BY 1)))
    FROM attendance_dutywindow w WHERE w.id = which;
END $$;
"""
CAPTURE_WINDOW = (
    uncapture("attendance_dutywindow")
    + CAPTURED
    + capture(
        "attendance_dutywindow",
        "PERFORM attendance_window_captured(NEW.id);",
        columns=f'village_id, name, weekdays, start, "end", posts, {_NEW}, ended',
    )
)


class Migration(migrations.Migration):

    dependencies = [("attendance", "0010_who_is_due"), ("dated", "0002_noted_for_decisions")]

    operations = [
        *(migrations.RunSQL(guard(table) + note(table), unnote(table) + unguard(table)) for table in GUARDED),
        migrations.RunSQL(
            unfollow("attendance_windowrecord") + FOLLOW_WINDOW,
            unfollow("attendance_windowrecord") + _before.FOLLOW_WINDOW,
        ),
        migrations.RunSQL(CAPTURE_WINDOW, _before.UNCAPTURE_WINDOW + _before.CAPTURE_WINDOW),
    ]
