"""PostgreSQL guards the dated rows of settling, and notes what else must be known with its time.

A held fact that is read, and a setting of stations that bears on pay, are changed in place where they stand. Triggers keep
when that was. What was chosen before this migration counts as chosen always.
"""

from django.db import migrations

from server_broker.dated.guards import guard, note, unguard, unnote

TABLES = ("settling_parameterrecord", "settling_deadstation", "settling_standin", "settling_sheetmonthrecord")
_READ = """
CREATE FUNCTION settling_note_read() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO settling_heldread (fact_id, at) VALUES (NEW.id, clock_timestamp()) ON CONFLICT (fact_id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER settling_note_read AFTER UPDATE OF held_reason ON ingest_fact
    FOR EACH ROW WHEN (OLD.held_reason <> '' AND NEW.held_reason = '') EXECUTE FUNCTION settling_note_read();
"""
_UNDO_READ = """
DROP TRIGGER settling_note_read ON ingest_fact;
DROP FUNCTION settling_note_read();
"""
_CHOICES = """
-- The parameter that a setting of stations is. NULL: it bears on no pay.
CREATE FUNCTION settling_parameter_of(setting text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE setting WHEN 'open_before_min' THEN 'open_before' WHEN 'open_after_min' THEN 'open_after' END
$$;

-- A setting is chosen for a region from the local day on. What one station chose for itself is no parameter of a village.
CREATE FUNCTION settling_take_choice(code text, setting text, value jsonb, since timestamptz, by_whom text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place bigint := (SELECT identity FROM regions_region r WHERE r.code = settling_take_choice.code);
    parameter text := settling_parameter_of(setting);
    which bigint;
BEGIN
    IF place IS NULL OR parameter IS NULL THEN RETURN; END IF;
    INSERT INTO settling_parameter (region_id, name) VALUES (place, parameter) ON CONFLICT (region_id, name) DO NOTHING;
    SELECT id INTO which FROM settling_parameter p WHERE p.region_id = place AND p.name = parameter;
    PERFORM dated_put('settling_parameterrecord', which::text, since, NULL,
                      jsonb_build_object('value', value, 'locked', false), by_whom, '');
END $$;

CREATE FUNCTION settling_capture_choice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM settling_take_choice(OLD.region_id, OLD.name, 'null', dated_today(), '');
    ELSE
        PERFORM settling_take_choice(NEW.region_id, NEW.name, NEW.value, dated_today(), NEW.actor);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER settling_capture_choice AFTER INSERT OR UPDATE OF value OR DELETE ON tuning_settingchoice
    FOR EACH ROW EXECUTE FUNCTION settling_capture_choice();
SELECT settling_take_choice(region_id, name, value, NULL, actor) FROM tuning_settingchoice WHERE region_id IS NOT NULL;
"""
_UNDO_CHOICES = """
DROP TRIGGER settling_capture_choice ON tuning_settingchoice;
DROP FUNCTION settling_capture_choice();
DROP FUNCTION settling_take_choice(text, text, jsonb, timestamptz, text);
DROP FUNCTION settling_parameter_of(text);
"""


class Migration(migrations.Migration):

    dependencies = [
        ("settling", "0001_what_was_known"),
        ("dated", "0002_noted_for_decisions"),
        ("tuning", "0001_initial"),
    ]

    operations = [
        *(migrations.RunSQL(guard(table), unguard(table)) for table in TABLES),
        *(migrations.RunSQL(note(table), unnote(table)) for table in TABLES),
        migrations.RunSQL(_READ, _UNDO_READ),
        migrations.RunSQL(_CHOICES, _UNDO_CHOICES),
    ]
