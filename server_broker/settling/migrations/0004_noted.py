"""Results are only superseded, and what is written of the rows on which they rest is noted.

Facts are not noted: settling reads each stream on from where it was (`LookedAt`), so that taking them in costs no more.
"""

from django.db import migrations

_KEPT = """
CREATE FUNCTION settling_supersede() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
       OR to_jsonb(NEW) - 'superseded_at' IS DISTINCT FROM to_jsonb(OLD) - 'superseded_at' THEN
        RAISE EXCEPTION 'a result can only be superseded' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER settling_supersede BEFORE UPDATE OR DELETE ON settling_settledwindow
    FOR EACH ROW EXECUTE FUNCTION settling_supersede();
"""
_UNDO_KEPT = """
DROP TRIGGER settling_supersede ON settling_settledwindow;
DROP FUNCTION settling_supersede();
"""

_DATED = {
    "attendance_windowrecord": "window",
    "attendance_rosterday": "day",
    "attendance_swaprecord": "swap",
    "attendance_stationplace": "place",
    "people_holdingrecord": "holding",
    "people_personrecord": "person",
    "people_binding": "card",
    "duty_absencerecord": "absence",
    "regions_regionrecord": "region",
    "workdays_countyday": "calendar",
    "workdays_librarytable": "library",
    "workdays_stoprecord": "notice",
    "settling_parameterrecord": "parameter",
    "settling_deadstation": "dead",
    "settling_standin": "stand_in",
}
"""Tables of dated rows. The row itself is noted, because it has the time that it is about."""
_OTHERS = {
    "requests_correction": ("correction", "INSERT", "NEW.id"),
    "settling_heldread": ("held", "INSERT", "NEW.fact_id"),
    "ingest_writeoff": ("held", "INSERT", "NEW.fact_id"),
    "fleet_clockrun": ("run", "UPDATE OF vouched, ahead_ms", "encode(NEW.run, 'hex')"),
    "fleet_station": ("retired", "UPDATE OF revoked_at", "NEW.id"),
}


def _note(table: str, what: str, event: str, subject: str) -> str:
    return f"""
CREATE FUNCTION settling_note_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('{what}', {subject});
    RETURN NULL;
END $$;
CREATE TRIGGER settling_note AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION settling_note_{table}();
"""


def _unnote(table: str) -> str:
    return f"DROP TRIGGER settling_note ON {table};\nDROP FUNCTION settling_note_{table}();\n"


class Migration(migrations.Migration):

    dependencies = [
        ("settling", "0003_what_windows_came_to"),
        ("attendance", "0012_windows_by_period"),
        ("duty", "0005_absences_by_period"),
        ("workdays", "0002_guarded"),
        ("requests", "0008_what_is_over"),
    ]

    operations = [
        migrations.RunSQL(_KEPT, _UNDO_KEPT),
        *(
            migrations.RunSQL(_note(table, what, "INSERT OR UPDATE", "NEW.id"), _unnote(table))
            for table, what in _DATED.items()
        ),
        *(migrations.RunSQL(_note(table, *noted), _unnote(table)) for table, noted in _OTHERS.items()),
    ]
