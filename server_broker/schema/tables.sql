CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE FUNCTION attendance_dutywindow_capture() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM attendance_window_captured(NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION attendance_shares_capture() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM attendance_window_captured(dutywindow_id) FROM (SELECT DISTINCT dutywindow_id FROM shares) AS touched;
    RETURN NULL;
END $$;
CREATE FUNCTION attendance_stationplace_follow(which text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    r record;
    changed boolean;
    
BEGIN
    SELECT (SELECT code FROM regions_region WHERE identity = village_id) AS village INTO r FROM attendance_stationplace WHERE subject_id = which AND superseded_at IS NULL
        AND tstzrange(valid_from, valid_to) @> clock_timestamp();
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM set_config('dated.following', 'on', true);
    
    UPDATE fleet_station SET village_id = r.village WHERE id = which AND village_id <> r.village;
    changed := FOUND;
    PERFORM set_config('dated.following', '', true);
    RETURN changed;
END $$;
CREATE FUNCTION attendance_stationplace_followed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM attendance_stationplace_follow(NEW.subject_id);
    RETURN NULL;
END $$;
CREATE FUNCTION attendance_window_captured(which bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM dated_capture('attendance_windowrecord', w.id::text, dated_today(), true, jsonb_build_object(
        'village_id', (SELECT identity FROM regions_region WHERE code = w.village_id), 'name', w.name,
        'weekdays', w.weekdays, 'start', w.start, 'end', w."end", 'posts', w.posts, 'ended', w.ended,
        'days', w.days, 'season_from', w.season_from, 'season_to', w.season_to, 'marks', w.marks,
        'leaders', w.leaders, 'leader_posts', w.leader_posts,
        'people', ARRAY(SELECT person_id FROM attendance_dutywindow_people s WHERE s.dutywindow_id = w.id ORDER BY 1)))
    FROM attendance_dutywindow w WHERE w.id = which;
END $$;
CREATE FUNCTION attendance_windowrecord_follow(which bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    r record;
    changed boolean;
    
BEGIN
    SELECT (SELECT code FROM regions_region WHERE identity = village_id) AS village, name, weekdays, start, "end",
        people, posts, days, season_from, season_to, marks, leaders, leader_posts, ended INTO r FROM attendance_windowrecord WHERE subject_id = which AND superseded_at IS NULL
        AND tstzrange(valid_from, valid_to) @> clock_timestamp();
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM set_config('dated.following', 'on', true);
    
    UPDATE attendance_dutywindow SET village_id = r.village, name = r.name, weekdays = r.weekdays, start = r.start,
        "end" = r."end", posts = r.posts, days = r.days, season_from = r.season_from, season_to = r.season_to,
        marks = r.marks, leaders = r.leaders, leader_posts = r.leader_posts, ended = r.ended
        WHERE id = which AND (village_id, name, weekdays, start, "end", posts, days, season_from, season_to, marks, leaders, leader_posts, ended)
              IS DISTINCT FROM (r.village, r.name, r.weekdays, r.start, r."end", r.posts, r.days, r.season_from, r.season_to, r.marks, r.leaders, r.leader_posts, r.ended);
    changed := FOUND;
    DELETE FROM attendance_dutywindow_people WHERE dutywindow_id = which AND person_id <> ALL (r.people);
    changed := changed OR FOUND;
    INSERT INTO attendance_dutywindow_people (dutywindow_id, person_id)
        SELECT which, person FROM unnest(r.people) AS person ON CONFLICT DO NOTHING;
    changed := changed OR FOUND;
    PERFORM set_config('dated.following', '', true);
    RETURN changed;
END $$;
CREATE FUNCTION attendance_windowrecord_followed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM attendance_windowrecord_follow(NEW.subject_id);
    RETURN NULL;
END $$;
CREATE FUNCTION audit_bigrams(content text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT coalesce(array_agg(DISTINCT letter || next), '{}')
    FROM (SELECT letter, lead(letter) OVER (ORDER BY place) AS next
          FROM unnest(string_to_array(content, NULL)) WITH ORDINALITY AS letters (letter, place)) AS pairs
    WHERE next IS NOT NULL
$$;
CREATE FUNCTION audit_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION audit_text(actor text, action text, subject text, source text, detail jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT lower(E'\x1f' || actor || E'\x1f' || action || E'\x1f' || subject || E'\x1f' || source || E'\x1f' || detail)
$$;
CREATE FUNCTION closing_keep() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'what was signed is kept as it is' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION dated_capture(target regclass, subject text, first timestamp with time zone, by_day boolean, content jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
    since timestamptz := clock_timestamp();
    until timestamptz;
    of_now jsonb;
    kept jsonb;
    there boolean;
BEGIN
    -- The columns of today are following a dated row just now, and some of them lag behind the others.
    IF current_setting('dated.following', true) = 'on' THEN RETURN; END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE subject_id = %L AND superseded_at IS NULL)', target, subject)
        INTO there;
    IF there THEN
        EXECUTE format(
            'SELECT to_jsonb(r) FROM %s r WHERE subject_id = %L AND superseded_at IS NULL
                 AND tstzrange(valid_from, valid_to) @> $1', target, subject
        ) INTO of_now USING since;
        SELECT jsonb_object_agg(key, of_now -> key) INTO kept FROM jsonb_object_keys(content) AS key;
        IF kept = content THEN RETURN; END IF;
        EXECUTE format(
            'SELECT min(valid_from) FROM %s WHERE subject_id = %L AND superseded_at IS NULL AND valid_from > $1',
            target, subject
        ) INTO until USING since;
        IF by_day THEN since := dated_today(); END IF;
    ELSE
        since := first;
    END IF;
    PERFORM dated_put(target, subject, since, until, content, coalesce(current_setting('dated.actor', true), ''),
                      coalesce(current_setting('dated.reason', true), ''));
END $_$;
CREATE FUNCTION dated_erase() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF coalesce(current_setting('dated.retention', true), '') <> 'on'
       OR OLD.superseded_at IS NULL AND tstzrange(OLD.valid_from, OLD.valid_to) @> now() THEN
        RAISE EXCEPTION 'dated rows are kept' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO dated_erased ("table", "row", digest, erased_at)
    VALUES (TG_TABLE_NAME, OLD.id, sha256(convert_to(to_jsonb(OLD)::text, 'UTF8')), clock_timestamp());
    RETURN OLD;
END $$;
CREATE FUNCTION dated_insert(target regclass, subject text, since timestamp with time zone, until timestamp with time zone, content jsonb, by_whom text, why text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
    filled jsonb := content || jsonb_build_object(
        'subject_id', subject, 'valid_from', nullif(since, '-infinity'), 'valid_to', nullif(until, 'infinity'),
        'recorded_by', by_whom, 'reason', why);
    columns text := (SELECT string_agg(quote_ident(key), ', ') FROM jsonb_object_keys(filled) AS key);
BEGIN
    EXECUTE format(
        'INSERT INTO %s (%s) SELECT %s FROM jsonb_populate_record(NULL::%s, $1)', target, columns, columns, target
    ) USING filled;
END $_$;
CREATE FUNCTION dated_keep() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'dated rows are kept' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION dated_moment() RETURNS timestamp with time zone
    LANGUAGE plpgsql
    AS $$
DECLARE fixed timestamptz := nullif(current_setting('dated.moment', true), '')::timestamptz;
BEGIN
    IF fixed BETWEEN now() AND clock_timestamp() + interval '1 second' THEN RETURN fixed; END IF;
    RETURN clock_timestamp();
END $$;
CREATE FUNCTION dated_note() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO dated_written ("table", "row") VALUES (TG_TABLE_NAME, NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION dated_piece(pieces jsonb[], since timestamp with time zone, until timestamp with time zone, content jsonb) RETURNS jsonb[]
    LANGUAGE plpgsql
    AS $$
DECLARE n integer := cardinality(pieces);
BEGIN
    IF n > 0 AND (pieces[n] ->> 1)::timestamptz = since AND pieces[n] -> 2 = content THEN
        pieces[n] := jsonb_build_array(pieces[n] -> 0, until, content);
        RETURN pieces;
    END IF;
    RETURN array_append(pieces, jsonb_build_array(since, until, content));
END $$;
CREATE FUNCTION dated_put(target regclass, subject text, since timestamp with time zone, until timestamp with time zone, content jsonb, by_whom text, why text) RETURNS boolean
    LANGUAGE plpgsql
    AS $_$
DECLARE
    own text[] := ARRAY['id', 'subject_id', 'valid_from', 'valid_to', 'recorded_at', 'superseded_at', 'recorded_by',
                        'reason'];
    first timestamptz := coalesce(since, '-infinity');
    last timestamptz := coalesce(until, 'infinity');
    stood jsonb[];
    old jsonb;
    old_from timestamptz;
    old_to timestamptz;
    reached timestamptz := first;
    pieces jsonb[] := ARRAY[]::jsonb[];
    is_news boolean := false;
BEGIN
    IF first >= last THEN
        RAISE EXCEPTION 'a dated row ends after it begins' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(1684108389);
    EXECUTE format(
        'SELECT array_agg(to_jsonb(r) ORDER BY r.valid_from NULLS FIRST) FROM (
             SELECT * FROM %s WHERE subject_id = %L AND superseded_at IS NULL
                 AND tstzrange(valid_from, valid_to) && tstzrange($1, $2) FOR UPDATE
         ) r', target, subject
    ) INTO stood USING since, until;
    FOREACH old IN ARRAY coalesce(stood, ARRAY[]::jsonb[]) LOOP
        old_from := coalesce((old ->> 'valid_from')::timestamptz, '-infinity');
        old_to := coalesce((old ->> 'valid_to')::timestamptz, 'infinity');
        IF old_from > reached THEN
            pieces := dated_piece(pieces, reached, old_from, content);
            is_news := true;
        END IF;
        pieces := dated_piece(pieces, greatest(old_from, first), least(old_to, last), (old - own) || content);
        is_news := is_news OR (old - own) <> (old - own) || content;
        reached := old_to;
    END LOOP;
    IF reached < last THEN
        pieces := dated_piece(pieces, reached, last, content);
        is_news := true;
    END IF;
    IF NOT is_news THEN RETURN false; END IF;
    PERFORM set_config('dated.moment', greatest(
        clock_timestamp(), (SELECT max((r ->> 'recorded_at')::timestamptz) FROM unnest(stood) AS r)
                           + interval '1 microsecond')::text, true);
    EXECUTE format(
        'UPDATE %s SET superseded_at = now() WHERE id IN (SELECT (r ->> ''id'')::bigint FROM unnest($1) AS r)', target
    ) USING stood;
    FOREACH old IN ARRAY coalesce(stood, ARRAY[]::jsonb[]) LOOP
        old_from := coalesce((old ->> 'valid_from')::timestamptz, '-infinity');
        old_to := coalesce((old ->> 'valid_to')::timestamptz, 'infinity');
        IF old_from < first THEN
            PERFORM dated_insert(target, subject, old_from, first, old - own, old ->> 'recorded_by', old ->> 'reason');
        END IF;
        IF old_to > last THEN
            PERFORM dated_insert(target, subject, last, old_to, old - own, old ->> 'recorded_by', old ->> 'reason');
        END IF;
    END LOOP;
    FOREACH old IN ARRAY pieces LOOP
        PERFORM dated_insert(target, subject, (old ->> 0)::timestamptz, (old ->> 1)::timestamptz, old -> 2, by_whom,
                             why);
    END LOOP;
    PERFORM set_config('dated.moment', '', true);
    RETURN true;
END $_$;
CREATE FUNCTION dated_stamp() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.recorded_at IS NOT NULL OR NEW.superseded_at IS NOT NULL THEN
        RAISE EXCEPTION 'the database says when a dated row was recorded' USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.recorded_at := dated_moment();
    RETURN NEW;
END $$;
CREATE FUNCTION dated_supersede() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
       OR to_jsonb(NEW) - 'superseded_at' IS DISTINCT FROM to_jsonb(OLD) - 'superseded_at' THEN
        RAISE EXCEPTION 'a dated row can only be superseded' USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.superseded_at := greatest(dated_moment(), OLD.recorded_at + interval '1 microsecond');
    RETURN NEW;
END $$;
CREATE FUNCTION dated_today() RETURNS timestamp with time zone
    LANGUAGE sql
    AS $$
    SELECT date_trunc('day', clock_timestamp(), 'Asia/Shanghai')
$$;
CREATE FUNCTION decisions_only_erase() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF (NEW.id, NEW.fact_id, NEW.place, NEW."table", NEW."row", NEW.digest)
       IS NOT DISTINCT FROM (OLD.id, OLD.fact_id, OLD.place, OLD."table", OLD."row", OLD.digest)
       AND NEW.salt IS NULL AND NEW.body IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the record of decisions is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION decisions_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the record of decisions is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION duty_note_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO duty_rosterchange (what, subject) VALUES (TG_ARGV[0], NEW.subject_id);
    RETURN NULL;
END $$;
CREATE FUNCTION fleet_station_capture() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM dated_capture('attendance_stationplace', NEW.id, NULL, false, jsonb_build_object(
        'village_id', (SELECT identity FROM regions_region WHERE code = NEW.village_id)));
    RETURN NULL;
END $$;
CREATE FUNCTION people_binding_follow(which bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    r record;
    changed boolean;
    
BEGIN
    SELECT person_id, state, valid_from INTO r FROM people_binding WHERE subject_id = which AND superseded_at IS NULL
        AND tstzrange(valid_from, valid_to) @> clock_timestamp();
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM set_config('dated.following', 'on', true);
    
    UPDATE people_card SET
        bound_at = CASE WHEN person_id IS DISTINCT FROM r.person_id THEN coalesce(r.valid_from, bound_at)
                        ELSE bound_at END,
        person_id = r.person_id,
        lost_at = CASE WHEN r.state = 'lost' THEN coalesce(lost_at, r.valid_from, clock_timestamp()) END
        WHERE id = which AND (person_id, lost_at IS NOT NULL) IS DISTINCT FROM (r.person_id, r.state = 'lost');
    changed := FOUND;
    PERFORM set_config('dated.following', '', true);
    RETURN changed;
END $$;
CREATE FUNCTION people_binding_followed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM people_binding_follow(NEW.subject_id);
    RETURN NULL;
END $$;
CREATE FUNCTION people_card_capture() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM dated_capture('people_binding', NEW.id::text, NULL, false, jsonb_build_object(
        'person_id', NEW.person_id,
        'state', CASE WHEN NEW.person_id IS NULL THEN 'ended' WHEN NEW.lost_at IS NULL THEN 'held' ELSE 'lost' END));
    RETURN NULL;
END $$;
CREATE FUNCTION people_person_capture() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM dated_capture('people_personrecord', NEW.id::text, dated_today(), true, jsonb_build_object(
        'number', NEW.number, 'name', NEW.name, 'type', NEW.type, 'left', NEW."left",
        'village_id', (SELECT identity FROM regions_region WHERE code = NEW.village_id)));
    RETURN NULL;
END $$;
CREATE FUNCTION people_personrecord_follow(which bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    r record;
    changed boolean;
    
BEGIN
    SELECT number, name, (SELECT code FROM regions_region WHERE identity = village_id) AS village, type, "left" INTO r FROM people_personrecord WHERE subject_id = which AND superseded_at IS NULL
        AND tstzrange(valid_from, valid_to) @> clock_timestamp();
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM set_config('dated.following', 'on', true);
    
    UPDATE people_person SET number = r.number, name = r.name, village_id = r.village, type = r.type, "left" = r."left"
        WHERE id = which AND (number, name, village_id, type, "left")
              IS DISTINCT FROM (r.number, r.name, r.village, r.type, r."left");
    changed := FOUND;
    PERFORM set_config('dated.following', '', true);
    RETURN changed;
END $$;
CREATE FUNCTION people_personrecord_followed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM people_personrecord_follow(NEW.subject_id);
    RETURN NULL;
END $$;
CREATE FUNCTION people_unit_capture() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM dated_capture('people_unitrecord', NEW.id::text, dated_today(), true, jsonb_build_object(
        'name', NEW.name, 'kind', NEW.kind, 'ended', NEW.ended,
        'region_id', (SELECT identity FROM regions_region WHERE code = NEW.region_id)));
    RETURN NULL;
END $$;
CREATE FUNCTION people_unitrecord_follow(which bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    r record;
    changed boolean;
    
BEGIN
    SELECT name, kind, (SELECT code FROM regions_region WHERE identity = region_id) AS region, ended INTO r FROM people_unitrecord WHERE subject_id = which AND superseded_at IS NULL
        AND tstzrange(valid_from, valid_to) @> clock_timestamp();
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM set_config('dated.following', 'on', true);
    
    UPDATE people_unit SET name = r.name, kind = r.kind, region_id = r.region, ended = r.ended
        WHERE id = which AND (name, kind, region_id, ended) IS DISTINCT FROM (r.name, r.kind, r.region, r.ended);
    changed := FOUND;
    PERFORM set_config('dated.following', '', true);
    RETURN changed;
END $$;
CREATE FUNCTION people_unitrecord_followed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM people_unitrecord_follow(NEW.subject_id);
    RETURN NULL;
END $$;
CREATE FUNCTION progress_note() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO progress_visitdue (station_id, epoch, seq)
        SELECT DISTINCT station_id, by_epoch, by_seq FROM changed WHERE by_seq IS NOT NULL;
    RETURN NULL;
END $$;
CREATE FUNCTION progress_note_card() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO progress_carddue (card) VALUES (NEW.subject_id);
    RETURN NULL;
END $$;
CREATE FUNCTION regions_parent(code text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE WHEN right(code, 6) = '000000' THEN NULL
                WHEN right(code, 3) = '000' THEN left(code, 6) || '000000'
                ELSE left(code, 9) || '000' END
$$;
CREATE FUNCTION regions_region_capture() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM dated_capture('regions_regionrecord', NEW.identity::text, NULL, true, jsonb_build_object(
        'code', NEW.code, 'name', NEW.name, 'ended', NEW.ended,
        'parent_id', (SELECT identity FROM regions_region WHERE code = regions_parent(NEW.code))));
    RETURN NULL;
END $$;
CREATE FUNCTION regions_regionrecord_follow(which bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $_$
DECLARE
    r record;
    changed boolean;
    was text; place record;
BEGIN
    SELECT code, name, ended INTO r FROM regions_regionrecord WHERE subject_id = which AND superseded_at IS NULL
        AND tstzrange(valid_from, valid_to) @> clock_timestamp();
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM set_config('dated.following', 'on', true);
    
    SELECT code INTO was FROM regions_region
        WHERE identity = which AND (code, name, ended) IS DISTINCT FROM (r.code, r.name, r.ended) FOR UPDATE;
    changed := FOUND;
    IF changed THEN
        UPDATE regions_region SET code = r.code, name = r.name, ended = r.ended WHERE identity = which;
        -- Every column that refers to a code follows it, also those of apps that come later: PostgreSQL knows them all,
        -- and checks the references at the COMMIT.
        FOR place IN
            SELECT c.conrelid::regclass AS of_table, a.attname AS in_column
            FROM pg_constraint c
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
            JOIN pg_attribute k ON k.attrelid = c.confrelid AND k.attnum = c.confkey[1]
            WHERE c.contype = 'f' AND c.confrelid = 'regions_region'::regclass AND k.attname = 'code' AND was <> r.code
        LOOP
            EXECUTE format('UPDATE %s SET %I = $1 WHERE %I = $2', place.of_table, place.in_column, place.in_column)
                USING r.code, was;
        END LOOP;
    END IF;
    PERFORM set_config('dated.following', '', true);
    RETURN changed;
END $_$;
CREATE FUNCTION regions_regionrecord_followed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM regions_regionrecord_follow(NEW.subject_id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_capture_choice() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM settling_take_choice(OLD.region_id, OLD.name, 'null', dated_today(), '');
    ELSE
        PERFORM settling_take_choice(NEW.region_id, NEW.name, NEW.value, dated_today(), NEW.actor);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_attendance_rosterday() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('day', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_attendance_stationplace() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('place', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_attendance_swaprecord() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('swap', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_attendance_windowrecord() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('window', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_duty_absencerecord() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('absence', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_fleet_clockrun() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('run', encode(NEW.run, 'hex'));
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_fleet_station() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('retired', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_ingest_writeoff() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('held', NEW.fact_id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_people_binding() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('card', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_people_holdingrecord() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('holding', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_people_personrecord() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('person', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_read() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_heldread (fact_id, at) VALUES (NEW.id, clock_timestamp()) ON CONFLICT (fact_id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_regions_regionrecord() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('region', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_requests_correction() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('correction', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_settling_deadstation() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('dead', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_settling_heldread() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('held', NEW.fact_id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_settling_parameterrecord() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('parameter', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_settling_standin() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('stand_in', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_workdays_countyday() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('calendar', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_workdays_librarytable() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('library', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_note_workdays_stoprecord() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO settling_change (what, subject) VALUES ('notice', NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION settling_parameter_of(setting text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE setting WHEN 'open_before_min' THEN 'open_before' WHEN 'open_after_min' THEN 'open_after' END
$$;
CREATE FUNCTION settling_supersede() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
       OR to_jsonb(NEW) - 'superseded_at' IS DISTINCT FROM to_jsonb(OLD) - 'superseded_at' THEN
        RAISE EXCEPTION 'a result can only be superseded' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION settling_take_choice(code text, setting text, value jsonb, since timestamp with time zone, by_whom text) RETURNS void
    LANGUAGE plpgsql
    AS $$
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
CREATE TABLE accounts_recoverycode (
    id bigint NOT NULL,
    code_hash character varying(64) NOT NULL,
    used_at timestamp with time zone,
    user_id bigint NOT NULL
);
ALTER TABLE accounts_recoverycode ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME accounts_recoverycode_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE accounts_signinlink (
    id bigint NOT NULL,
    token_hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    user_id bigint NOT NULL
);
ALTER TABLE accounts_signinlink ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME accounts_signinlink_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE accounts_user (
    id bigint NOT NULL,
    password character varying(128) NOT NULL,
    last_login timestamp with time zone,
    is_superuser boolean NOT NULL,
    username character varying(150) NOT NULL,
    first_name character varying(150) NOT NULL,
    last_name character varying(150) NOT NULL,
    email character varying(254) NOT NULL,
    is_active boolean NOT NULL,
    date_joined timestamp with time zone NOT NULL,
    role character varying(12) NOT NULL,
    region_id character varying(12),
    ends_on date,
    person_id bigint,
    sign_outs integer DEFAULT 0 NOT NULL,
    CONSTRAINT accounts_user_sign_outs_check CHECK ((sign_outs >= 0))
);
CREATE TABLE accounts_user_groups (
    id integer NOT NULL,
    user_id bigint NOT NULL,
    group_id integer NOT NULL
);
ALTER TABLE accounts_user_groups ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME accounts_user_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE accounts_user ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME accounts_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE accounts_user_user_permissions (
    id integer NOT NULL,
    user_id bigint NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE accounts_user_user_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME accounts_user_user_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE api_tokens_apitoken (
    id bigint NOT NULL,
    name character varying(64) NOT NULL,
    scopes character varying(16)[] NOT NULL,
    digest bytea NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by character varying(150) DEFAULT ''::character varying NOT NULL,
    owner_id bigint NOT NULL,
    region_id bigint NOT NULL,
    CONSTRAINT api_token_made_before_it_expires CHECK ((expires_at > made_at))
);
ALTER TABLE api_tokens_apitoken ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME api_tokens_apitoken_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE api_tokens_apiuse (
    id bigint NOT NULL,
    resource character varying(16) NOT NULL,
    day date NOT NULL,
    requests integer NOT NULL,
    rows bigint NOT NULL,
    token_id bigint NOT NULL,
    CONSTRAINT api_tokens_apiuse_requests_check CHECK ((requests >= 0)),
    CONSTRAINT api_tokens_apiuse_rows_check CHECK ((rows >= 0))
);
ALTER TABLE api_tokens_apiuse ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME api_tokens_apiuse_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE attendance_dutywindow (
    id bigint NOT NULL,
    name character varying(32) NOT NULL,
    weekdays smallint[] NOT NULL,
    start smallint NOT NULL,
    "end" smallint NOT NULL,
    village_id character varying(12) NOT NULL,
    ended boolean DEFAULT false NOT NULL,
    posts bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    days character varying(6) DEFAULT 'weekly'::character varying NOT NULL,
    leader_posts bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    leaders bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    marks character varying(7) DEFAULT 'each'::character varying NOT NULL,
    season_from smallint DEFAULT 0 NOT NULL,
    season_to smallint DEFAULT 0 NOT NULL,
    CONSTRAINT attendance_dutywindow_end_check CHECK (("end" >= 0)),
    CONSTRAINT attendance_dutywindow_season_from_check CHECK ((season_from >= 0)),
    CONSTRAINT attendance_dutywindow_season_to_check CHECK ((season_to >= 0)),
    CONSTRAINT attendance_dutywindow_start_check CHECK ((start >= 0))
);
ALTER TABLE attendance_dutywindow ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME attendance_dutywindow_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE attendance_dutywindow_people (
    id integer NOT NULL,
    dutywindow_id bigint NOT NULL,
    person_id bigint NOT NULL
);
ALTER TABLE attendance_dutywindow_people ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME attendance_dutywindow_people_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE attendance_rosterday (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    people bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    posts bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    leaders bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    leader_posts bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    withdrawn boolean DEFAULT false NOT NULL,
    subject_id bigint NOT NULL,
    CONSTRAINT roster_day_is_one_day CHECK (((valid_from IS NOT NULL) AND (valid_to = (valid_from + '1 day'::interval)))),
    CONSTRAINT rosterday_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE attendance_rosterday ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME attendance_rosterday_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE attendance_stationplace (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    subject_id character varying(32) NOT NULL,
    village_id bigint NOT NULL,
    CONSTRAINT stationplace_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE attendance_stationplace ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME attendance_stationplace_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE attendance_swap (
    id bigint NOT NULL,
    day date NOT NULL,
    giver_id bigint NOT NULL,
    taker_id bigint NOT NULL,
    window_id bigint NOT NULL,
    CONSTRAINT swap_of_two_people CHECK ((NOT (giver_id = taker_id)))
);
ALTER TABLE attendance_swap ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME attendance_swap_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE attendance_swaprecord (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    agreed_at timestamp with time zone NOT NULL,
    withdrawn boolean DEFAULT false NOT NULL,
    subject_id bigint NOT NULL,
    CONSTRAINT swaprecord_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE attendance_swaprecord ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME attendance_swaprecord_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE attendance_touch (
    id bigint NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    card_token bytea NOT NULL,
    wall timestamp with time zone NOT NULL,
    quality character varying(10) NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    reader character varying(64) NOT NULL,
    answer character varying(10) NOT NULL,
    direction character varying(3) NOT NULL,
    chosen_direction character varying(3) NOT NULL,
    station_id character varying(32) NOT NULL,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    person_number character varying(64) DEFAULT ''::character varying NOT NULL,
    came_at timestamp with time zone
);
ALTER TABLE attendance_touch ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME attendance_touch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE attendance_windowrecord (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    name character varying(32) NOT NULL,
    weekdays smallint[] NOT NULL,
    start smallint NOT NULL,
    "end" smallint NOT NULL,
    people bigint[] NOT NULL,
    posts bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    ended boolean DEFAULT false NOT NULL,
    subject_id bigint NOT NULL,
    village_id bigint NOT NULL,
    days character varying(6) DEFAULT 'weekly'::character varying NOT NULL,
    leader_posts bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    leaders bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    marks character varying(7) DEFAULT 'each'::character varying NOT NULL,
    season_from smallint DEFAULT 0 NOT NULL,
    season_to smallint DEFAULT 0 NOT NULL,
    CONSTRAINT attendance_windowrecord_end_check CHECK (("end" >= 0)),
    CONSTRAINT attendance_windowrecord_season_from_check CHECK ((season_from >= 0)),
    CONSTRAINT attendance_windowrecord_season_to_check CHECK ((season_to >= 0)),
    CONSTRAINT attendance_windowrecord_start_check CHECK ((start >= 0)),
    CONSTRAINT windowrecord_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE attendance_windowrecord ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME attendance_windowrecord_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE audit_auditentry (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor character varying(150) NOT NULL,
    action character varying(64) NOT NULL,
    subject character varying(128) NOT NULL,
    detail jsonb NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    source character varying(64) NOT NULL,
    version smallint NOT NULL,
    CONSTRAINT audit_auditentry_version_check CHECK ((version >= 0))
);
ALTER TABLE audit_auditentry ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME audit_auditentry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE auth_group (
    id integer NOT NULL,
    name character varying(150) NOT NULL
);
ALTER TABLE auth_group ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME auth_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE auth_group_permissions (
    id integer NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE auth_group_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME auth_group_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE auth_permission (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    content_type_id integer NOT NULL,
    codename character varying(100) NOT NULL
);
ALTER TABLE auth_permission ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME auth_permission_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE axes_accessattempt (
    id integer NOT NULL,
    user_agent character varying(255) NOT NULL,
    ip_address inet,
    username character varying(255),
    http_accept character varying(1025) NOT NULL,
    path_info character varying(255) NOT NULL,
    attempt_time timestamp with time zone NOT NULL,
    get_data text NOT NULL,
    post_data text NOT NULL,
    failures_since_start integer NOT NULL,
    CONSTRAINT axes_accessattempt_failures_since_start_check CHECK ((failures_since_start >= 0))
);
ALTER TABLE axes_accessattempt ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME axes_accessattempt_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE axes_accessattemptexpiration (
    access_attempt_id integer NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE axes_accessfailurelog (
    id integer NOT NULL,
    user_agent character varying(255) NOT NULL,
    ip_address inet,
    username character varying(255),
    http_accept character varying(1025) NOT NULL,
    path_info character varying(255) NOT NULL,
    attempt_time timestamp with time zone NOT NULL,
    locked_out boolean NOT NULL
);
ALTER TABLE axes_accessfailurelog ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME axes_accessfailurelog_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE axes_accesslog (
    id integer NOT NULL,
    user_agent character varying(255) NOT NULL,
    ip_address inet,
    username character varying(255),
    http_accept character varying(1025) NOT NULL,
    path_info character varying(255) NOT NULL,
    attempt_time timestamp with time zone NOT NULL,
    logout_time timestamp with time zone,
    session_hash character varying(64) NOT NULL
);
ALTER TABLE axes_accesslog ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME axes_accesslog_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE bundles_bundle (
    id bigint NOT NULL,
    bundle character varying(64) NOT NULL,
    version integer NOT NULL,
    kind character varying(16) NOT NULL,
    title character varying(64) NOT NULL,
    sha256 bytea NOT NULL,
    size integer NOT NULL,
    regions character varying(12)[] NOT NULL,
    types character varying(64)[] NOT NULL,
    not_before timestamp with time zone,
    not_after timestamp with time zone NOT NULL,
    access character varying(8) NOT NULL,
    night boolean NOT NULL,
    published_at timestamp with time zone NOT NULL,
    author character varying(150) NOT NULL,
    withdrawn_at timestamp with time zone,
    withdrawn_by character varying(150) NOT NULL,
    withdrawn_reason character varying(200) NOT NULL,
    station_id character varying(32),
    CONSTRAINT bundle_withdrawn_by_somebody CHECK ((((withdrawn_at IS NULL) AND ((withdrawn_by)::text = ''::text)) OR ((withdrawn_at IS NOT NULL) AND (NOT ((withdrawn_by)::text = ''::text))))),
    CONSTRAINT bundles_bundle_size_check CHECK ((size >= 0)),
    CONSTRAINT bundles_bundle_version_check CHECK ((version >= 0))
);
ALTER TABLE bundles_bundle ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bundles_bundle_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE bundles_bundleitem (
    id bigint NOT NULL,
    name character varying(64) NOT NULL,
    sha256 bytea NOT NULL,
    size integer NOT NULL,
    media_type character varying(64) NOT NULL,
    bundle_id bigint NOT NULL,
    CONSTRAINT bundles_bundleitem_size_check CHECK ((size >= 0))
);
ALTER TABLE bundles_bundleitem ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bundles_bundleitem_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE bundles_fetchnonce (
    id bigint NOT NULL,
    nonce bytea NOT NULL,
    used_at timestamp with time zone NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE bundles_fetchnonce ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bundles_fetchnonce_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE bundles_shelfheard (
    station_id character varying(32) NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE bundles_shelfreport (
    id bigint NOT NULL,
    bundle character varying(64) NOT NULL,
    version bigint NOT NULL,
    state character varying(64) NOT NULL,
    reason character varying(64) NOT NULL,
    at timestamp with time zone NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE bundles_shelfreport ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bundles_shelfreport_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE bundles_stationindex (
    id bigint NOT NULL,
    version integer NOT NULL,
    sha256 bytea NOT NULL,
    payload bytea NOT NULL,
    built_at timestamp with time zone NOT NULL,
    station_id character varying(32) NOT NULL,
    CONSTRAINT bundles_stationindex_version_check CHECK ((version >= 0))
);
CREATE TABLE bundles_stationindex_bundles (
    id integer NOT NULL,
    stationindex_id bigint NOT NULL,
    bundle_id bigint NOT NULL
);
ALTER TABLE bundles_stationindex_bundles ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bundles_stationindex_bundles_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE bundles_stationindex ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bundles_stationindex_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE bundles_writtendocuments (
    id bigint NOT NULL,
    not_after timestamp with time zone NOT NULL,
    written_by character varying(150) NOT NULL,
    written_at timestamp with time zone NOT NULL,
    published_by character varying(150) NOT NULL,
    published_at timestamp with time zone,
    bundle character varying(64) NOT NULL,
    ended_by character varying(150) NOT NULL,
    ended_at timestamp with time zone,
    ended_reason character varying(200) NOT NULL,
    kind character varying(16) NOT NULL,
    title character varying(64) NOT NULL,
    not_before timestamp with time zone,
    becomes character varying(64) NOT NULL,
    replaces integer NOT NULL,
    content bytea NOT NULL,
    pictures bytea NOT NULL,
    sha256 bytea NOT NULL,
    region_id character varying(12) NOT NULL,
    CONSTRAINT bundles_writtendocuments_replaces_check CHECK ((replaces >= 0)),
    CONSTRAINT writtendocuments_by_two_people CHECK ((NOT ((published_by)::text = (written_by)::text))),
    CONSTRAINT writtendocuments_published_by_somebody CHECK ((((published_at IS NULL) AND ((published_by)::text = ''::text)) OR ((published_at IS NOT NULL) AND (NOT ((published_by)::text = ''::text))))),
    CONSTRAINT writtendocuments_published_or_ended CHECK (((published_at IS NULL) OR (ended_at IS NULL)))
);
ALTER TABLE bundles_writtendocuments ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bundles_writtendocuments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE bundles_writtennotice (
    id bigint NOT NULL,
    line character varying(40) NOT NULL,
    text character varying(2000) NOT NULL,
    kind character varying(16) NOT NULL,
    source character varying(30) NOT NULL,
    owner character varying(30) NOT NULL,
    not_before timestamp with time zone NOT NULL,
    not_after timestamp with time zone NOT NULL,
    urgent boolean NOT NULL,
    written_by character varying(150) NOT NULL,
    written_at timestamp with time zone NOT NULL,
    published_by character varying(150) NOT NULL,
    published_at timestamp with time zone,
    bundle character varying(64) NOT NULL,
    ended_by character varying(150) NOT NULL,
    ended_at timestamp with time zone,
    ended_reason character varying(200) NOT NULL,
    region_id character varying(12) NOT NULL,
    CONSTRAINT writtennotice_by_two_people CHECK ((NOT ((published_by)::text = (written_by)::text))),
    CONSTRAINT writtennotice_published_by_somebody CHECK ((((published_at IS NULL) AND ((published_by)::text = ''::text)) OR ((published_at IS NOT NULL) AND (NOT ((published_by)::text = ''::text))))),
    CONSTRAINT writtennotice_published_or_ended CHECK (((published_at IS NULL) OR (ended_at IS NULL)))
);
ALTER TABLE bundles_writtennotice ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bundles_writtennotice_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE bundles_writtenpack (
    id bigint NOT NULL,
    not_after timestamp with time zone NOT NULL,
    written_by character varying(150) NOT NULL,
    written_at timestamp with time zone NOT NULL,
    published_by character varying(150) NOT NULL,
    published_at timestamp with time zone,
    bundle character varying(64) NOT NULL,
    ended_by character varying(150) NOT NULL,
    ended_at timestamp with time zone,
    ended_reason character varying(200) NOT NULL,
    title character varying(64) NOT NULL,
    becomes character varying(64) NOT NULL,
    replaces integer NOT NULL,
    editors character varying(150)[] NOT NULL,
    owner character varying(64) NOT NULL,
    review_by date NOT NULL,
    content bytea NOT NULL,
    files bytea NOT NULL,
    sha256 bytea NOT NULL,
    region_id character varying(12) NOT NULL,
    version integer NOT NULL,
    CONSTRAINT bundles_writtenpack_replaces_check CHECK ((replaces >= 0)),
    CONSTRAINT bundles_writtenpack_version_check CHECK ((version >= 0)),
    CONSTRAINT writtenpack_by_two_people CHECK ((NOT ((published_by)::text = (written_by)::text))),
    CONSTRAINT writtenpack_published_by_somebody CHECK ((((published_at IS NULL) AND ((published_by)::text = ''::text)) OR ((published_at IS NOT NULL) AND (NOT ((published_by)::text = ''::text))))),
    CONSTRAINT writtenpack_published_or_ended CHECK (((published_at IS NULL) OR (ended_at IS NULL)))
);
ALTER TABLE bundles_writtenpack ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bundles_writtenpack_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE closing_closedmonth (
    id bigint NOT NULL,
    month character varying(7) NOT NULL,
    closed_at timestamp with time zone NOT NULL,
    closed_by character varying(150) NOT NULL,
    rules character varying(8) NOT NULL,
    content bytea NOT NULL,
    sha256 bytea NOT NULL,
    people jsonb NOT NULL,
    village_id bigint NOT NULL
);
ALTER TABLE closing_closedmonth ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME closing_closedmonth_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE closing_residentmonth (
    id bigint NOT NULL,
    month character varying(7) NOT NULL,
    days smallint NOT NULL,
    nights smallint NOT NULL,
    needed smallint NOT NULL,
    incomplete jsonb NOT NULL,
    known_at timestamp with time zone NOT NULL,
    person_id bigint NOT NULL,
    village_id bigint NOT NULL,
    CONSTRAINT closing_residentmonth_days_check CHECK ((days >= 0)),
    CONSTRAINT closing_residentmonth_needed_check CHECK ((needed >= 0)),
    CONSTRAINT closing_residentmonth_nights_check CHECK ((nights >= 0))
);
ALTER TABLE closing_residentmonth ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME closing_residentmonth_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE closing_slipline (
    id bigint NOT NULL,
    day date NOT NULL,
    start smallint NOT NULL,
    was jsonb NOT NULL,
    now jsonb NOT NULL,
    came_at timestamp with time zone NOT NULL,
    why text NOT NULL,
    facts jsonb NOT NULL,
    decisions jsonb NOT NULL,
    person_id bigint NOT NULL,
    signed_with_id bigint NOT NULL,
    CONSTRAINT closing_slipline_start_check CHECK ((start >= 0))
);
ALTER TABLE closing_slipline ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME closing_slipline_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE compliance_switchstep (
    id bigint NOT NULL,
    code character varying(32) NOT NULL,
    step character varying(16) NOT NULL,
    by character varying(150) NOT NULL,
    at timestamp with time zone NOT NULL,
    reason character varying(200) NOT NULL
);
ALTER TABLE compliance_switchstep ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME compliance_switchstep_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE courses_course (
    id bigint NOT NULL,
    kind character varying(8) NOT NULL,
    types character varying(10)[] NOT NULL,
    packs character varying(64)[] NOT NULL,
    title character varying(64) NOT NULL,
    choose smallint,
    until date,
    made_at timestamp with time zone NOT NULL,
    made_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    ended_at timestamp with time zone,
    ended_by character varying(150) NOT NULL,
    ended_reason character varying(200) NOT NULL,
    region_id bigint NOT NULL,
    CONSTRAINT course_ended_by_somebody CHECK ((((ended_at IS NULL) AND ((ended_by)::text = ''::text)) OR ((ended_at IS NOT NULL) AND (NOT ((ended_by)::text = ''::text))))),
    CONSTRAINT course_is_of_its_kind CHECK ((((choose IS NULL) AND ((kind)::text = 'required'::text) AND (
CASE
    WHEN (packs IS NULL) THEN NULL::integer
    ELSE COALESCE(array_length(packs, 1), 0)
END = 1) AND (until IS NOT NULL)) OR ((choose >= 1) AND ((kind)::text = 'menu'::text) AND (
CASE
    WHEN (packs IS NULL) THEN NULL::integer
    ELSE COALESCE(array_length(packs, 1), 0)
END >= 1) AND (until IS NULL)))),
    CONSTRAINT courses_course_choose_check CHECK ((choose >= 0))
);
ALTER TABLE courses_course ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME courses_course_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE dated_erased (
    id bigint NOT NULL,
    "table" character varying(63) NOT NULL,
    "row" bigint NOT NULL,
    digest bytea NOT NULL,
    erased_at timestamp with time zone NOT NULL
);
ALTER TABLE dated_erased ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME dated_erased_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE UNLOGGED TABLE dated_written (
    transaction xid8 DEFAULT pg_current_xact_id() NOT NULL,
    "table" name NOT NULL,
    "row" bigint NOT NULL
);
CREATE TABLE decisions_countystream (
    id bigint NOT NULL,
    county character varying(32) NOT NULL,
    epoch bytea NOT NULL,
    through bigint NOT NULL,
    head bytea NOT NULL,
    record_key bytea NOT NULL,
    tables jsonb NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    answers character varying(32) NOT NULL
);
ALTER TABLE decisions_countystream ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME decisions_countystream_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE decisions_decidedfact (
    id bigint NOT NULL,
    seq bigint NOT NULL,
    salt bytea NOT NULL,
    body bytea NOT NULL,
    head bytea NOT NULL,
    signature bytea NOT NULL,
    stream_id bigint NOT NULL
);
ALTER TABLE decisions_decidedfact ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME decisions_decidedfact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE decisions_decidedrow (
    id bigint NOT NULL,
    place integer NOT NULL,
    "table" character varying(64) NOT NULL,
    "row" character varying(64) NOT NULL,
    digest bytea,
    salt bytea,
    body bytea,
    fact_id bigint NOT NULL,
    CONSTRAINT decisions_decidedrow_place_check CHECK ((place >= 0))
);
ALTER TABLE decisions_decidedrow ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME decisions_decidedrow_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE django_admin_log (
    id integer NOT NULL,
    action_time timestamp with time zone NOT NULL,
    object_id text,
    object_repr character varying(200) NOT NULL,
    action_flag smallint NOT NULL,
    change_message text NOT NULL,
    content_type_id integer,
    user_id bigint NOT NULL,
    CONSTRAINT django_admin_log_action_flag_check CHECK ((action_flag >= 0))
);
ALTER TABLE django_admin_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME django_admin_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE django_content_type (
    id integer NOT NULL,
    app_label character varying(100) NOT NULL,
    model character varying(100) NOT NULL
);
ALTER TABLE django_content_type ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME django_content_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE django_migrations (
    id integer NOT NULL,
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp with time zone NOT NULL
);
ALTER TABLE django_migrations ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME django_migrations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE django_session (
    session_key character varying(40) NOT NULL,
    session_data text NOT NULL,
    expire_date timestamp with time zone NOT NULL
);
CREATE TABLE duty_absence (
    id bigint NOT NULL,
    kind character varying(10) NOT NULL,
    source character varying(64) NOT NULL,
    person_id bigint NOT NULL
);
ALTER TABLE duty_absence ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME duty_absence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE duty_absencerecord (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    code character varying(32) DEFAULT ''::character varying NOT NULL,
    ended boolean DEFAULT false NOT NULL,
    subject_id bigint NOT NULL,
    CONSTRAINT absencerecord_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE duty_absencerecord ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME duty_absencerecord_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE duty_rosterchange (
    id bigint NOT NULL,
    what character varying(7) NOT NULL,
    subject bigint NOT NULL
);
ALTER TABLE duty_rosterchange ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME duty_rosterchange_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE duty_rostertemplate (
    id bigint NOT NULL,
    name character varying(32) NOT NULL,
    "window" character varying(32) NOT NULL,
    rule character varying(8) NOT NULL,
    turns jsonb NOT NULL,
    leaders jsonb NOT NULL,
    leader_by character varying(4) NOT NULL,
    dates character varying(8) NOT NULL,
    digits jsonb NOT NULL,
    ended boolean NOT NULL,
    region_id character varying(12) NOT NULL
);
ALTER TABLE duty_rostertemplate ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME duty_rostertemplate_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE editing_bankdraft (
    id bigint NOT NULL,
    pack character varying(64) NOT NULL,
    title character varying(64) NOT NULL,
    sample boolean NOT NULL,
    owner character varying(64) NOT NULL,
    review_by date,
    made_by character varying(150) NOT NULL,
    made_at timestamp with time zone NOT NULL,
    changed_by character varying(150) NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    editors character varying(150)[] NOT NULL,
    region_id character varying(12) NOT NULL,
    written_id bigint,
    based_on integer NOT NULL,
    CONSTRAINT editing_bankdraft_based_on_check CHECK ((based_on >= 0))
);
ALTER TABLE editing_bankdraft ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME editing_bankdraft_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE editing_draftfile (
    id bigint NOT NULL,
    name character varying(64) NOT NULL,
    media_type character varying(64) NOT NULL,
    content bytea NOT NULL,
    draft_id bigint NOT NULL
);
ALTER TABLE editing_draftfile ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME editing_draftfile_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE editing_draftlevel (
    id bigint NOT NULL,
    ident character varying(64) NOT NULL,
    name character varying(64) NOT NULL,
    draw smallint NOT NULL,
    place integer NOT NULL,
    draft_id bigint NOT NULL,
    CONSTRAINT editing_draftlevel_draw_check CHECK ((draw >= 0)),
    CONSTRAINT editing_draftlevel_place_check CHECK ((place >= 0))
);
ALTER TABLE editing_draftlevel ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME editing_draftlevel_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE editing_draftquestion (
    id bigint NOT NULL,
    place integer NOT NULL,
    ident character varying(64) NOT NULL,
    kind character varying(16) NOT NULL,
    stem text NOT NULL,
    options text[] NOT NULL,
    answer smallint[] NOT NULL,
    explanation text NOT NULL,
    source text NOT NULL,
    picture character varying(64) NOT NULL,
    sound character varying(64) NOT NULL,
    said text[] NOT NULL,
    revision integer NOT NULL,
    level_id bigint NOT NULL,
    CONSTRAINT editing_draftquestion_place_check CHECK ((place >= 0)),
    CONSTRAINT editing_draftquestion_revision_check CHECK ((revision >= 0))
);
ALTER TABLE editing_draftquestion ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME editing_draftquestion_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE enrolment_claim (
    id bigint NOT NULL,
    lookup character varying(6) NOT NULL,
    secret_hash character varying(128) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    wrong_tries smallint NOT NULL,
    used_at timestamp with time zone,
    burnt_at timestamp with time zone,
    station_id character varying(32) NOT NULL,
    fact_id bigint,
    CONSTRAINT enrolment_claim_wrong_tries_check CHECK ((wrong_tries >= 0))
);
ALTER TABLE enrolment_claim ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME enrolment_claim_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE enrolment_stationcertificate (
    id bigint NOT NULL,
    serial character varying(40) NOT NULL,
    not_after timestamp with time zone NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    station_id character varying(32) NOT NULL
);
ALTER TABLE enrolment_stationcertificate ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME enrolment_stationcertificate_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE enrolment_usednonce (
    id bigint NOT NULL,
    nonce bytea NOT NULL,
    used_at timestamp with time zone NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE enrolment_usednonce ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME enrolment_usednonce_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE exceptions_judgement (
    id bigint NOT NULL,
    verdict character varying(8) NOT NULL,
    note character varying(200) NOT NULL,
    by character varying(150) NOT NULL,
    at timestamp with time zone NOT NULL,
    notable_id bigint NOT NULL
);
ALTER TABLE exceptions_judgement ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME exceptions_judgement_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE exceptions_kind (
    code character varying(16) NOT NULL
);
CREATE TABLE exceptions_kindrecord (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    off boolean DEFAULT false NOT NULL,
    threshold integer,
    subject_id character varying(16) NOT NULL,
    CONSTRAINT exceptions_kindrecord_threshold_check CHECK ((threshold >= 0)),
    CONSTRAINT kindrecord_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE exceptions_kindrecord ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME exceptions_kindrecord_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE exceptions_looked (
    id smallint NOT NULL,
    through date NOT NULL,
    CONSTRAINT exceptions_looked_id_check CHECK ((id >= 0)),
    CONSTRAINT looked_is_one_row CHECK ((id = 1))
);
CREATE TABLE exceptions_notable (
    id bigint NOT NULL,
    kind character varying(16) NOT NULL,
    key character varying(128) NOT NULL,
    day date NOT NULL,
    detail jsonb NOT NULL,
    evidence jsonb NOT NULL,
    found_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone,
    person_id bigint,
    village_id bigint NOT NULL
);
ALTER TABLE exceptions_notable ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME exceptions_notable_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE feedback_feedback (
    id bigint NOT NULL,
    wall timestamp with time zone NOT NULL,
    quality character varying(10) NOT NULL,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    feedback bytea NOT NULL,
    number character varying(10) NOT NULL,
    topic character varying(64) NOT NULL,
    matter character varying(64) NOT NULL,
    about character varying(64) NOT NULL,
    item character varying(64) NOT NULL,
    text character varying(400) NOT NULL,
    by_epoch bytea,
    by_seq bigint,
    station_id character varying(32) NOT NULL
);
ALTER TABLE feedback_feedback ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME feedback_feedback_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE feedback_feedbackrating (
    id bigint NOT NULL,
    wall timestamp with time zone NOT NULL,
    quality character varying(10) NOT NULL,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    feedback bytea NOT NULL,
    rating smallint NOT NULL,
    note character varying(400) NOT NULL,
    by_epoch bytea,
    by_seq bigint,
    station_id character varying(32) NOT NULL,
    CONSTRAINT feedback_feedbackrating_rating_check CHECK ((rating >= 0))
);
ALTER TABLE feedback_feedbackrating ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME feedback_feedbackrating_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE feedback_feedbackstep (
    id bigint NOT NULL,
    kind character varying(12) NOT NULL,
    text character varying(400) NOT NULL,
    office character varying(64) NOT NULL,
    actor character varying(150) NOT NULL,
    at timestamp with time zone NOT NULL,
    feedback_id bigint NOT NULL
);
ALTER TABLE feedback_feedbackstep ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME feedback_feedbackstep_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE feedback_helpcontact (
    region_id character varying(12) NOT NULL,
    name character varying(16) NOT NULL,
    phone character varying(20) NOT NULL
);
CREATE TABLE feedback_setaside (
    feedback_id bigint NOT NULL,
    because character varying(8) NOT NULL,
    actor character varying(150) NOT NULL,
    at timestamp with time zone NOT NULL,
    put_back_at timestamp with time zone
);
CREATE TABLE fleet_alarm (
    id bigint NOT NULL,
    code character varying(64) NOT NULL,
    severity character varying(8) NOT NULL,
    detail character varying(400) NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    count integer NOT NULL,
    acknowledged_at timestamp with time zone,
    resolved_at timestamp with time zone,
    station_id character varying(32),
    origin character varying(8) NOT NULL,
    resolved_because character varying(16) NOT NULL,
    acknowledged_by_id bigint,
    CONSTRAINT fleet_alarm_count_check CHECK ((count >= 0))
);
ALTER TABLE fleet_alarm ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME fleet_alarm_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE fleet_clockrun (
    id bigint NOT NULL,
    run bytea NOT NULL,
    boot bytea NOT NULL,
    began_ms bigint NOT NULL,
    offset_ms bigint NOT NULL,
    vouched smallint NOT NULL,
    ahead_ms bigint NOT NULL,
    noted_at timestamp with time zone NOT NULL,
    doubted_by character varying(32) DEFAULT ''::character varying NOT NULL,
    told_ms bigint,
    CONSTRAINT fleet_clockrun_vouched_check CHECK ((vouched >= 0))
);
ALTER TABLE fleet_clockrun ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME fleet_clockrun_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE fleet_countystate (
    id smallint NOT NULL,
    generation integer NOT NULL,
    CONSTRAINT county_state_is_one_row CHECK ((id = 1)),
    CONSTRAINT fleet_countystate_generation_check CHECK ((generation >= 0)),
    CONSTRAINT fleet_countystate_id_check CHECK ((id >= 0))
);
CREATE TABLE fleet_desiredstate (
    station_id character varying(32) NOT NULL,
    version integer NOT NULL,
    payload bytea NOT NULL,
    built_at timestamp with time zone NOT NULL,
    CONSTRAINT fleet_desiredstate_version_check CHECK ((version >= 0))
);
CREATE TABLE fleet_shelfdue (
    id bigint NOT NULL,
    marked_at timestamp with time zone NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE fleet_shelfdue ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME fleet_shelfdue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE fleet_station (
    id character varying(32) NOT NULL,
    name character varying(64) NOT NULL,
    shard smallint NOT NULL,
    record_key bytea,
    enrolled_at timestamp with time zone,
    revoked_at timestamp with time zone,
    desired_version integer NOT NULL,
    reported_version integer NOT NULL,
    refused_version integer NOT NULL,
    refused_reason character varying(400) NOT NULL,
    village_id character varying(12) NOT NULL,
    CONSTRAINT fleet_station_desired_version_check CHECK ((desired_version >= 0)),
    CONSTRAINT fleet_station_refused_version_check CHECK ((refused_version >= 0)),
    CONSTRAINT fleet_station_reported_version_check CHECK ((reported_version >= 0)),
    CONSTRAINT fleet_station_shard_check CHECK ((shard >= 0))
);
CREATE TABLE fleet_stationevent (
    id bigint NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    kind character varying(24) NOT NULL,
    wall timestamp with time zone NOT NULL,
    quality character varying(10) NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    detail jsonb NOT NULL,
    station_id character varying(32) NOT NULL,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL
);
ALTER TABLE fleet_stationevent ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME fleet_stationevent_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE fleet_stationstatus (
    station_id character varying(32) NOT NULL,
    online boolean NOT NULL,
    connection bytea,
    changed_at timestamp with time zone,
    heard_at timestamp with time zone,
    receipt_at timestamp with time zone,
    waiting integer NOT NULL,
    blobs_waiting integer NOT NULL,
    clock_quality character varying(10) NOT NULL,
    software character varying(64) NOT NULL,
    reader_ready boolean NOT NULL,
    camera_ready boolean NOT NULL,
    disk_free_kib bigint NOT NULL,
    resident_kib bigint NOT NULL,
    simulated boolean NOT NULL,
    health jsonb,
    health_at timestamp with time zone,
    month_bytes bigint,
    month_forecast_bytes bigint,
    saving jsonb,
    doubted_at timestamp with time zone,
    contract smallint DEFAULT 0 NOT NULL,
    image character varying(64) DEFAULT ''::character varying NOT NULL,
    release character varying(64) DEFAULT ''::character varying NOT NULL,
    slot character varying(64) DEFAULT ''::character varying NOT NULL,
    vitals_at timestamp with time zone,
    CONSTRAINT fleet_stationstatus_blobs_waiting_check CHECK ((blobs_waiting >= 0)),
    CONSTRAINT fleet_stationstatus_contract_check CHECK ((contract >= 0)),
    CONSTRAINT fleet_stationstatus_waiting_check CHECK ((waiting >= 0))
)
WITH (fillfactor='50');
CREATE TABLE fleet_stream (
    id bigint NOT NULL,
    epoch bytea NOT NULL,
    through bigint NOT NULL,
    head bytea NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    issued bigint NOT NULL,
    station_id character varying(32) NOT NULL,
    born_at timestamp with time zone
)
WITH (fillfactor='50');
ALTER TABLE fleet_stream ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME fleet_stream_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE guard_permit (
    id bigint NOT NULL,
    number character varying(25) NOT NULL,
    owner character varying(40) NOT NULL,
    reason character varying(200) NOT NULL,
    asked_by character varying(150) NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    agreed_by character varying(150) NOT NULL,
    agreed_at timestamp with time zone,
    agreed_reason character varying(200) NOT NULL,
    ended_by character varying(150) NOT NULL,
    ended_at timestamp with time zone,
    ended_reason character varying(200) NOT NULL,
    region_id character varying(12) NOT NULL,
    CONSTRAINT permit_agreed_by_somebody CHECK ((((agreed_at IS NULL) AND ((agreed_by)::text = ''::text)) OR ((agreed_at IS NOT NULL) AND (NOT ((agreed_by)::text = ''::text))))),
    CONSTRAINT permit_by_two_people CHECK ((NOT ((agreed_by)::text = (asked_by)::text)))
);
ALTER TABLE guard_permit ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME guard_permit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE guard_secretword (
    id bigint NOT NULL,
    word character varying(20) NOT NULL,
    harmless character varying(40)[] NOT NULL,
    added_by character varying(150) NOT NULL,
    added_at timestamp with time zone NOT NULL,
    ended_by character varying(150) NOT NULL,
    ended_at timestamp with time zone
);
ALTER TABLE guard_secretword ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME guard_secretword_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE incidents_acknowledgement (
    id bigint NOT NULL,
    kind character varying(16) NOT NULL,
    place character varying(40) NOT NULL,
    note character varying(200) NOT NULL,
    at timestamp with time zone NOT NULL,
    taken_back_at timestamp with time zone,
    by_id bigint NOT NULL
);
ALTER TABLE incidents_acknowledgement ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME incidents_acknowledgement_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE incidents_channelconfig (
    id bigint NOT NULL,
    driver character varying(16) NOT NULL,
    name character varying(64) NOT NULL,
    least_severity character varying(8) NOT NULL,
    sealed text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    removed_at timestamp with time zone,
    sent_at timestamp with time zone,
    failing_since timestamp with time zone,
    failure character varying(200) NOT NULL,
    region_id bigint NOT NULL
);
ALTER TABLE incidents_channelconfig ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME incidents_channelconfig_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE incidents_episode (
    id bigint NOT NULL,
    kind character varying(16) NOT NULL,
    place character varying(40) NOT NULL,
    region character varying(12) NOT NULL,
    severity character varying(8) NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    over_at timestamp with time zone
);
ALTER TABLE incidents_episode ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME incidents_episode_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE incidents_mention (
    id bigint NOT NULL,
    of_end boolean NOT NULL,
    channel_id bigint NOT NULL,
    episode_id bigint NOT NULL,
    notification_id bigint NOT NULL
);
ALTER TABLE incidents_mention ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME incidents_mention_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE incidents_notification (
    id bigint NOT NULL,
    title character varying(100) NOT NULL,
    text text NOT NULL,
    is_test boolean NOT NULL,
    made_at timestamp with time zone NOT NULL,
    next_at timestamp with time zone NOT NULL,
    tries smallint NOT NULL,
    sent_at timestamp with time zone,
    given_up_at timestamp with time zone,
    channel_id bigint NOT NULL,
    CONSTRAINT incidents_notification_tries_check CHECK ((tries >= 0))
);
ALTER TABLE incidents_notification ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME incidents_notification_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE incidents_oncall (
    id bigint NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    telephone character varying(200) NOT NULL,
    region_id bigint NOT NULL,
    user_id bigint NOT NULL,
    CONSTRAINT on_call_ends_after_it_begins CHECK ((last_day >= first_day))
);
ALTER TABLE incidents_oncall ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME incidents_oncall_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE incidents_silence (
    id bigint NOT NULL,
    kind character varying(16) NOT NULL,
    place character varying(40) NOT NULL,
    reason character varying(200) NOT NULL,
    at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    lifted_at timestamp with time zone,
    by_id bigint NOT NULL,
    CONSTRAINT silence_begins_before_it_ends CHECK ((ends_at > at))
);
ALTER TABLE incidents_silence ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME incidents_silence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE ingest_datingdue (
    id bigint NOT NULL,
    boot bytea NOT NULL,
    large boolean NOT NULL,
    from_scratch boolean NOT NULL,
    asked integer NOT NULL,
    in_walk boolean NOT NULL,
    moved integer NOT NULL,
    moved_told integer NOT NULL,
    moved_most_ms bigint NOT NULL,
    moved_first timestamp with time zone,
    moved_last timestamp with time zone,
    station_id character varying(32) NOT NULL
);
ALTER TABLE ingest_datingdue ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME ingest_datingdue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE ingest_datingwalk (
    station_id character varying(32) NOT NULL,
    "table" character varying(64) NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL
);
CREATE TABLE ingest_daytaken (
    id bigint NOT NULL,
    day date NOT NULL,
    facts bigint NOT NULL,
    fact_bytes bigint NOT NULL,
    blob_bytes bigint NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE ingest_daytaken ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME ingest_daytaken_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE ingest_fact (
    id bigint NOT NULL,
    seq bigint NOT NULL,
    digest bytea NOT NULL,
    head bytea NOT NULL,
    salt bytea,
    body bytea,
    kind character varying(24) NOT NULL,
    received_at timestamp with time zone NOT NULL,
    held_reason character varying(24) NOT NULL,
    stream_id bigint NOT NULL
);
ALTER TABLE ingest_fact ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME ingest_fact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE ingest_ingestlease (
    shard smallint NOT NULL,
    worker character varying(64) NOT NULL,
    since timestamp with time zone NOT NULL,
    CONSTRAINT ingest_ingestlease_shard_check CHECK ((shard >= 0))
);
CREATE TABLE ingest_quarantined (
    id bigint NOT NULL,
    topic character varying(128) NOT NULL,
    raw bytea NOT NULL,
    reason character varying(24) NOT NULL,
    detail character varying(400) NOT NULL,
    received_at timestamp with time zone NOT NULL,
    station_id character varying(32)
);
ALTER TABLE ingest_quarantined ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME ingest_quarantined_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE ingest_reissue (
    id bigint NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    digest bytea NOT NULL,
    identity_epoch bytea NOT NULL,
    identity_seq bigint NOT NULL,
    carrier_epoch bytea NOT NULL,
    carrier_seq bigint NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE ingest_reissue ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME ingest_reissue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE ingest_signedheadkept (
    stream_id bigint NOT NULL,
    through bigint NOT NULL,
    head bytea NOT NULL,
    signature bytea NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE ingest_unprovenhead (
    id bigint NOT NULL,
    seq bigint NOT NULL,
    head bytea NOT NULL,
    signature bytea NOT NULL,
    connection bytea NOT NULL,
    stream_id bigint NOT NULL
);
ALTER TABLE ingest_unprovenhead ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME ingest_unprovenhead_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE ingest_writeoff (
    fact_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor character varying(150) NOT NULL,
    reason character varying(200) NOT NULL
);
CREATE TABLE learning_attempt (
    id bigint NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    run bytea NOT NULL,
    pack character varying(64) NOT NULL,
    pack_version integer NOT NULL,
    level character varying(64) NOT NULL,
    question character varying(64) NOT NULL,
    chosen jsonb NOT NULL,
    "right" boolean NOT NULL,
    lives_left smallint NOT NULL,
    wall timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    station_id character varying(32) NOT NULL,
    quality character varying(10) NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    by_epoch bytea,
    by_seq bigint,
    mode character varying(10) DEFAULT 'level'::character varying NOT NULL,
    took_ms integer,
    CONSTRAINT learning_attempt_lives_left_check CHECK ((lives_left >= 0)),
    CONSTRAINT learning_attempt_pack_version_check CHECK ((pack_version >= 0)),
    CONSTRAINT learning_attempt_took_ms_check CHECK ((took_ms >= 0))
);
ALTER TABLE learning_attempt ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME learning_attempt_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE learning_learningpack (
    id bigint NOT NULL,
    pack character varying(64) NOT NULL,
    version integer NOT NULL,
    title character varying(64) NOT NULL,
    sha256 bytea NOT NULL,
    file bytea NOT NULL,
    published_at timestamp with time zone NOT NULL,
    CONSTRAINT learning_learningpack_version_check CHECK ((version >= 0))
);
ALTER TABLE learning_learningpack ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME learning_learningpack_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE learning_levelrun (
    id bigint NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    run bytea NOT NULL,
    pack character varying(64) NOT NULL,
    pack_version integer NOT NULL,
    level character varying(64) NOT NULL,
    passed boolean NOT NULL,
    stars smallint NOT NULL,
    wall timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    station_id character varying(32) NOT NULL,
    quality character varying(10) NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    by_epoch bytea,
    by_seq bigint,
    mode character varying(10) DEFAULT 'level'::character varying NOT NULL,
    took_ms integer,
    CONSTRAINT learning_levelrun_pack_version_check CHECK ((pack_version >= 0)),
    CONSTRAINT learning_levelrun_stars_check CHECK ((stars >= 0)),
    CONSTRAINT learning_levelrun_took_ms_check CHECK ((took_ms >= 0))
);
ALTER TABLE learning_levelrun ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME learning_levelrun_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE learning_packchoice (
    id bigint NOT NULL,
    wall timestamp with time zone NOT NULL,
    quality character varying(10) NOT NULL,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    by_epoch bytea NOT NULL,
    by_seq bigint NOT NULL,
    pack character varying(64) NOT NULL,
    chosen boolean NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE learning_packchoice ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME learning_packchoice_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE learning_packkeeper (
    id bigint NOT NULL,
    pack character varying(64) NOT NULL,
    owner character varying(64) NOT NULL,
    review_by date NOT NULL,
    reason character varying(200) NOT NULL,
    made_by character varying(150) NOT NULL,
    made_at timestamp with time zone NOT NULL
);
ALTER TABLE learning_packkeeper ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME learning_packkeeper_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE learning_remarked (
    id bigint NOT NULL,
    question character varying(64) NOT NULL,
    attempts integer NOT NULL,
    pack_id bigint NOT NULL,
    CONSTRAINT learning_remarked_attempts_check CHECK ((attempts >= 0))
);
ALTER TABLE learning_remarked ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME learning_remarked_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE manifest_dailymanifest (
    number bigint NOT NULL,
    day date NOT NULL,
    signed bytea NOT NULL,
    leaves bytea NOT NULL,
    made_at timestamp with time zone NOT NULL
);
CREATE TABLE manifest_dailytable (
    id bigint NOT NULL,
    "table" character varying(64) NOT NULL,
    columns jsonb NOT NULL,
    rows bytea NOT NULL,
    ended bytea NOT NULL,
    manifest_id bigint NOT NULL
);
ALTER TABLE manifest_dailytable ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME manifest_dailytable_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE manifest_recordcheck (
    id smallint NOT NULL,
    at timestamp with time zone NOT NULL,
    facts bigint NOT NULL,
    entries bigint NOT NULL,
    manifests bigint NOT NULL,
    problem character varying(400) NOT NULL,
    CONSTRAINT manifest_recordcheck_id_check CHECK ((id >= 0)),
    CONSTRAINT record_check_is_one_row CHECK ((id = 1))
);
CREATE TABLE media_blob (
    id bigint NOT NULL,
    sha256 bytea NOT NULL,
    size integer NOT NULL,
    media_type character varying(64) NOT NULL,
    purpose character varying(16) NOT NULL,
    about_epoch bytea,
    about_seq bigint,
    announced_at timestamp with time zone,
    ranges jsonb NOT NULL,
    completed_at timestamp with time zone,
    viewable boolean NOT NULL,
    evicted_reason character varying(16) NOT NULL,
    station_id character varying(32),
    judged_type character varying(64) DEFAULT ''::character varying NOT NULL,
    origin character varying(8) DEFAULT 'station'::character varying NOT NULL,
    uploaded_by_id bigint,
    CONSTRAINT blob_has_one_origin CHECK (((((origin)::text = 'station'::text) AND (station_id IS NOT NULL) AND (uploaded_by_id IS NULL)) OR (((origin)::text = 'county'::text) AND (station_id IS NULL) AND (uploaded_by_id IS NOT NULL)))),
    CONSTRAINT media_blob_size_check CHECK ((size >= 0))
);
ALTER TABLE media_blob ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME media_blob_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE media_legalhold (
    id bigint NOT NULL,
    reason character varying(200) NOT NULL,
    set_by character varying(150) NOT NULL,
    set_at timestamp with time zone NOT NULL,
    lifted_reason character varying(200) NOT NULL,
    lifted_by character varying(150) NOT NULL,
    lifted_at timestamp with time zone,
    blob_id bigint NOT NULL,
    set_within_id bigint
);
ALTER TABLE media_legalhold ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME media_legalhold_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE meetings_kindsubject (
    name character varying(20) NOT NULL
);
CREATE TABLE meetings_kindterms (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    times smallint NOT NULL,
    months smallint NOT NULL,
    rule character varying(9) NOT NULL,
    numerator smallint NOT NULL,
    denominator smallint NOT NULL,
    subject_id character varying(20) NOT NULL,
    CONSTRAINT kindterms_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to))),
    CONSTRAINT meetings_kindterms_denominator_check CHECK ((denominator >= 0)),
    CONSTRAINT meetings_kindterms_months_check CHECK ((months >= 0)),
    CONSTRAINT meetings_kindterms_numerator_check CHECK ((numerator >= 0)),
    CONSTRAINT meetings_kindterms_times_check CHECK ((times >= 0))
);
ALTER TABLE meetings_kindterms ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME meetings_kindterms_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE meetings_meeting (
    id bigint NOT NULL,
    region_id bigint NOT NULL,
    unit_id bigint
);
ALTER TABLE meetings_meeting ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME meetings_meeting_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE meetings_meetingrecord (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    kind character varying(20) NOT NULL,
    title character varying(64) NOT NULL,
    place character varying(64) NOT NULL,
    stations character varying(32)[] NOT NULL,
    begin timestamp with time zone NOT NULL,
    "end" timestamp with time zone NOT NULL,
    chair bigint,
    expected bigint[] NOT NULL,
    voters bigint[] NOT NULL,
    rule character varying(9) NOT NULL,
    numerator smallint DEFAULT 0 NOT NULL,
    denominator smallint DEFAULT 1 NOT NULL,
    agenda jsonb NOT NULL,
    papers jsonb NOT NULL,
    cancelled boolean DEFAULT false NOT NULL,
    subject_id bigint NOT NULL,
    CONSTRAINT meeting_begins_before_it_ends CHECK ((begin < "end")),
    CONSTRAINT meeting_record_is_always CHECK (((valid_from IS NULL) AND (valid_to IS NULL))),
    CONSTRAINT meetingrecord_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to))),
    CONSTRAINT meetings_meetingrecord_denominator_check CHECK ((denominator >= 0)),
    CONSTRAINT meetings_meetingrecord_numerator_check CHECK ((numerator >= 0))
);
ALTER TABLE meetings_meetingrecord ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME meetings_meetingrecord_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE meetings_meetingstep (
    id bigint NOT NULL,
    wall timestamp with time zone NOT NULL,
    quality character varying(10) NOT NULL,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    by_epoch bytea,
    by_seq bigint,
    person_number character varying(64) DEFAULT ''::character varying NOT NULL,
    meeting character varying(64) NOT NULL,
    step character varying(16) NOT NULL,
    item character varying(64) NOT NULL,
    note character varying(400) NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE meetings_meetingstep ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME meetings_meetingstep_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE meetings_minutes (
    id bigint NOT NULL,
    version smallint NOT NULL,
    text text NOT NULL,
    written_at timestamp with time zone NOT NULL,
    written_by character varying(150) NOT NULL,
    signed_at timestamp with time zone,
    signed_by character varying(150) NOT NULL,
    meeting_id bigint NOT NULL,
    CONSTRAINT meetings_minutes_version_check CHECK ((version >= 0))
);
ALTER TABLE meetings_minutes ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME meetings_minutes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE meetings_votecount (
    id bigint NOT NULL,
    wall timestamp with time zone NOT NULL,
    quality character varying(10) NOT NULL,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    by_epoch bytea,
    by_seq bigint,
    person_number character varying(64) DEFAULT ''::character varying NOT NULL,
    meeting character varying(64) NOT NULL,
    item character varying(64) NOT NULL,
    votes integer[] NOT NULL,
    present integer NOT NULL,
    abstained integer NOT NULL,
    station_id character varying(32) NOT NULL,
    CONSTRAINT meetings_votecount_abstained_check CHECK ((abstained >= 0)),
    CONSTRAINT meetings_votecount_present_check CHECK ((present >= 0))
);
ALTER TABLE meetings_votecount ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME meetings_votecount_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE meetings_voteentry (
    id bigint NOT NULL,
    item character varying(64) NOT NULL,
    votes integer[] NOT NULL,
    present integer NOT NULL,
    abstained integer NOT NULL,
    voted_at timestamp with time zone NOT NULL,
    entered_at timestamp with time zone NOT NULL,
    entered_by character varying(150) NOT NULL,
    meeting_id bigint NOT NULL,
    CONSTRAINT meetings_voteentry_abstained_check CHECK ((abstained >= 0)),
    CONSTRAINT meetings_voteentry_present_check CHECK ((present >= 0))
);
ALTER TABLE meetings_voteentry ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME meetings_voteentry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE meetings_vouch (
    id bigint NOT NULL,
    wall timestamp with time zone NOT NULL,
    quality character varying(10) NOT NULL,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    by_epoch bytea,
    by_seq bigint,
    person_number character varying(64) DEFAULT ''::character varying NOT NULL,
    person character varying(64) NOT NULL,
    purpose character varying(64) NOT NULL,
    note character varying(400) NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE meetings_vouch ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME meetings_vouch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE orders_stationorder (
    id uuid NOT NULL,
    "order" character varying(16) NOT NULL,
    terms jsonb NOT NULL,
    reason character varying(200) NOT NULL,
    issuer character varying(150) NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    not_after timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    sent_over bytea,
    answered_at timestamp with time zone,
    outcome character varying(8) NOT NULL,
    detail character varying(400) NOT NULL,
    figures jsonb NOT NULL,
    station_id character varying(32) NOT NULL
);
CREATE TABLE otp_totp_totpdevice (
    id integer NOT NULL,
    name character varying(64) NOT NULL,
    confirmed boolean NOT NULL,
    key character varying(80) NOT NULL,
    step smallint NOT NULL,
    t0 bigint NOT NULL,
    digits smallint NOT NULL,
    tolerance smallint NOT NULL,
    drift smallint NOT NULL,
    last_t bigint NOT NULL,
    user_id bigint NOT NULL,
    throttling_failure_count integer NOT NULL,
    throttling_failure_timestamp timestamp with time zone,
    created_at timestamp with time zone,
    last_used_at timestamp with time zone,
    CONSTRAINT otp_totp_totpdevice_digits_check CHECK ((digits >= 0)),
    CONSTRAINT otp_totp_totpdevice_step_check CHECK ((step >= 0)),
    CONSTRAINT otp_totp_totpdevice_throttling_failure_count_check CHECK ((throttling_failure_count >= 0)),
    CONSTRAINT otp_totp_totpdevice_tolerance_check CHECK ((tolerance >= 0))
);
ALTER TABLE otp_totp_totpdevice ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME otp_totp_totpdevice_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE people_binding (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    state character varying(5) NOT NULL,
    temporary boolean DEFAULT false NOT NULL,
    person_id bigint,
    subject_id bigint NOT NULL,
    CONSTRAINT binding_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to))),
    CONSTRAINT binding_of_nobody_is_ended CHECK ((((person_id IS NULL) AND ((state)::text = 'ended'::text)) OR ((person_id IS NOT NULL) AND (NOT ((state)::text = 'ended'::text)))))
);
ALTER TABLE people_binding ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME people_binding_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE people_card (
    id bigint NOT NULL,
    token bytea NOT NULL,
    tail character varying(4) NOT NULL,
    bound_at timestamp with time zone NOT NULL,
    lost_at timestamp with time zone,
    person_id bigint
);
ALTER TABLE people_card ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME people_card_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE people_holding (
    id bigint NOT NULL,
    person_id bigint NOT NULL,
    post_id bigint NOT NULL
);
ALTER TABLE people_holding ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME people_holding_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE people_holdingrecord (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    state character varying(9) NOT NULL,
    subject_id bigint NOT NULL,
    CONSTRAINT holdingrecord_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE people_holdingrecord ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME people_holdingrecord_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE people_numberseen (
    id bigint NOT NULL,
    kind character varying(8) NOT NULL,
    at timestamp with time zone NOT NULL,
    account character varying(150) NOT NULL,
    office character varying(100) NOT NULL,
    reason character varying(200) NOT NULL,
    person_id bigint NOT NULL
);
ALTER TABLE people_numberseen ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME people_numberseen_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE people_pendingimport (
    id bigint NOT NULL,
    token uuid NOT NULL,
    plan bytea NOT NULL,
    made_at timestamp with time zone NOT NULL,
    account_id bigint NOT NULL
);
ALTER TABLE people_pendingimport ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME people_pendingimport_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE people_person (
    id bigint NOT NULL,
    number character varying(32) NOT NULL,
    name character varying(32) NOT NULL,
    village_id character varying(12) NOT NULL,
    "left" boolean DEFAULT false NOT NULL,
    type character varying(10) DEFAULT 'cadre'::character varying NOT NULL
);
ALTER TABLE people_person ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME people_person_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE people_personrecord (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    number character varying(32) NOT NULL,
    name character varying(32) NOT NULL,
    type character varying(10) DEFAULT 'cadre'::character varying NOT NULL,
    "left" boolean DEFAULT false NOT NULL,
    subject_id bigint NOT NULL,
    village_id bigint NOT NULL,
    CONSTRAINT personrecord_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE people_personrecord ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME people_personrecord_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE people_post (
    id bigint NOT NULL,
    title character varying(32) NOT NULL,
    unit_id bigint NOT NULL
);
ALTER TABLE people_post ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME people_post_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE people_privatenumber (
    id bigint NOT NULL,
    kind character varying(8) NOT NULL,
    version integer NOT NULL,
    sealed bytea NOT NULL,
    index bytea NOT NULL,
    key character varying(8) NOT NULL,
    person_id bigint NOT NULL,
    CONSTRAINT people_privatenumber_version_check CHECK ((version >= 0))
);
ALTER TABLE people_privatenumber ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME people_privatenumber_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE people_unit (
    id bigint NOT NULL,
    name character varying(64) NOT NULL,
    kind character varying(10) NOT NULL,
    ended boolean DEFAULT false NOT NULL,
    region_id character varying(12) NOT NULL
);
ALTER TABLE people_unit ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME people_unit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE people_unitrecord (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    name character varying(64) NOT NULL,
    kind character varying(10) NOT NULL,
    ended boolean DEFAULT false NOT NULL,
    region_id bigint NOT NULL,
    subject_id bigint NOT NULL,
    CONSTRAINT unitrecord_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE people_unitrecord ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME people_unitrecord_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE pins_kiosktry (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    person_id bigint NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE pins_kiosktry ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME pins_kiosktry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE pins_numberentry (
    id bigint NOT NULL,
    wall timestamp with time zone NOT NULL,
    quality character varying(10) NOT NULL,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    number character varying(64) NOT NULL,
    answer character varying(16) NOT NULL,
    clocks boolean NOT NULL,
    direction character varying(3) NOT NULL,
    counts boolean NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE pins_numberentry ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME pins_numberentry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE pins_personpin (
    person_id bigint NOT NULL,
    verifier bytea,
    set_at timestamp with time zone,
    voided_at timestamp with time zone,
    station_id character varying(32)
);
CREATE TABLE pins_pinclaim (
    id bigint NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    number character varying(64) NOT NULL,
    salt bytea NOT NULL,
    refused character varying(16) NOT NULL,
    at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    person_id bigint,
    station_id character varying(32) NOT NULL
);
ALTER TABLE pins_pinclaim ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME pins_pinclaim_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE progress_carddue (
    id bigint NOT NULL,
    card bigint NOT NULL
);
ALTER TABLE progress_carddue ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME progress_carddue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE progress_chosenpack (
    id bigint NOT NULL,
    pack character varying(64) NOT NULL,
    person_id bigint NOT NULL
);
ALTER TABLE progress_chosenpack ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME progress_chosenpack_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE progress_keptlevel (
    id bigint NOT NULL,
    pack character varying(64) NOT NULL,
    level character varying(64) NOT NULL,
    stars smallint NOT NULL,
    first_at timestamp with time zone,
    person_id bigint NOT NULL,
    CONSTRAINT progress_keptlevel_stars_check CHECK ((stars >= 0))
);
ALTER TABLE progress_keptlevel ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME progress_keptlevel_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE progress_packcounted (
    pack character varying(64) NOT NULL,
    version integer NOT NULL,
    "on" date NOT NULL,
    CONSTRAINT progress_packcounted_version_check CHECK ((version >= 0))
);
CREATE TABLE progress_persondue (
    person_id bigint NOT NULL,
    marked_at timestamp with time zone NOT NULL,
    failed_at timestamp with time zone
);
CREATE TABLE progress_personprogress (
    person_id bigint NOT NULL,
    as_of timestamp with time zone NOT NULL,
    digest bytea NOT NULL,
    content bytea NOT NULL
);
CREATE TABLE progress_progressstate (
    id smallint NOT NULL,
    remarked bigint NOT NULL,
    whole_on date,
    whole_through bigint NOT NULL,
    taken_on date,
    measured_through date,
    CONSTRAINT progress_progressstate_id_check CHECK ((id >= 0)),
    CONSTRAINT progress_state_is_one_row CHECK ((id = 1))
);
CREATE TABLE progress_questioncount (
    id bigint NOT NULL,
    pack character varying(64) NOT NULL,
    question character varying(64) NOT NULL,
    runs integer NOT NULL,
    asked integer NOT NULL,
    firsts integer NOT NULL,
    firsts_right integer NOT NULL,
    median_ms integer,
    chosen integer[] NOT NULL,
    answer smallint[] NOT NULL,
    CONSTRAINT progress_questioncount_asked_check CHECK ((asked >= 0)),
    CONSTRAINT progress_questioncount_firsts_check CHECK ((firsts >= 0)),
    CONSTRAINT progress_questioncount_firsts_right_check CHECK ((firsts_right >= 0)),
    CONSTRAINT progress_questioncount_median_ms_check CHECK ((median_ms >= 0)),
    CONSTRAINT progress_questioncount_runs_check CHECK ((runs >= 0)),
    CONSTRAINT question_count_of_many CHECK ((runs >= 10))
);
ALTER TABLE progress_questioncount ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME progress_questioncount_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE progress_reachedlevel (
    id bigint NOT NULL,
    pack character varying(64) NOT NULL,
    level character varying(64) NOT NULL,
    stars smallint NOT NULL,
    first_at timestamp with time zone,
    person_id bigint NOT NULL,
    CONSTRAINT progress_reachedlevel_stars_check CHECK ((stars >= 0))
);
ALTER TABLE progress_reachedlevel ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME progress_reachedlevel_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE progress_surplus (
    id bigint NOT NULL,
    rows_of character varying(32) NOT NULL,
    day date NOT NULL,
    since timestamp with time zone NOT NULL,
    counts boolean DEFAULT false NOT NULL,
    station_id character varying(32) NOT NULL,
    decision_id bigint,
    after_row bigint NOT NULL,
    through_row bigint,
    counted integer NOT NULL,
    CONSTRAINT progress_surplus_counted_check CHECK ((counted >= 0))
);
ALTER TABLE progress_surplus ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME progress_surplus_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE progress_surplusdecision (
    id bigint NOT NULL,
    taken_up boolean NOT NULL,
    count integer NOT NULL,
    reason character varying(200) NOT NULL,
    actor character varying(150) NOT NULL,
    at timestamp with time zone NOT NULL,
    station_id character varying(32) NOT NULL,
    CONSTRAINT progress_surplusdecision_count_check CHECK ((count >= 0))
);
ALTER TABLE progress_surplusdecision ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME progress_surplusdecision_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE progress_takenpack (
    id bigint NOT NULL,
    pack character varying(64) NOT NULL,
    type character varying(10) NOT NULL,
    people integer NOT NULL,
    CONSTRAINT progress_takenpack_people_check CHECK ((people >= 0)),
    CONSTRAINT taken_pack_of_many CHECK ((people >= 10))
);
ALTER TABLE progress_takenpack ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME progress_takenpack_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE progress_told (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    digest bytea NOT NULL,
    content bytea NOT NULL,
    person_id bigint NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE progress_told ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME progress_told_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE progress_visit (
    id bigint NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    card_token bytea,
    number character varying(64) NOT NULL,
    looked_at timestamp with time zone NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE progress_visit ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME progress_visit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE progress_visitdue (
    id bigint NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE progress_visitdue ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME progress_visitdue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public_doortries (
    id bigint NOT NULL,
    fails smallint NOT NULL,
    last timestamp with time zone,
    person_id bigint NOT NULL,
    CONSTRAINT public_doortries_fails_check CHECK ((fails >= 0))
);
ALTER TABLE public_doortries ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public_doortries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public_nobodystries (
    id bigint NOT NULL,
    fails smallint NOT NULL,
    last timestamp with time zone,
    number bytea NOT NULL,
    CONSTRAINT public_nobodystries_fails_check CHECK ((fails >= 0))
);
ALTER TABLE public_nobodystries ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public_nobodystries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public_phonesession (
    id bigint NOT NULL,
    token_hash bytea NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    person_id bigint NOT NULL,
    station_id character varying(32)
);
ALTER TABLE public_phonesession ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public_phonesession_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public_phonesignin (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    person_id bigint NOT NULL
);
ALTER TABLE public_phonesignin ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public_phonesignin_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public_usedphonelink (
    id bigint NOT NULL,
    code bytea NOT NULL,
    used_at timestamp with time zone NOT NULL,
    station_id character varying(32) NOT NULL
);
ALTER TABLE public_usedphonelink ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public_usedphonelink_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public_wrongtry (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    source character varying(64) NOT NULL,
    way character varying(6) NOT NULL,
    site character varying(64) DEFAULT ''::character varying NOT NULL
);
ALTER TABLE public_wrongtry ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public_wrongtry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE SEQUENCE regions_identity
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE regions_region (
    code character varying(12) NOT NULL,
    name character varying(64) NOT NULL,
    ended boolean DEFAULT false NOT NULL,
    identity bigint DEFAULT nextval('regions_identity'::regclass) NOT NULL,
    CONSTRAINT region_code_12_digits CHECK (((code)::text ~ '^[0-9]{12}$'::text))
);
CREATE TABLE regions_regionrecord (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    code character varying(12) NOT NULL,
    name character varying(64) NOT NULL,
    ended boolean DEFAULT false NOT NULL,
    merged_into_id bigint,
    parent_id bigint,
    subject_id bigint NOT NULL,
    CONSTRAINT regionrecord_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE regions_regionrecord ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME regions_regionrecord_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE requests_agreement (
    id bigint NOT NULL,
    wall timestamp with time zone NOT NULL,
    quality character varying(10) NOT NULL,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    request bytea NOT NULL,
    by_epoch bytea NOT NULL,
    by_seq bigint NOT NULL,
    person_number character varying(64) NOT NULL,
    agrees boolean NOT NULL,
    station_id character varying(32) NOT NULL,
    apart boolean DEFAULT false NOT NULL
);
ALTER TABLE requests_agreement ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME requests_agreement_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE requests_answer (
    id bigint NOT NULL,
    outcome character varying(8) NOT NULL,
    text character varying(200) NOT NULL,
    at timestamp with time zone NOT NULL,
    actor character varying(150) NOT NULL,
    request_id bigint,
    is_last boolean DEFAULT true NOT NULL,
    lender character varying(150) DEFAULT ''::character varying NOT NULL,
    length smallint,
    needed smallint DEFAULT 0 NOT NULL,
    office character varying(100) DEFAULT ''::character varying NOT NULL,
    rank smallint DEFAULT 0 NOT NULL,
    rules character varying(8) DEFAULT ''::character varying NOT NULL,
    step smallint DEFAULT 0 NOT NULL,
    asked_id bigint,
    joins character varying(200) DEFAULT ''::character varying NOT NULL,
    by_nobody boolean DEFAULT false NOT NULL,
    CONSTRAINT answer_to_one_request CHECK ((((asked_id IS NOT NULL) AND (request_id IS NULL)) OR ((asked_id IS NULL) AND (request_id IS NOT NULL)))),
    CONSTRAINT requests_answer_length_check CHECK ((length >= 0)),
    CONSTRAINT requests_answer_needed_check CHECK ((needed >= 0)),
    CONSTRAINT requests_answer_rank_check CHECK ((rank >= 0)),
    CONSTRAINT requests_answer_step_check CHECK ((step >= 0))
);
ALTER TABLE requests_answer ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME requests_answer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE requests_correction (
    id bigint NOT NULL,
    day date NOT NULL,
    mark character varying(9) NOT NULL,
    mark_at timestamp with time zone,
    approved_at timestamp with time zone NOT NULL,
    answer_id bigint NOT NULL,
    person_id bigint NOT NULL,
    window_id bigint NOT NULL
);
ALTER TABLE requests_correction ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME requests_correction_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE requests_countyrequest (
    id bigint NOT NULL,
    request bytea NOT NULL,
    number character varying(6) NOT NULL,
    kind character varying(16) NOT NULL,
    code character varying(64) NOT NULL,
    begin_at timestamp with time zone,
    end_at timestamp with time zone,
    day date,
    mark character varying(9) NOT NULL,
    mark_at timestamp with time zone,
    agrees boolean,
    agreed_at timestamp with time zone,
    note character varying(200) NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asked_by character varying(150) NOT NULL,
    withdrawn_at timestamp with time zone,
    withdrawn_by character varying(150) NOT NULL,
    absence_id bigint,
    person_id bigint NOT NULL,
    substitute_id bigint,
    window_id bigint,
    length smallint,
    needed smallint DEFAULT 0 NOT NULL,
    agreed_by character varying(150) DEFAULT ''::character varying NOT NULL,
    withdrawn_why character varying(200) DEFAULT ''::character varying NOT NULL,
    is_over boolean DEFAULT false NOT NULL,
    CONSTRAINT requests_countyrequest_length_check CHECK ((length >= 0)),
    CONSTRAINT requests_countyrequest_needed_check CHECK ((needed >= 0))
);
ALTER TABLE requests_countyrequest ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME requests_countyrequest_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE requests_deputy (
    id bigint NOT NULL,
    first date NOT NULL,
    last date NOT NULL,
    named_at timestamp with time zone NOT NULL,
    reason character varying(200) NOT NULL,
    ended_at timestamp with time zone,
    deputy_id bigint NOT NULL,
    lender_id bigint NOT NULL,
    CONSTRAINT deputy_first_before_last CHECK ((first <= last)),
    CONSTRAINT deputy_is_another CHECK ((NOT (lender_id = deputy_id)))
);
ALTER TABLE requests_deputy ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME requests_deputy_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE requests_exhibit (
    id bigint NOT NULL,
    kind character varying(8) NOT NULL,
    epoch bytea,
    seq bigint,
    touched_at timestamp with time zone,
    note character varying(200) NOT NULL,
    added_by character varying(150) NOT NULL,
    added_at timestamp with time zone NOT NULL,
    asked_id bigint NOT NULL,
    blob_id bigint,
    station_id character varying(32),
    witness_id bigint,
    CONSTRAINT exhibit_is_of_its_kind CHECK ((((blob_id IS NOT NULL) AND ((kind)::text = 'paper'::text) AND (seq IS NULL) AND (witness_id IS NULL)) OR ((blob_id IS NOT NULL) AND ((kind)::text = 'snapshot'::text) AND (seq IS NOT NULL) AND (witness_id IS NULL)) OR ((blob_id IS NULL) AND ((kind)::text = 'witness'::text) AND (seq IS NOT NULL) AND (witness_id IS NOT NULL))))
);
ALTER TABLE requests_exhibit ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME requests_exhibit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE requests_request (
    id bigint NOT NULL,
    wall timestamp with time zone NOT NULL,
    quality character varying(10) NOT NULL,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    request bytea NOT NULL,
    by_epoch bytea NOT NULL,
    by_seq bigint NOT NULL,
    person_number character varying(64) NOT NULL,
    number character varying(6) NOT NULL,
    kind character varying(16) NOT NULL,
    code character varying(64) NOT NULL,
    begin_at timestamp with time zone,
    end_at timestamp with time zone,
    substitute character varying(64) NOT NULL,
    about_epoch bytea,
    about_seq bigint,
    note character varying(400) NOT NULL,
    station_id character varying(32) NOT NULL,
    apart boolean DEFAULT false NOT NULL
);
ALTER TABLE requests_request ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME requests_request_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE requests_setaside (
    id bigint NOT NULL,
    failure character varying(200) NOT NULL,
    since timestamp with time zone NOT NULL,
    tried_at timestamp with time zone NOT NULL,
    tries integer NOT NULL,
    agreement_id bigint,
    request_id bigint,
    CONSTRAINT requests_setaside_tries_check CHECK ((tries >= 0)),
    CONSTRAINT set_aside_is_one CHECK ((((agreement_id IS NOT NULL) AND (request_id IS NULL)) OR ((agreement_id IS NULL) AND (request_id IS NOT NULL))))
);
ALTER TABLE requests_setaside ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME requests_setaside_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE requests_stationcase (
    request_id bigint NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    length smallint,
    needed smallint DEFAULT 0 NOT NULL,
    taken_back boolean NOT NULL,
    judged_at timestamp with time zone NOT NULL,
    person_id bigint,
    is_over boolean DEFAULT false NOT NULL,
    CONSTRAINT requests_stationcase_length_check CHECK ((length >= 0)),
    CONSTRAINT requests_stationcase_needed_check CHECK ((needed >= 0))
);
CREATE TABLE requests_surplus (
    id bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    counts boolean DEFAULT false NOT NULL,
    agreement_id bigint,
    request_id bigint,
    station_id character varying(32) NOT NULL,
    withdrawal_id bigint,
    decision_id bigint,
    CONSTRAINT surplus_is_one CHECK ((((agreement_id IS NULL) AND (request_id IS NOT NULL) AND (withdrawal_id IS NULL)) OR ((agreement_id IS NOT NULL) AND (request_id IS NULL) AND (withdrawal_id IS NULL)) OR ((agreement_id IS NULL) AND (request_id IS NULL) AND (withdrawal_id IS NOT NULL))))
);
ALTER TABLE requests_surplus ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME requests_surplus_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE requests_surplusdecision (
    id bigint NOT NULL,
    taken_up boolean NOT NULL,
    count integer NOT NULL,
    reason character varying(200) NOT NULL,
    actor character varying(150) NOT NULL,
    at timestamp with time zone NOT NULL,
    station_id character varying(32) NOT NULL,
    CONSTRAINT requests_surplusdecision_count_check CHECK ((count >= 0))
);
ALTER TABLE requests_surplusdecision ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME requests_surplusdecision_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE requests_withdrawal (
    id bigint NOT NULL,
    wall timestamp with time zone NOT NULL,
    quality character varying(10) NOT NULL,
    said_quality character varying(10) DEFAULT ''::character varying NOT NULL,
    boot bytea NOT NULL,
    mono_ms bigint NOT NULL,
    corrected_wall timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    epoch bytea NOT NULL,
    seq bigint NOT NULL,
    request bytea NOT NULL,
    by_epoch bytea NOT NULL,
    by_seq bigint NOT NULL,
    person_number character varying(64) NOT NULL,
    station_id character varying(32) NOT NULL,
    apart boolean DEFAULT false NOT NULL
);
ALTER TABLE requests_withdrawal ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME requests_withdrawal_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE retention_erasedfact (
    id bigint NOT NULL,
    seq bigint NOT NULL,
    digest bytea NOT NULL,
    stream_id bigint NOT NULL,
    erasure_id bigint NOT NULL
);
ALTER TABLE retention_erasedfact ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME retention_erasedfact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE retention_erasure (
    id bigint NOT NULL,
    holding character varying(32) NOT NULL,
    at timestamp with time zone NOT NULL,
    received_before timestamp with time zone NOT NULL,
    facts integer NOT NULL,
    digest bytea NOT NULL,
    stream_id bigint NOT NULL,
    CONSTRAINT retention_erasure_facts_check CHECK ((facts >= 0))
);
ALTER TABLE retention_erasure ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME retention_erasure_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settling_change (
    id bigint NOT NULL,
    what character varying(16) NOT NULL,
    subject character varying(64) NOT NULL,
    failed_at timestamp with time zone
);
ALTER TABLE settling_change ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME settling_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settling_daycount (
    id bigint NOT NULL,
    day date NOT NULL,
    judged integer NOT NULL,
    in_time integer NOT NULL,
    village_id bigint NOT NULL,
    CONSTRAINT settling_daycount_in_time_check CHECK ((in_time >= 0)),
    CONSTRAINT settling_daycount_judged_check CHECK ((judged >= 0))
);
ALTER TABLE settling_daycount ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME settling_daycount_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settling_deadstation (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    dead boolean NOT NULL,
    subject_id character varying(32) NOT NULL,
    CONSTRAINT deadstation_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE settling_deadstation ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME settling_deadstation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settling_heldread (
    fact_id bigint NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE settling_lookedat (
    stream_id bigint NOT NULL,
    through bigint NOT NULL
);
CREATE TABLE settling_parameter (
    id bigint NOT NULL,
    name character varying(32) NOT NULL,
    region_id bigint NOT NULL
);
ALTER TABLE settling_parameter ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME settling_parameter_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settling_parameterrecord (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    value jsonb,
    locked boolean DEFAULT false NOT NULL,
    subject_id bigint NOT NULL,
    CONSTRAINT parameterrecord_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE settling_parameterrecord ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME settling_parameterrecord_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settling_settledue (
    id bigint NOT NULL,
    day date NOT NULL,
    why text[] NOT NULL,
    marked_at timestamp with time zone NOT NULL,
    village_id bigint NOT NULL,
    failed_at timestamp with time zone
);
ALTER TABLE settling_settledue ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME settling_settledue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settling_settledwindow (
    id bigint NOT NULL,
    day date NOT NULL,
    start smallint NOT NULL,
    place smallint DEFAULT 0 NOT NULL,
    result character varying(1) NOT NULL,
    kind character varying(16) NOT NULL,
    beside character varying(8) NOT NULL,
    late integer NOT NULL,
    early integer NOT NULL,
    flags character varying(8) NOT NULL,
    line character varying(8) NOT NULL,
    reason text NOT NULL,
    share_numerator smallint NOT NULL,
    share_denominator smallint NOT NULL,
    leave_minutes integer NOT NULL,
    facts jsonb NOT NULL,
    awaited jsonb NOT NULL,
    rules character varying(8) NOT NULL,
    parameters character varying(16) NOT NULL,
    digest bytea NOT NULL,
    due_at timestamp with time zone,
    known_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    why text NOT NULL,
    person_id bigint NOT NULL,
    village_id bigint NOT NULL,
    CONSTRAINT settling_settledwindow_early_check CHECK ((early >= 0)),
    CONSTRAINT settling_settledwindow_late_check CHECK ((late >= 0)),
    CONSTRAINT settling_settledwindow_leave_minutes_check CHECK ((leave_minutes >= 0)),
    CONSTRAINT settling_settledwindow_place_check CHECK ((place >= 0)),
    CONSTRAINT settling_settledwindow_share_denominator_check CHECK ((share_denominator >= 0)),
    CONSTRAINT settling_settledwindow_share_numerator_check CHECK ((share_numerator >= 0)),
    CONSTRAINT settling_settledwindow_start_check CHECK ((start >= 0))
);
ALTER TABLE settling_settledwindow ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME settling_settledwindow_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settling_settlingstate (
    id smallint NOT NULL,
    since date NOT NULL,
    through date NOT NULL,
    timed_through timestamp with time zone NOT NULL,
    rules character varying(8) DEFAULT ''::character varying NOT NULL,
    CONSTRAINT settling_settlingstate_id_check CHECK ((id >= 0)),
    CONSTRAINT settling_state_is_one_row CHECK ((id = 1))
);
CREATE TABLE settling_sheetmonth (
    id bigint NOT NULL,
    month character varying(7) NOT NULL,
    village_id bigint NOT NULL
);
ALTER TABLE settling_sheetmonth ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME settling_sheetmonth_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settling_sheetmonthrecord (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    shown_at timestamp with time zone,
    closed_at timestamp with time zone,
    subject_id bigint NOT NULL,
    CONSTRAINT sheet_month_record_is_always CHECK (((valid_from IS NULL) AND (valid_to IS NULL))),
    CONSTRAINT sheetmonthrecord_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE settling_sheetmonthrecord ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME settling_sheetmonthrecord_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settling_standin (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    station_id character varying(32),
    subject_id bigint NOT NULL,
    CONSTRAINT standin_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE settling_standin ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME settling_standin_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settling_stationaside (
    station_id character varying(32) NOT NULL,
    since timestamp with time zone NOT NULL,
    tried_at timestamp with time zone NOT NULL,
    told bigint NOT NULL
);
CREATE TABLE tuning_settingchoice (
    id bigint NOT NULL,
    name character varying(64) NOT NULL,
    value jsonb NOT NULL,
    actor character varying(150) NOT NULL,
    at timestamp with time zone NOT NULL,
    region_id character varying(12),
    station_id character varying(32),
    CONSTRAINT choice_for_region_or_station CHECK ((((region_id IS NULL) AND (station_id IS NOT NULL)) OR ((region_id IS NOT NULL) AND (station_id IS NULL))))
);
ALTER TABLE tuning_settingchoice ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME tuning_settingchoice_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE tuning_settingreport (
    station_id character varying(32) NOT NULL,
    unknown jsonb NOT NULL,
    refused jsonb NOT NULL,
    kept jsonb NOT NULL
);
CREATE TABLE workdays_calendar (
    name character varying(32) NOT NULL
);
CREATE TABLE workdays_countyday (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    working boolean,
    name character varying(32) NOT NULL,
    subject_id character varying(32) NOT NULL,
    CONSTRAINT county_day_is_one_day CHECK (((valid_from IS NOT NULL) AND (valid_to = (valid_from + '1 day'::interval)))),
    CONSTRAINT countyday_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE workdays_countyday ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME workdays_countyday_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE workdays_librarytable (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    version character varying(32) NOT NULL,
    first date NOT NULL,
    last date NOT NULL,
    days jsonb NOT NULL,
    subject_id character varying(32) NOT NULL,
    CONSTRAINT librarytable_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE workdays_librarytable ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME workdays_librarytable_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE workdays_stopnotice (
    id bigint NOT NULL,
    region_id bigint NOT NULL
);
ALTER TABLE workdays_stopnotice ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME workdays_stopnotice_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE workdays_stoprecord (
    id bigint NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone,
    recorded_by character varying(150) NOT NULL,
    reason character varying(200) NOT NULL,
    stands boolean NOT NULL,
    subject_id bigint NOT NULL,
    CONSTRAINT stop_begins_and_ends CHECK (((valid_from IS NOT NULL) AND (valid_to IS NOT NULL))),
    CONSTRAINT stoprecord_from_before_to CHECK (((valid_from IS NULL) OR (valid_to IS NULL) OR (valid_from < valid_to)))
);
ALTER TABLE workdays_stoprecord ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME workdays_stoprecord_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE ONLY duty_absencerecord
    ADD CONSTRAINT absencerecord_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY accounts_recoverycode
    ADD CONSTRAINT accounts_recoverycode_code_hash_key UNIQUE (code_hash);
ALTER TABLE ONLY accounts_recoverycode
    ADD CONSTRAINT accounts_recoverycode_pkey PRIMARY KEY (id);
ALTER TABLE ONLY accounts_signinlink
    ADD CONSTRAINT accounts_signinlink_pkey PRIMARY KEY (id);
ALTER TABLE ONLY accounts_signinlink
    ADD CONSTRAINT accounts_signinlink_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY accounts_user_groups
    ADD CONSTRAINT accounts_user_groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY accounts_user_groups
    ADD CONSTRAINT accounts_user_groups_user_id_group_id_59c0b32f_uniq UNIQUE (user_id, group_id);
ALTER TABLE ONLY accounts_user
    ADD CONSTRAINT accounts_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY accounts_user_user_permissions
    ADD CONSTRAINT accounts_user_user_permi_user_id_permission_id_2ab516c2_uniq UNIQUE (user_id, permission_id);
ALTER TABLE ONLY accounts_user_user_permissions
    ADD CONSTRAINT accounts_user_user_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY accounts_user
    ADD CONSTRAINT accounts_user_username_key UNIQUE (username);
ALTER TABLE ONLY requests_agreement
    ADD CONSTRAINT agreement_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY api_tokens_apitoken
    ADD CONSTRAINT api_tokens_apitoken_pkey PRIMARY KEY (id);
ALTER TABLE ONLY api_tokens_apiuse
    ADD CONSTRAINT api_tokens_apiuse_pkey PRIMARY KEY (id);
ALTER TABLE ONLY api_tokens_apiuse
    ADD CONSTRAINT api_use_once_a_day UNIQUE (token_id, resource, day);
ALTER TABLE ONLY learning_attempt
    ADD CONSTRAINT attempt_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY attendance_dutywindow_people
    ADD CONSTRAINT attendance_dutywindow_pe_dutywindow_id_person_id_b28683b1_uniq UNIQUE (dutywindow_id, person_id);
ALTER TABLE ONLY attendance_dutywindow_people
    ADD CONSTRAINT attendance_dutywindow_people_pkey PRIMARY KEY (id);
ALTER TABLE ONLY attendance_dutywindow
    ADD CONSTRAINT attendance_dutywindow_pkey PRIMARY KEY (id);
ALTER TABLE ONLY attendance_rosterday
    ADD CONSTRAINT attendance_rosterday_pkey PRIMARY KEY (id);
ALTER TABLE ONLY attendance_stationplace
    ADD CONSTRAINT attendance_stationplace_pkey PRIMARY KEY (id);
ALTER TABLE ONLY attendance_swap
    ADD CONSTRAINT attendance_swap_pkey PRIMARY KEY (id);
ALTER TABLE ONLY attendance_swaprecord
    ADD CONSTRAINT attendance_swaprecord_pkey PRIMARY KEY (id);
ALTER TABLE ONLY attendance_touch
    ADD CONSTRAINT attendance_touch_pkey PRIMARY KEY (id);
ALTER TABLE ONLY attendance_windowrecord
    ADD CONSTRAINT attendance_windowrecord_pkey PRIMARY KEY (id);
ALTER TABLE ONLY audit_auditentry
    ADD CONSTRAINT audit_auditentry_hash_key UNIQUE (hash);
ALTER TABLE ONLY audit_auditentry
    ADD CONSTRAINT audit_auditentry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY auth_group
    ADD CONSTRAINT auth_group_name_key UNIQUE (name);
ALTER TABLE ONLY auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_permission_id_0cd325b0_uniq UNIQUE (group_id, permission_id);
ALTER TABLE ONLY auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY auth_group
    ADD CONSTRAINT auth_group_pkey PRIMARY KEY (id);
ALTER TABLE ONLY auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_codename_01ab375a_uniq UNIQUE (content_type_id, codename);
ALTER TABLE ONLY auth_permission
    ADD CONSTRAINT auth_permission_pkey PRIMARY KEY (id);
ALTER TABLE ONLY axes_accessattempt
    ADD CONSTRAINT axes_accessattempt_pkey PRIMARY KEY (id);
ALTER TABLE ONLY axes_accessattempt
    ADD CONSTRAINT axes_accessattempt_username_ip_address_user_agent_8ea22282_uniq UNIQUE (username, ip_address, user_agent);
ALTER TABLE ONLY axes_accessattemptexpiration
    ADD CONSTRAINT axes_accessattemptexpiration_pkey PRIMARY KEY (access_attempt_id);
ALTER TABLE ONLY axes_accessfailurelog
    ADD CONSTRAINT axes_accessfailurelog_pkey PRIMARY KEY (id);
ALTER TABLE ONLY axes_accesslog
    ADD CONSTRAINT axes_accesslog_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_binding
    ADD CONSTRAINT binding_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY media_blob
    ADD CONSTRAINT blob_once UNIQUE (station_id, sha256);
ALTER TABLE ONLY bundles_bundleitem
    ADD CONSTRAINT bundle_item_once UNIQUE (bundle_id, name);
ALTER TABLE ONLY bundles_bundle
    ADD CONSTRAINT bundle_version_once UNIQUE (bundle, version);
ALTER TABLE ONLY bundles_bundle
    ADD CONSTRAINT bundles_bundle_pkey PRIMARY KEY (id);
ALTER TABLE ONLY bundles_bundleitem
    ADD CONSTRAINT bundles_bundleitem_pkey PRIMARY KEY (id);
ALTER TABLE ONLY bundles_fetchnonce
    ADD CONSTRAINT bundles_fetchnonce_pkey PRIMARY KEY (id);
ALTER TABLE ONLY bundles_shelfheard
    ADD CONSTRAINT bundles_shelfheard_pkey PRIMARY KEY (station_id);
ALTER TABLE ONLY bundles_shelfreport
    ADD CONSTRAINT bundles_shelfreport_pkey PRIMARY KEY (id);
ALTER TABLE ONLY bundles_stationindex_bundles
    ADD CONSTRAINT bundles_stationindex_bun_stationindex_id_bundle_i_dd15044e_uniq UNIQUE (stationindex_id, bundle_id);
ALTER TABLE ONLY bundles_stationindex_bundles
    ADD CONSTRAINT bundles_stationindex_bundles_pkey PRIMARY KEY (id);
ALTER TABLE ONLY bundles_stationindex
    ADD CONSTRAINT bundles_stationindex_pkey PRIMARY KEY (id);
ALTER TABLE ONLY bundles_writtendocuments
    ADD CONSTRAINT bundles_writtendocuments_pkey PRIMARY KEY (id);
ALTER TABLE ONLY bundles_writtennotice
    ADD CONSTRAINT bundles_writtennotice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY bundles_writtenpack
    ADD CONSTRAINT bundles_writtenpack_pkey PRIMARY KEY (id);
ALTER TABLE ONLY tuning_settingchoice
    ADD CONSTRAINT choice_once UNIQUE NULLS NOT DISTINCT (region_id, station_id, name);
ALTER TABLE ONLY progress_chosenpack
    ADD CONSTRAINT chosen_pack_once UNIQUE (person_id, pack);
ALTER TABLE ONLY closing_closedmonth
    ADD CONSTRAINT closing_closedmonth_pkey PRIMARY KEY (id);
ALTER TABLE ONLY closing_residentmonth
    ADD CONSTRAINT closing_residentmonth_pkey PRIMARY KEY (id);
ALTER TABLE ONLY closing_slipline
    ADD CONSTRAINT closing_slipline_pkey PRIMARY KEY (id);
ALTER TABLE ONLY compliance_switchstep
    ADD CONSTRAINT compliance_switchstep_pkey PRIMARY KEY (id);
ALTER TABLE ONLY workdays_countyday
    ADD CONSTRAINT countyday_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY courses_course
    ADD CONSTRAINT courses_course_pkey PRIMARY KEY (id);
ALTER TABLE ONLY manifest_dailytable
    ADD CONSTRAINT daily_table_once UNIQUE (manifest_id, "table");
ALTER TABLE ONLY dated_erased
    ADD CONSTRAINT dated_erased_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ingest_datingdue
    ADD CONSTRAINT dating_due_once UNIQUE (station_id, boot);
ALTER TABLE ONLY settling_daycount
    ADD CONSTRAINT day_count_once UNIQUE (village_id, day);
ALTER TABLE ONLY settling_deadstation
    ADD CONSTRAINT deadstation_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY decisions_decidedfact
    ADD CONSTRAINT decided_fact_once UNIQUE (stream_id, seq);
ALTER TABLE ONLY decisions_decidedrow
    ADD CONSTRAINT decided_row_once UNIQUE (fact_id, place);
ALTER TABLE ONLY decisions_countystream
    ADD CONSTRAINT decisions_countystream_epoch_key UNIQUE (epoch);
ALTER TABLE ONLY decisions_countystream
    ADD CONSTRAINT decisions_countystream_pkey PRIMARY KEY (id);
ALTER TABLE ONLY decisions_decidedfact
    ADD CONSTRAINT decisions_decidedfact_pkey PRIMARY KEY (id);
ALTER TABLE ONLY decisions_decidedrow
    ADD CONSTRAINT decisions_decidedrow_pkey PRIMARY KEY (id);
ALTER TABLE ONLY django_admin_log
    ADD CONSTRAINT django_admin_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY django_content_type
    ADD CONSTRAINT django_content_type_app_label_model_76bd3d3b_uniq UNIQUE (app_label, model);
ALTER TABLE ONLY django_content_type
    ADD CONSTRAINT django_content_type_pkey PRIMARY KEY (id);
ALTER TABLE ONLY django_migrations
    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY django_session
    ADD CONSTRAINT django_session_pkey PRIMARY KEY (session_key);
ALTER TABLE ONLY editing_draftfile
    ADD CONSTRAINT draft_file_once UNIQUE (draft_id, name);
ALTER TABLE ONLY editing_draftlevel
    ADD CONSTRAINT draft_level_once UNIQUE (draft_id, ident);
ALTER TABLE ONLY duty_absence
    ADD CONSTRAINT duty_absence_pkey PRIMARY KEY (id);
ALTER TABLE ONLY duty_absencerecord
    ADD CONSTRAINT duty_absencerecord_pkey PRIMARY KEY (id);
ALTER TABLE ONLY duty_rosterchange
    ADD CONSTRAINT duty_rosterchange_pkey PRIMARY KEY (id);
ALTER TABLE ONLY duty_rostertemplate
    ADD CONSTRAINT duty_rostertemplate_pkey PRIMARY KEY (id);
ALTER TABLE ONLY editing_bankdraft
    ADD CONSTRAINT editing_bankdraft_pack_key UNIQUE (pack);
ALTER TABLE ONLY editing_bankdraft
    ADD CONSTRAINT editing_bankdraft_pkey PRIMARY KEY (id);
ALTER TABLE ONLY editing_draftfile
    ADD CONSTRAINT editing_draftfile_pkey PRIMARY KEY (id);
ALTER TABLE ONLY editing_draftlevel
    ADD CONSTRAINT editing_draftlevel_pkey PRIMARY KEY (id);
ALTER TABLE ONLY editing_draftquestion
    ADD CONSTRAINT editing_draftquestion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY enrolment_claim
    ADD CONSTRAINT enrolment_claim_lookup_key UNIQUE (lookup);
ALTER TABLE ONLY enrolment_claim
    ADD CONSTRAINT enrolment_claim_pkey PRIMARY KEY (id);
ALTER TABLE ONLY enrolment_stationcertificate
    ADD CONSTRAINT enrolment_stationcertificate_pkey PRIMARY KEY (id);
ALTER TABLE ONLY enrolment_stationcertificate
    ADD CONSTRAINT enrolment_stationcertificate_serial_key UNIQUE (serial);
ALTER TABLE ONLY enrolment_usednonce
    ADD CONSTRAINT enrolment_usednonce_pkey PRIMARY KEY (id);
ALTER TABLE ONLY exceptions_judgement
    ADD CONSTRAINT exceptions_judgement_notable_id_key UNIQUE (notable_id);
ALTER TABLE ONLY exceptions_judgement
    ADD CONSTRAINT exceptions_judgement_pkey PRIMARY KEY (id);
ALTER TABLE ONLY exceptions_kind
    ADD CONSTRAINT exceptions_kind_pkey PRIMARY KEY (code);
ALTER TABLE ONLY exceptions_kindrecord
    ADD CONSTRAINT exceptions_kindrecord_pkey PRIMARY KEY (id);
ALTER TABLE ONLY exceptions_looked
    ADD CONSTRAINT exceptions_looked_pkey PRIMARY KEY (id);
ALTER TABLE ONLY exceptions_notable
    ADD CONSTRAINT exceptions_notable_pkey PRIMARY KEY (id);
ALTER TABLE ONLY retention_erasedfact
    ADD CONSTRAINT fact_erased_once UNIQUE (stream_id, seq);
ALTER TABLE ONLY ingest_fact
    ADD CONSTRAINT fact_once UNIQUE (stream_id, seq);
ALTER TABLE ONLY feedback_feedback
    ADD CONSTRAINT feedback_feedback_pkey PRIMARY KEY (id);
ALTER TABLE ONLY feedback_feedbackrating
    ADD CONSTRAINT feedback_feedbackrating_pkey PRIMARY KEY (id);
ALTER TABLE ONLY feedback_feedbackstep
    ADD CONSTRAINT feedback_feedbackstep_pkey PRIMARY KEY (id);
ALTER TABLE ONLY feedback_helpcontact
    ADD CONSTRAINT feedback_helpcontact_pkey PRIMARY KEY (region_id);
ALTER TABLE ONLY feedback_feedback
    ADD CONSTRAINT feedback_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY feedback_feedbackrating
    ADD CONSTRAINT feedback_rating_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY feedback_setaside
    ADD CONSTRAINT feedback_setaside_pkey PRIMARY KEY (feedback_id);
ALTER TABLE ONLY bundles_fetchnonce
    ADD CONSTRAINT fetch_nonce_once UNIQUE (station_id, nonce);
ALTER TABLE ONLY fleet_alarm
    ADD CONSTRAINT fleet_alarm_pkey PRIMARY KEY (id);
ALTER TABLE ONLY fleet_clockrun
    ADD CONSTRAINT fleet_clockrun_pkey PRIMARY KEY (id);
ALTER TABLE ONLY fleet_clockrun
    ADD CONSTRAINT fleet_clockrun_run_key UNIQUE (run);
ALTER TABLE ONLY fleet_countystate
    ADD CONSTRAINT fleet_countystate_pkey PRIMARY KEY (id);
ALTER TABLE ONLY fleet_desiredstate
    ADD CONSTRAINT fleet_desiredstate_pkey PRIMARY KEY (station_id);
ALTER TABLE ONLY fleet_shelfdue
    ADD CONSTRAINT fleet_shelfdue_pkey PRIMARY KEY (id);
ALTER TABLE ONLY fleet_station
    ADD CONSTRAINT fleet_station_pkey PRIMARY KEY (id);
ALTER TABLE ONLY fleet_stationevent
    ADD CONSTRAINT fleet_stationevent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY fleet_stationstatus
    ADD CONSTRAINT fleet_stationstatus_pkey PRIMARY KEY (station_id);
ALTER TABLE ONLY fleet_stream
    ADD CONSTRAINT fleet_stream_pkey PRIMARY KEY (id);
ALTER TABLE ONLY guard_permit
    ADD CONSTRAINT guard_permit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY guard_secretword
    ADD CONSTRAINT guard_secretword_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_holding
    ADD CONSTRAINT holding_once UNIQUE (post_id, person_id);
ALTER TABLE ONLY people_holdingrecord
    ADD CONSTRAINT holdingrecord_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY incidents_acknowledgement
    ADD CONSTRAINT incidents_acknowledgement_pkey PRIMARY KEY (id);
ALTER TABLE ONLY incidents_channelconfig
    ADD CONSTRAINT incidents_channelconfig_pkey PRIMARY KEY (id);
ALTER TABLE ONLY incidents_episode
    ADD CONSTRAINT incidents_episode_pkey PRIMARY KEY (id);
ALTER TABLE ONLY incidents_mention
    ADD CONSTRAINT incidents_mention_pkey PRIMARY KEY (id);
ALTER TABLE ONLY incidents_notification
    ADD CONSTRAINT incidents_notification_pkey PRIMARY KEY (id);
ALTER TABLE ONLY incidents_oncall
    ADD CONSTRAINT incidents_oncall_pkey PRIMARY KEY (id);
ALTER TABLE ONLY incidents_silence
    ADD CONSTRAINT incidents_silence_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ingest_datingdue
    ADD CONSTRAINT ingest_datingdue_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ingest_datingwalk
    ADD CONSTRAINT ingest_datingwalk_pkey PRIMARY KEY (station_id);
ALTER TABLE ONLY ingest_daytaken
    ADD CONSTRAINT ingest_daytaken_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ingest_fact
    ADD CONSTRAINT ingest_fact_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ingest_ingestlease
    ADD CONSTRAINT ingest_ingestlease_pkey PRIMARY KEY (shard);
ALTER TABLE ONLY ingest_quarantined
    ADD CONSTRAINT ingest_quarantined_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ingest_reissue
    ADD CONSTRAINT ingest_reissue_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ingest_signedheadkept
    ADD CONSTRAINT ingest_signedheadkept_pkey PRIMARY KEY (stream_id);
ALTER TABLE ONLY ingest_unprovenhead
    ADD CONSTRAINT ingest_unprovenhead_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ingest_writeoff
    ADD CONSTRAINT ingest_writeoff_pkey PRIMARY KEY (fact_id);
ALTER TABLE ONLY progress_keptlevel
    ADD CONSTRAINT kept_level_once UNIQUE (person_id, pack, level);
ALTER TABLE ONLY exceptions_kindrecord
    ADD CONSTRAINT kindrecord_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY meetings_kindterms
    ADD CONSTRAINT kindterms_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY learning_attempt
    ADD CONSTRAINT learning_attempt_pkey PRIMARY KEY (id);
ALTER TABLE ONLY learning_learningpack
    ADD CONSTRAINT learning_learningpack_pkey PRIMARY KEY (id);
ALTER TABLE ONLY learning_learningpack
    ADD CONSTRAINT learning_learningpack_sha256_key UNIQUE (sha256);
ALTER TABLE ONLY learning_levelrun
    ADD CONSTRAINT learning_levelrun_pkey PRIMARY KEY (id);
ALTER TABLE ONLY learning_packchoice
    ADD CONSTRAINT learning_packchoice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY learning_packkeeper
    ADD CONSTRAINT learning_packkeeper_pkey PRIMARY KEY (id);
ALTER TABLE ONLY learning_remarked
    ADD CONSTRAINT learning_remarked_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_surplus
    ADD CONSTRAINT learning_surplus_once UNIQUE (station_id, rows_of, day, after_row);
ALTER TABLE ONLY learning_levelrun
    ADD CONSTRAINT level_run_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY workdays_librarytable
    ADD CONSTRAINT librarytable_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY manifest_dailymanifest
    ADD CONSTRAINT manifest_dailymanifest_day_key UNIQUE (day);
ALTER TABLE ONLY manifest_dailymanifest
    ADD CONSTRAINT manifest_dailymanifest_pkey PRIMARY KEY (number);
ALTER TABLE ONLY manifest_dailytable
    ADD CONSTRAINT manifest_dailytable_pkey PRIMARY KEY (id);
ALTER TABLE ONLY manifest_recordcheck
    ADD CONSTRAINT manifest_recordcheck_pkey PRIMARY KEY (id);
ALTER TABLE ONLY media_blob
    ADD CONSTRAINT media_blob_pkey PRIMARY KEY (id);
ALTER TABLE ONLY media_legalhold
    ADD CONSTRAINT media_legalhold_pkey PRIMARY KEY (id);
ALTER TABLE ONLY meetings_meetingstep
    ADD CONSTRAINT meeting_step_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY meetings_meetingrecord
    ADD CONSTRAINT meetingrecord_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY meetings_kindsubject
    ADD CONSTRAINT meetings_kindsubject_pkey PRIMARY KEY (name);
ALTER TABLE ONLY meetings_kindterms
    ADD CONSTRAINT meetings_kindterms_pkey PRIMARY KEY (id);
ALTER TABLE ONLY meetings_meeting
    ADD CONSTRAINT meetings_meeting_pkey PRIMARY KEY (id);
ALTER TABLE ONLY meetings_meetingrecord
    ADD CONSTRAINT meetings_meetingrecord_pkey PRIMARY KEY (id);
ALTER TABLE ONLY meetings_meetingstep
    ADD CONSTRAINT meetings_meetingstep_pkey PRIMARY KEY (id);
ALTER TABLE ONLY meetings_minutes
    ADD CONSTRAINT meetings_minutes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY meetings_votecount
    ADD CONSTRAINT meetings_votecount_pkey PRIMARY KEY (id);
ALTER TABLE ONLY meetings_voteentry
    ADD CONSTRAINT meetings_voteentry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY meetings_vouch
    ADD CONSTRAINT meetings_vouch_pkey PRIMARY KEY (id);
ALTER TABLE ONLY incidents_mention
    ADD CONSTRAINT mentioned_once UNIQUE (channel_id, episode_id, of_end);
ALTER TABLE ONLY meetings_minutes
    ADD CONSTRAINT minutes_version_once UNIQUE (meeting_id, version);
ALTER TABLE ONLY closing_closedmonth
    ADD CONSTRAINT month_closed_once UNIQUE (village_id, month);
ALTER TABLE ONLY enrolment_usednonce
    ADD CONSTRAINT nonce_once UNIQUE (station_id, nonce);
ALTER TABLE ONLY exceptions_notable
    ADD CONSTRAINT notable_once UNIQUE (kind, key);
ALTER TABLE ONLY pins_numberentry
    ADD CONSTRAINT number_entry_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY orders_stationorder
    ADD CONSTRAINT orders_stationorder_pkey PRIMARY KEY (id);
ALTER TABLE ONLY otp_totp_totpdevice
    ADD CONSTRAINT otp_totp_totpdevice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY learning_packchoice
    ADD CONSTRAINT pack_choice_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY learning_learningpack
    ADD CONSTRAINT pack_version_once UNIQUE (pack, version);
ALTER TABLE ONLY settling_parameter
    ADD CONSTRAINT parameter_once UNIQUE (region_id, name);
ALTER TABLE ONLY settling_parameterrecord
    ADD CONSTRAINT parameterrecord_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY people_binding
    ADD CONSTRAINT people_binding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_card
    ADD CONSTRAINT people_card_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_card
    ADD CONSTRAINT people_card_token_key UNIQUE (token);
ALTER TABLE ONLY people_holding
    ADD CONSTRAINT people_holding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_holdingrecord
    ADD CONSTRAINT people_holdingrecord_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_numberseen
    ADD CONSTRAINT people_numberseen_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_pendingimport
    ADD CONSTRAINT people_pendingimport_account_id_key UNIQUE (account_id);
ALTER TABLE ONLY people_pendingimport
    ADD CONSTRAINT people_pendingimport_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_pendingimport
    ADD CONSTRAINT people_pendingimport_token_key UNIQUE (token);
ALTER TABLE ONLY people_person
    ADD CONSTRAINT people_person_number_key UNIQUE (number);
ALTER TABLE ONLY people_person
    ADD CONSTRAINT people_person_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_personrecord
    ADD CONSTRAINT people_personrecord_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_post
    ADD CONSTRAINT people_post_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_privatenumber
    ADD CONSTRAINT people_privatenumber_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_unit
    ADD CONSTRAINT people_unit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_unitrecord
    ADD CONSTRAINT people_unitrecord_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_personrecord
    ADD CONSTRAINT personrecord_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY pins_pinclaim
    ADD CONSTRAINT pin_claim_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY pins_kiosktry
    ADD CONSTRAINT pins_kiosktry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pins_numberentry
    ADD CONSTRAINT pins_numberentry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pins_personpin
    ADD CONSTRAINT pins_personpin_pkey PRIMARY KEY (person_id);
ALTER TABLE ONLY pins_pinclaim
    ADD CONSTRAINT pins_pinclaim_pkey PRIMARY KEY (id);
ALTER TABLE ONLY people_post
    ADD CONSTRAINT post_once UNIQUE (unit_id, title);
ALTER TABLE ONLY people_privatenumber
    ADD CONSTRAINT private_number_once UNIQUE (person_id, kind);
ALTER TABLE ONLY progress_carddue
    ADD CONSTRAINT progress_carddue_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_chosenpack
    ADD CONSTRAINT progress_chosenpack_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_keptlevel
    ADD CONSTRAINT progress_keptlevel_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_packcounted
    ADD CONSTRAINT progress_packcounted_pkey PRIMARY KEY (pack);
ALTER TABLE ONLY progress_persondue
    ADD CONSTRAINT progress_persondue_pkey PRIMARY KEY (person_id);
ALTER TABLE ONLY progress_personprogress
    ADD CONSTRAINT progress_personprogress_pkey PRIMARY KEY (person_id);
ALTER TABLE ONLY progress_progressstate
    ADD CONSTRAINT progress_progressstate_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_questioncount
    ADD CONSTRAINT progress_questioncount_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_reachedlevel
    ADD CONSTRAINT progress_reachedlevel_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_surplus
    ADD CONSTRAINT progress_surplus_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_surplusdecision
    ADD CONSTRAINT progress_surplusdecision_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_takenpack
    ADD CONSTRAINT progress_takenpack_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_told
    ADD CONSTRAINT progress_told_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_visit
    ADD CONSTRAINT progress_visit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_visitdue
    ADD CONSTRAINT progress_visitdue_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public_doortries
    ADD CONSTRAINT public_doortries_person_id_key UNIQUE (person_id);
ALTER TABLE ONLY public_doortries
    ADD CONSTRAINT public_doortries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public_nobodystries
    ADD CONSTRAINT public_nobodystries_number_key UNIQUE (number);
ALTER TABLE ONLY public_nobodystries
    ADD CONSTRAINT public_nobodystries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public_phonesession
    ADD CONSTRAINT public_phonesession_person_id_key UNIQUE (person_id);
ALTER TABLE ONLY public_phonesession
    ADD CONSTRAINT public_phonesession_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public_phonesession
    ADD CONSTRAINT public_phonesession_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY public_phonesignin
    ADD CONSTRAINT public_phonesignin_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public_usedphonelink
    ADD CONSTRAINT public_usedphonelink_code_key UNIQUE (code);
ALTER TABLE ONLY public_usedphonelink
    ADD CONSTRAINT public_usedphonelink_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public_wrongtry
    ADD CONSTRAINT public_wrongtry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY progress_questioncount
    ADD CONSTRAINT question_count_once UNIQUE (pack, question);
ALTER TABLE ONLY learning_remarked
    ADD CONSTRAINT question_remarked_once UNIQUE (pack_id, question);
ALTER TABLE ONLY progress_reachedlevel
    ADD CONSTRAINT reached_level_once UNIQUE (person_id, pack, level);
ALTER TABLE ONLY regions_regionrecord
    ADD CONSTRAINT regionrecord_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY regions_region
    ADD CONSTRAINT regions_region_identity_key UNIQUE (identity);
ALTER TABLE ONLY regions_region
    ADD CONSTRAINT regions_region_pkey PRIMARY KEY (code);
ALTER TABLE ONLY regions_regionrecord
    ADD CONSTRAINT regions_regionrecord_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ingest_reissue
    ADD CONSTRAINT reissue_once UNIQUE (station_id, epoch, seq, digest);
ALTER TABLE ONLY requests_request
    ADD CONSTRAINT request_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY requests_agreement
    ADD CONSTRAINT requests_agreement_pkey PRIMARY KEY (id);
ALTER TABLE ONLY requests_answer
    ADD CONSTRAINT requests_answer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY requests_correction
    ADD CONSTRAINT requests_correction_answer_id_key UNIQUE (answer_id);
ALTER TABLE ONLY requests_correction
    ADD CONSTRAINT requests_correction_pkey PRIMARY KEY (id);
ALTER TABLE ONLY requests_countyrequest
    ADD CONSTRAINT requests_countyrequest_pkey PRIMARY KEY (id);
ALTER TABLE ONLY requests_countyrequest
    ADD CONSTRAINT requests_countyrequest_request_key UNIQUE (request);
ALTER TABLE ONLY requests_deputy
    ADD CONSTRAINT requests_deputy_pkey PRIMARY KEY (id);
ALTER TABLE ONLY requests_exhibit
    ADD CONSTRAINT requests_exhibit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY requests_request
    ADD CONSTRAINT requests_request_pkey PRIMARY KEY (id);
ALTER TABLE ONLY requests_setaside
    ADD CONSTRAINT requests_setaside_agreement_id_key UNIQUE (agreement_id);
ALTER TABLE ONLY requests_setaside
    ADD CONSTRAINT requests_setaside_pkey PRIMARY KEY (id);
ALTER TABLE ONLY requests_setaside
    ADD CONSTRAINT requests_setaside_request_id_key UNIQUE (request_id);
ALTER TABLE ONLY requests_stationcase
    ADD CONSTRAINT requests_stationcase_pkey PRIMARY KEY (request_id);
ALTER TABLE ONLY requests_surplus
    ADD CONSTRAINT requests_surplus_agreement_id_key UNIQUE (agreement_id);
ALTER TABLE ONLY requests_surplus
    ADD CONSTRAINT requests_surplus_pkey PRIMARY KEY (id);
ALTER TABLE ONLY requests_surplus
    ADD CONSTRAINT requests_surplus_request_id_key UNIQUE (request_id);
ALTER TABLE ONLY requests_surplus
    ADD CONSTRAINT requests_surplus_withdrawal_id_key UNIQUE (withdrawal_id);
ALTER TABLE ONLY requests_surplusdecision
    ADD CONSTRAINT requests_surplusdecision_pkey PRIMARY KEY (id);
ALTER TABLE ONLY requests_withdrawal
    ADD CONSTRAINT requests_withdrawal_pkey PRIMARY KEY (id);
ALTER TABLE ONLY closing_residentmonth
    ADD CONSTRAINT resident_month_once UNIQUE (village_id, month, person_id);
ALTER TABLE ONLY retention_erasedfact
    ADD CONSTRAINT retention_erasedfact_pkey PRIMARY KEY (id);
ALTER TABLE ONLY retention_erasure
    ADD CONSTRAINT retention_erasure_pkey PRIMARY KEY (id);
ALTER TABLE ONLY attendance_rosterday
    ADD CONSTRAINT rosterday_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY settling_settledue
    ADD CONSTRAINT settle_due_once UNIQUE (village_id, day);
ALTER TABLE ONLY settling_change
    ADD CONSTRAINT settling_change_pkey PRIMARY KEY (id);
ALTER TABLE ONLY settling_daycount
    ADD CONSTRAINT settling_daycount_pkey PRIMARY KEY (id);
ALTER TABLE ONLY settling_deadstation
    ADD CONSTRAINT settling_deadstation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY settling_heldread
    ADD CONSTRAINT settling_heldread_pkey PRIMARY KEY (fact_id);
ALTER TABLE ONLY settling_lookedat
    ADD CONSTRAINT settling_lookedat_pkey PRIMARY KEY (stream_id);
ALTER TABLE ONLY settling_parameter
    ADD CONSTRAINT settling_parameter_pkey PRIMARY KEY (id);
ALTER TABLE ONLY settling_parameterrecord
    ADD CONSTRAINT settling_parameterrecord_pkey PRIMARY KEY (id);
ALTER TABLE ONLY settling_settledue
    ADD CONSTRAINT settling_settledue_pkey PRIMARY KEY (id);
ALTER TABLE ONLY settling_settledwindow
    ADD CONSTRAINT settling_settledwindow_pkey PRIMARY KEY (id);
ALTER TABLE ONLY settling_settlingstate
    ADD CONSTRAINT settling_settlingstate_pkey PRIMARY KEY (id);
ALTER TABLE ONLY settling_sheetmonth
    ADD CONSTRAINT settling_sheetmonth_pkey PRIMARY KEY (id);
ALTER TABLE ONLY settling_sheetmonthrecord
    ADD CONSTRAINT settling_sheetmonthrecord_pkey PRIMARY KEY (id);
ALTER TABLE ONLY settling_standin
    ADD CONSTRAINT settling_standin_pkey PRIMARY KEY (id);
ALTER TABLE ONLY settling_stationaside
    ADD CONSTRAINT settling_stationaside_pkey PRIMARY KEY (station_id);
ALTER TABLE ONLY settling_sheetmonth
    ADD CONSTRAINT sheet_month_once UNIQUE (village_id, month);
ALTER TABLE ONLY settling_sheetmonthrecord
    ADD CONSTRAINT sheetmonthrecord_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY bundles_shelfreport
    ADD CONSTRAINT shelf_report_once UNIQUE (station_id, bundle, version);
ALTER TABLE ONLY settling_standin
    ADD CONSTRAINT standin_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY fleet_stationevent
    ADD CONSTRAINT station_event_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY bundles_stationindex
    ADD CONSTRAINT station_index_once UNIQUE (station_id, version);
ALTER TABLE ONLY attendance_stationplace
    ADD CONSTRAINT stationplace_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY workdays_stoprecord
    ADD CONSTRAINT stoprecord_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY fleet_stream
    ADD CONSTRAINT stream_once UNIQUE (station_id, epoch);
ALTER TABLE ONLY attendance_swaprecord
    ADD CONSTRAINT swaprecord_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY ingest_daytaken
    ADD CONSTRAINT taken_once_a_day UNIQUE (station_id, day);
ALTER TABLE ONLY progress_takenpack
    ADD CONSTRAINT taken_pack_once UNIQUE (pack, type);
ALTER TABLE ONLY progress_told
    ADD CONSTRAINT told_once UNIQUE (person_id, station_id);
ALTER TABLE ONLY attendance_touch
    ADD CONSTRAINT touch_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY tuning_settingchoice
    ADD CONSTRAINT tuning_settingchoice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY tuning_settingreport
    ADD CONSTRAINT tuning_settingreport_pkey PRIMARY KEY (station_id);
ALTER TABLE ONLY people_unitrecord
    ADD CONSTRAINT unitrecord_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY ingest_unprovenhead
    ADD CONSTRAINT unproven_head_once UNIQUE (stream_id, seq, head);
ALTER TABLE ONLY progress_visit
    ADD CONSTRAINT visit_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY meetings_votecount
    ADD CONSTRAINT vote_count_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY meetings_vouch
    ADD CONSTRAINT vouch_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY attendance_windowrecord
    ADD CONSTRAINT windowrecord_overlap EXCLUDE USING gist (subject_id WITH =, tstzrange(valid_from, valid_to) WITH &&) WHERE ((superseded_at IS NULL));
ALTER TABLE ONLY requests_withdrawal
    ADD CONSTRAINT withdrawal_once UNIQUE (station_id, epoch, seq);
ALTER TABLE ONLY workdays_calendar
    ADD CONSTRAINT workdays_calendar_pkey PRIMARY KEY (name);
ALTER TABLE ONLY workdays_countyday
    ADD CONSTRAINT workdays_countyday_pkey PRIMARY KEY (id);
ALTER TABLE ONLY workdays_librarytable
    ADD CONSTRAINT workdays_librarytable_pkey PRIMARY KEY (id);
ALTER TABLE ONLY workdays_stopnotice
    ADD CONSTRAINT workdays_stopnotice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY workdays_stoprecord
    ADD CONSTRAINT workdays_stoprecord_pkey PRIMARY KEY (id);
CREATE INDEX absence_by_period ON duty_absencerecord USING gist (tstzrange(valid_from, valid_to)) WHERE (superseded_at IS NULL);
CREATE INDEX accounts_recoverycode_code_hash_936dc363_like ON accounts_recoverycode USING btree (code_hash varchar_pattern_ops);
CREATE INDEX accounts_recoverycode_user_id_994761d3 ON accounts_recoverycode USING btree (user_id);
CREATE INDEX accounts_signinlink_user_id_a6b02f6b ON accounts_signinlink USING btree (user_id);
CREATE INDEX accounts_user_groups_group_id_bd11a704 ON accounts_user_groups USING btree (group_id);
CREATE INDEX accounts_user_groups_user_id_52b62117 ON accounts_user_groups USING btree (user_id);
CREATE INDEX accounts_user_person_id_6f9b1782 ON accounts_user USING btree (person_id);
CREATE INDEX accounts_user_region_id_6f4e501a ON accounts_user USING btree (region_id);
CREATE INDEX accounts_user_region_id_6f4e501a_like ON accounts_user USING btree (region_id varchar_pattern_ops);
CREATE INDEX accounts_user_user_permissions_permission_id_113bb443 ON accounts_user_user_permissions USING btree (permission_id);
CREATE INDEX accounts_user_user_permissions_user_id_e4f0a161 ON accounts_user_user_permissions USING btree (user_id);
CREATE INDEX accounts_user_username_6088629e_like ON accounts_user USING btree (username varchar_pattern_ops);
CREATE INDEX agreement_by_age ON requests_agreement USING btree (received_at DESC) WHERE (NOT apart);
CREATE INDEX agreement_by_boot ON requests_agreement USING btree (station_id, boot);
CREATE INDEX agreement_by_id ON requests_agreement USING btree (request);
CREATE INDEX agreement_by_whom ON requests_agreement USING btree (station_id, by_epoch, by_seq);
CREATE UNIQUE INDEX alarm_open_once ON fleet_alarm USING btree (station_id, origin, code) NULLS NOT DISTINCT WHERE (resolved_at IS NULL);
CREATE INDEX alarm_own ON fleet_alarm USING btree (station_id, opened_at) WHERE ((origin)::text = 'station'::text);
CREATE INDEX alarm_resolved ON fleet_alarm USING btree (last_at DESC, id DESC) WHERE (resolved_at IS NOT NULL);
CREATE INDEX api_tokens_apitoken_owner_id_d7e3749d ON api_tokens_apitoken USING btree (owner_id);
CREATE INDEX api_tokens_apitoken_region_id_c32bba07 ON api_tokens_apitoken USING btree (region_id);
CREATE INDEX api_tokens_apiuse_token_id_596b26ef ON api_tokens_apiuse USING btree (token_id);
CREATE INDEX api_use_by_day ON api_tokens_apiuse USING btree (day);
CREATE INDEX attempt_by_boot ON learning_attempt USING btree (station_id, boot);
CREATE INDEX attempt_by_question ON learning_attempt USING btree (pack, question);
CREATE INDEX attempt_by_receipt ON learning_attempt USING btree (station_id, received_at);
CREATE INDEX attempt_by_whom ON learning_attempt USING btree (station_id, by_epoch, by_seq, seq) WHERE (by_seq IS NOT NULL);
CREATE INDEX attendance_dutywindow_people_dutywindow_id_f9d29a31 ON attendance_dutywindow_people USING btree (dutywindow_id);
CREATE INDEX attendance_dutywindow_people_person_id_bb2850e0 ON attendance_dutywindow_people USING btree (person_id);
CREATE INDEX attendance_dutywindow_village_id_c2e73419 ON attendance_dutywindow USING btree (village_id);
CREATE INDEX attendance_dutywindow_village_id_c2e73419_like ON attendance_dutywindow USING btree (village_id varchar_pattern_ops);
CREATE INDEX attendance_rosterday_subject_id_f9f31df2 ON attendance_rosterday USING btree (subject_id);
CREATE INDEX attendance_stationplace_subject_id_30e42102 ON attendance_stationplace USING btree (subject_id);
CREATE INDEX attendance_stationplace_subject_id_30e42102_like ON attendance_stationplace USING btree (subject_id varchar_pattern_ops);
CREATE INDEX attendance_stationplace_village_id_458a8f5e ON attendance_stationplace USING btree (village_id);
CREATE INDEX attendance_swap_giver_id_25de9d1e ON attendance_swap USING btree (giver_id);
CREATE INDEX attendance_swap_taker_id_cf3a710e ON attendance_swap USING btree (taker_id);
CREATE INDEX attendance_swap_window_id_5f545d6d ON attendance_swap USING btree (window_id);
CREATE INDEX attendance_swaprecord_subject_id_30da5d91 ON attendance_swaprecord USING btree (subject_id);
CREATE INDEX attendance_windowrecord_subject_id_7c9dac82 ON attendance_windowrecord USING btree (subject_id);
CREATE INDEX attendance_windowrecord_village_id_f44f37be ON attendance_windowrecord USING btree (village_id);
CREATE INDEX audit_by_bigram ON audit_auditentry USING gin (audit_bigrams(audit_text((actor)::text, (action)::text, (subject)::text, (source)::text, detail)));
CREATE INDEX audit_by_time ON audit_auditentry USING btree (at);
CREATE INDEX auth_group_name_a6ea08ec_like ON auth_group USING btree (name varchar_pattern_ops);
CREATE INDEX auth_group_permissions_group_id_b120cbf9 ON auth_group_permissions USING btree (group_id);
CREATE INDEX auth_group_permissions_permission_id_84c5c92e ON auth_group_permissions USING btree (permission_id);
CREATE INDEX auth_permission_content_type_id_2f476e4b ON auth_permission USING btree (content_type_id);
CREATE INDEX axes_accessattempt_ip_address_10922d9c ON axes_accessattempt USING btree (ip_address);
CREATE INDEX axes_accessattempt_user_agent_ad89678b ON axes_accessattempt USING btree (user_agent);
CREATE INDEX axes_accessattempt_user_agent_ad89678b_like ON axes_accessattempt USING btree (user_agent varchar_pattern_ops);
CREATE INDEX axes_accessattempt_username_3f2d4ca0 ON axes_accessattempt USING btree (username);
CREATE INDEX axes_accessattempt_username_3f2d4ca0_like ON axes_accessattempt USING btree (username varchar_pattern_ops);
CREATE INDEX axes_accessfailurelog_ip_address_2e9f5a7f ON axes_accessfailurelog USING btree (ip_address);
CREATE INDEX axes_accessfailurelog_user_agent_ea145dda ON axes_accessfailurelog USING btree (user_agent);
CREATE INDEX axes_accessfailurelog_user_agent_ea145dda_like ON axes_accessfailurelog USING btree (user_agent varchar_pattern_ops);
CREATE INDEX axes_accessfailurelog_username_a8b7e8a4 ON axes_accessfailurelog USING btree (username);
CREATE INDEX axes_accessfailurelog_username_a8b7e8a4_like ON axes_accessfailurelog USING btree (username varchar_pattern_ops);
CREATE INDEX axes_accesslog_ip_address_86b417e5 ON axes_accesslog USING btree (ip_address);
CREATE INDEX axes_accesslog_user_agent_0e659004 ON axes_accesslog USING btree (user_agent);
CREATE INDEX axes_accesslog_user_agent_0e659004_like ON axes_accesslog USING btree (user_agent varchar_pattern_ops);
CREATE INDEX axes_accesslog_username_df93064b ON axes_accesslog USING btree (username);
CREATE INDEX axes_accesslog_username_df93064b_like ON axes_accesslog USING btree (username varchar_pattern_ops);
CREATE INDEX bank_draft_by_age ON editing_bankdraft USING btree (changed_at DESC);
CREATE INDEX blob_by_account ON media_blob USING btree (uploaded_by_id) WHERE (uploaded_by_id IS NOT NULL);
CREATE INDEX blob_by_subject ON media_blob USING btree (station_id, about_epoch, about_seq);
CREATE INDEX blob_unannounced ON media_blob USING btree (station_id) WHERE (announced_at IS NULL);
CREATE INDEX bundle_by_age ON bundles_bundle USING btree (published_at DESC);
CREATE INDEX bundle_by_hash ON bundles_bundle USING btree (sha256);
CREATE INDEX bundle_by_region ON bundles_bundle USING gin (regions);
CREATE INDEX bundle_item_by_hash ON bundles_bundleitem USING btree (sha256);
CREATE INDEX bundles_bundle_station_id_e4ba8bc2 ON bundles_bundle USING btree (station_id);
CREATE INDEX bundles_bundle_station_id_e4ba8bc2_like ON bundles_bundle USING btree (station_id varchar_pattern_ops);
CREATE INDEX bundles_bundleitem_bundle_id_96e22e4f ON bundles_bundleitem USING btree (bundle_id);
CREATE INDEX bundles_fetchnonce_station_id_4d340403 ON bundles_fetchnonce USING btree (station_id);
CREATE INDEX bundles_fetchnonce_station_id_4d340403_like ON bundles_fetchnonce USING btree (station_id varchar_pattern_ops);
CREATE INDEX bundles_shelfheard_station_id_76f66d62_like ON bundles_shelfheard USING btree (station_id varchar_pattern_ops);
CREATE INDEX bundles_shelfreport_station_id_e269d170 ON bundles_shelfreport USING btree (station_id);
CREATE INDEX bundles_shelfreport_station_id_e269d170_like ON bundles_shelfreport USING btree (station_id varchar_pattern_ops);
CREATE INDEX bundles_stationindex_bundles_bundle_id_f30512ad ON bundles_stationindex_bundles USING btree (bundle_id);
CREATE INDEX bundles_stationindex_bundles_stationindex_id_ca73ab28 ON bundles_stationindex_bundles USING btree (stationindex_id);
CREATE INDEX bundles_stationindex_station_id_173f4679 ON bundles_stationindex USING btree (station_id);
CREATE INDEX bundles_stationindex_station_id_173f4679_like ON bundles_stationindex USING btree (station_id varchar_pattern_ops);
CREATE INDEX bundles_writtendocuments_region_id_8109fa0f ON bundles_writtendocuments USING btree (region_id);
CREATE INDEX bundles_writtendocuments_region_id_8109fa0f_like ON bundles_writtendocuments USING btree (region_id varchar_pattern_ops);
CREATE INDEX bundles_writtennotice_region_id_b9187126 ON bundles_writtennotice USING btree (region_id);
CREATE INDEX bundles_writtennotice_region_id_b9187126_like ON bundles_writtennotice USING btree (region_id varchar_pattern_ops);
CREATE INDEX bundles_writtenpack_region_id_13a9b1ae ON bundles_writtenpack USING btree (region_id);
CREATE INDEX bundles_writtenpack_region_id_13a9b1ae_like ON bundles_writtenpack USING btree (region_id varchar_pattern_ops);
CREATE INDEX closing_closedmonth_village_id_453a85f8 ON closing_closedmonth USING btree (village_id);
CREATE INDEX closing_residentmonth_person_id_d0c1c63e ON closing_residentmonth USING btree (person_id);
CREATE INDEX closing_residentmonth_village_id_de0b2f83 ON closing_residentmonth USING btree (village_id);
CREATE INDEX closing_slipline_person_id_29f54d52 ON closing_slipline USING btree (person_id);
CREATE INDEX closing_slipline_signed_with_id_4ef299ee ON closing_slipline USING btree (signed_with_id);
CREATE INDEX correction_by_window ON requests_correction USING btree (window_id, day, person_id);
CREATE UNIQUE INDEX county_blob_once ON media_blob USING btree (sha256, purpose) WHERE (station_id IS NULL);
CREATE INDEX county_request_by_age ON requests_countyrequest USING btree (asked_at);
CREATE INDEX county_request_by_number ON requests_countyrequest USING btree (number);
CREATE INDEX county_request_by_officer ON requests_countyrequest USING btree (asked_by, asked_at DESC) WHERE (NOT ((asked_by)::text = ''::text));
CREATE INDEX county_request_by_person ON requests_countyrequest USING btree (person_id, asked_at DESC);
CREATE INDEX county_request_not_over ON requests_countyrequest USING btree (person_id) WHERE (NOT is_over);
CREATE INDEX courses_course_region_id_eff45b2f ON courses_course USING btree (region_id);
CREATE INDEX dated_written_by_transaction ON dated_written USING btree (transaction);
CREATE UNIQUE INDEX decided_once ON requests_answer USING btree (request_id, step) WHERE (step > 0);
CREATE UNIQUE INDEX decided_once_here ON requests_answer USING btree (asked_id, step) WHERE (step > 0);
CREATE INDEX decided_row_newest ON decisions_decidedrow USING btree ("table", "row", id DESC);
CREATE INDEX decisions_decidedfact_stream_id_d68e693d ON decisions_decidedfact USING btree (stream_id);
CREATE INDEX decisions_decidedrow_fact_id_63808da8 ON decisions_decidedrow USING btree (fact_id);
CREATE INDEX django_admin_log_content_type_id_c4bce8eb ON django_admin_log USING btree (content_type_id);
CREATE INDEX django_admin_log_user_id_c564eba6 ON django_admin_log USING btree (user_id);
CREATE INDEX django_session_expire_date_a5c62663 ON django_session USING btree (expire_date);
CREATE INDEX django_session_session_key_c0390e0f_like ON django_session USING btree (session_key varchar_pattern_ops);
CREATE INDEX duty_absence_person_id_7777aaa1 ON duty_absence USING btree (person_id);
CREATE INDEX duty_absencerecord_subject_id_d0f1e3fe ON duty_absencerecord USING btree (subject_id);
CREATE INDEX duty_rostertemplate_region_id_ed89f8eb ON duty_rostertemplate USING btree (region_id);
CREATE INDEX duty_rostertemplate_region_id_ed89f8eb_like ON duty_rostertemplate USING btree (region_id varchar_pattern_ops);
CREATE INDEX editing_bankdraft_pack_08f8b020_like ON editing_bankdraft USING btree (pack varchar_pattern_ops);
CREATE INDEX editing_bankdraft_region_id_87d5c07e ON editing_bankdraft USING btree (region_id);
CREATE INDEX editing_bankdraft_region_id_87d5c07e_like ON editing_bankdraft USING btree (region_id varchar_pattern_ops);
CREATE INDEX editing_bankdraft_written_id_3b56900b ON editing_bankdraft USING btree (written_id);
CREATE INDEX editing_draftfile_draft_id_171f2030 ON editing_draftfile USING btree (draft_id);
CREATE INDEX editing_draftlevel_draft_id_9e9d0984 ON editing_draftlevel USING btree (draft_id);
CREATE INDEX editing_draftquestion_level_id_60885b10 ON editing_draftquestion USING btree (level_id);
CREATE INDEX enrolment_claim_fact_id_e7ce4b54 ON enrolment_claim USING btree (fact_id);
CREATE INDEX enrolment_claim_lookup_ffbe502e_like ON enrolment_claim USING btree (lookup varchar_pattern_ops);
CREATE INDEX enrolment_claim_station_id_fb1f32c9 ON enrolment_claim USING btree (station_id);
CREATE INDEX enrolment_claim_station_id_fb1f32c9_like ON enrolment_claim USING btree (station_id varchar_pattern_ops);
CREATE INDEX enrolment_stationcertificate_serial_b360294d_like ON enrolment_stationcertificate USING btree (serial varchar_pattern_ops);
CREATE INDEX enrolment_stationcertificate_station_id_2d0b87c8 ON enrolment_stationcertificate USING btree (station_id);
CREATE INDEX enrolment_stationcertificate_station_id_2d0b87c8_like ON enrolment_stationcertificate USING btree (station_id varchar_pattern_ops);
CREATE INDEX enrolment_usednonce_station_id_f10c00d4 ON enrolment_usednonce USING btree (station_id);
CREATE INDEX enrolment_usednonce_station_id_f10c00d4_like ON enrolment_usednonce USING btree (station_id varchar_pattern_ops);
CREATE INDEX episode_by_end ON incidents_episode USING btree (over_at);
CREATE UNIQUE INDEX episode_open_once ON incidents_episode USING btree (kind, place) WHERE (over_at IS NULL);
CREATE INDEX event_by_boot ON fleet_stationevent USING btree (station_id, boot);
CREATE INDEX event_by_kind ON fleet_stationevent USING btree (station_id, kind);
CREATE INDEX event_by_station ON fleet_stationevent USING btree (station_id, received_at DESC);
CREATE INDEX event_correction ON fleet_stationevent USING btree (station_id, ((detail ->> 'boot'::text)), id) WHERE ((kind)::text = 'clock_corrected'::text);
CREATE INDEX event_up_or_down ON fleet_stationevent USING btree (station_id, kind, ((id * '-1'::integer))) WHERE ((kind)::text = ANY (ARRAY[('booted'::character varying)::text, ('shut_down'::character varying)::text]));
CREATE INDEX exceptions_kind_code_7bc10696_like ON exceptions_kind USING btree (code varchar_pattern_ops);
CREATE INDEX exceptions_kindrecord_subject_id_35fe86e8 ON exceptions_kindrecord USING btree (subject_id);
CREATE INDEX exceptions_kindrecord_subject_id_35fe86e8_like ON exceptions_kindrecord USING btree (subject_id varchar_pattern_ops);
CREATE INDEX exceptions_notable_person_id_0f5662e6 ON exceptions_notable USING btree (person_id);
CREATE INDEX exceptions_notable_village_id_268a6458 ON exceptions_notable USING btree (village_id);
CREATE UNIQUE INDEX exhibit_once ON requests_exhibit USING btree (asked_id, kind, station_id, epoch, seq) WHERE (seq IS NOT NULL);
CREATE INDEX fact_held ON ingest_fact USING btree (stream_id, seq) WHERE (NOT ((held_reason)::text = ''::text));
CREATE INDEX feedback_by_boot ON feedback_feedback USING btree (station_id, boot);
CREATE INDEX feedback_by_whom ON feedback_feedback USING btree (station_id, by_epoch, by_seq) WHERE (by_seq IS NOT NULL);
CREATE INDEX feedback_feedback_station_id_d99bccc1 ON feedback_feedback USING btree (station_id);
CREATE INDEX feedback_feedback_station_id_d99bccc1_like ON feedback_feedback USING btree (station_id varchar_pattern_ops);
CREATE INDEX feedback_feedbackrating_station_id_4efb7e2a ON feedback_feedbackrating USING btree (station_id);
CREATE INDEX feedback_feedbackrating_station_id_4efb7e2a_like ON feedback_feedbackrating USING btree (station_id varchar_pattern_ops);
CREATE INDEX feedback_feedbackstep_feedback_id_258f695f ON feedback_feedbackstep USING btree (feedback_id);
CREATE INDEX feedback_helpcontact_region_id_78c54422_like ON feedback_helpcontact USING btree (region_id varchar_pattern_ops);
CREATE INDEX feedback_newest ON feedback_feedback USING btree (received_at DESC, id DESC);
CREATE INDEX feedback_rating_by_boot ON feedback_feedbackrating USING btree (station_id, boot);
CREATE INDEX feedback_rating_by_whom ON feedback_feedbackrating USING btree (station_id, by_epoch, by_seq) WHERE (by_seq IS NOT NULL);
CREATE INDEX feedback_rating_of ON feedback_feedbackrating USING btree (station_id, feedback);
CREATE INDEX fetch_nonce_by_age ON bundles_fetchnonce USING btree (used_at);
CREATE INDEX fleet_alarm_acknowledged_by_id_6b4ae8b7 ON fleet_alarm USING btree (acknowledged_by_id);
CREATE INDEX fleet_alarm_station_id_306eb48d ON fleet_alarm USING btree (station_id);
CREATE INDEX fleet_alarm_station_id_306eb48d_like ON fleet_alarm USING btree (station_id varchar_pattern_ops);
CREATE INDEX fleet_desiredstate_station_id_09f7fb9e_like ON fleet_desiredstate USING btree (station_id varchar_pattern_ops);
CREATE INDEX fleet_shelfdue_station_id_b06ce5d1 ON fleet_shelfdue USING btree (station_id);
CREATE INDEX fleet_shelfdue_station_id_b06ce5d1_like ON fleet_shelfdue USING btree (station_id varchar_pattern_ops);
CREATE INDEX fleet_station_id_03a880a7_like ON fleet_station USING btree (id varchar_pattern_ops);
CREATE INDEX fleet_station_village_id_4737c008 ON fleet_station USING btree (village_id);
CREATE INDEX fleet_station_village_id_4737c008_like ON fleet_station USING btree (village_id varchar_pattern_ops);
CREATE INDEX fleet_stationstatus_station_id_4ca4a178_like ON fleet_stationstatus USING btree (station_id varchar_pattern_ops);
CREATE INDEX guard_permit_region_id_154cdab0 ON guard_permit USING btree (region_id);
CREATE INDEX guard_permit_region_id_154cdab0_like ON guard_permit USING btree (region_id varchar_pattern_ops);
CREATE UNIQUE INDEX identity_number_of_one_person ON people_privatenumber USING btree (index) WHERE ((kind)::text = 'identity'::text);
CREATE INDEX incident_acknowledged ON incidents_acknowledgement USING btree (kind, place, at DESC);
CREATE INDEX incident_silence_end ON incidents_silence USING btree (ends_at);
CREATE INDEX incidents_acknowledgement_by_id_100b1eb3 ON incidents_acknowledgement USING btree (by_id);
CREATE INDEX incidents_channelconfig_region_id_1c05e2eb ON incidents_channelconfig USING btree (region_id);
CREATE INDEX incidents_mention_channel_id_7a635bab ON incidents_mention USING btree (channel_id);
CREATE INDEX incidents_mention_episode_id_efc844d9 ON incidents_mention USING btree (episode_id);
CREATE INDEX incidents_mention_notification_id_2b985b5a ON incidents_mention USING btree (notification_id);
CREATE INDEX incidents_notification_channel_id_6acb1c11 ON incidents_notification USING btree (channel_id);
CREATE INDEX incidents_oncall_region_id_94646fdd ON incidents_oncall USING btree (region_id);
CREATE INDEX incidents_oncall_user_id_14788984 ON incidents_oncall USING btree (user_id);
CREATE INDEX incidents_silence_by_id_0d8560e2 ON incidents_silence USING btree (by_id);
CREATE INDEX ingest_datingdue_station_id_14e33721 ON ingest_datingdue USING btree (station_id);
CREATE INDEX ingest_datingdue_station_id_14e33721_like ON ingest_datingdue USING btree (station_id varchar_pattern_ops);
CREATE INDEX ingest_datingwalk_station_id_3e777b48_like ON ingest_datingwalk USING btree (station_id varchar_pattern_ops);
CREATE INDEX ingest_daytaken_station_id_1c03184a ON ingest_daytaken USING btree (station_id);
CREATE INDEX ingest_daytaken_station_id_1c03184a_like ON ingest_daytaken USING btree (station_id varchar_pattern_ops);
CREATE INDEX ingest_quarantined_station_id_7230f047 ON ingest_quarantined USING btree (station_id);
CREATE INDEX ingest_quarantined_station_id_7230f047_like ON ingest_quarantined USING btree (station_id varchar_pattern_ops);
CREATE INDEX ingest_reissue_station_id_2dd81020 ON ingest_reissue USING btree (station_id);
CREATE INDEX ingest_reissue_station_id_2dd81020_like ON ingest_reissue USING btree (station_id varchar_pattern_ops);
CREATE INDEX ingest_unprovenhead_stream_id_198ed7ae ON ingest_unprovenhead USING btree (stream_id);
CREATE INDEX kiosk_try_by_station ON pins_kiosktry USING btree (station_id, at);
CREATE INDEX learning_remarked_pack_id_78b824b7 ON learning_remarked USING btree (pack_id);
CREATE INDEX learning_surplus_undecided ON progress_surplus USING btree (station_id) WHERE (decision_id IS NULL);
CREATE INDEX level_run_by_boot ON learning_levelrun USING btree (station_id, boot);
CREATE INDEX level_run_by_receipt ON learning_levelrun USING btree (station_id, received_at);
CREATE INDEX level_run_by_whom ON learning_levelrun USING btree (station_id, by_epoch, by_seq, seq) WHERE (by_seq IS NOT NULL);
CREATE INDEX manifest_dailytable_manifest_id_98e6f9d4 ON manifest_dailytable USING btree (manifest_id);
CREATE INDEX media_legalhold_blob_id_d3dac3a5 ON media_legalhold USING btree (blob_id);
CREATE INDEX media_legalhold_set_within_id_cee65315 ON media_legalhold USING btree (set_within_id);
CREATE INDEX meeting_record_by_begin ON meetings_meetingrecord USING btree (begin);
CREATE INDEX meeting_step_by_boot ON meetings_meetingstep USING btree (station_id, boot);
CREATE INDEX meeting_step_by_meeting ON meetings_meetingstep USING btree (meeting);
CREATE INDEX meeting_step_by_whom ON meetings_meetingstep USING btree (station_id, by_epoch, by_seq) WHERE (by_seq IS NOT NULL);
CREATE INDEX meetings_kindsubject_name_05a3f9bb_like ON meetings_kindsubject USING btree (name varchar_pattern_ops);
CREATE INDEX meetings_kindterms_subject_id_e499dba2 ON meetings_kindterms USING btree (subject_id);
CREATE INDEX meetings_kindterms_subject_id_e499dba2_like ON meetings_kindterms USING btree (subject_id varchar_pattern_ops);
CREATE INDEX meetings_meeting_region_id_55885f52 ON meetings_meeting USING btree (region_id);
CREATE INDEX meetings_meeting_unit_id_b15bcfb2 ON meetings_meeting USING btree (unit_id);
CREATE INDEX meetings_meetingrecord_subject_id_c3b27572 ON meetings_meetingrecord USING btree (subject_id);
CREATE INDEX meetings_meetingstep_station_id_1b5e0891 ON meetings_meetingstep USING btree (station_id);
CREATE INDEX meetings_meetingstep_station_id_1b5e0891_like ON meetings_meetingstep USING btree (station_id varchar_pattern_ops);
CREATE INDEX meetings_minutes_meeting_id_09b7a17e ON meetings_minutes USING btree (meeting_id);
CREATE INDEX meetings_votecount_station_id_e97b0f4b ON meetings_votecount USING btree (station_id);
CREATE INDEX meetings_votecount_station_id_e97b0f4b_like ON meetings_votecount USING btree (station_id varchar_pattern_ops);
CREATE INDEX meetings_voteentry_meeting_id_58a33bb2 ON meetings_voteentry USING btree (meeting_id);
CREATE INDEX meetings_vouch_station_id_5a5ca245 ON meetings_vouch USING btree (station_id);
CREATE INDEX meetings_vouch_station_id_5a5ca245_like ON meetings_vouch USING btree (station_id varchar_pattern_ops);
CREATE INDEX notable_by_kind ON exceptions_notable USING btree (kind, day);
CREATE INDEX notable_standing ON exceptions_notable USING btree (day DESC, id DESC) WHERE (gone_at IS NULL);
CREATE INDEX notification_by_age ON incidents_notification USING btree (made_at);
CREATE INDEX notification_waiting ON incidents_notification USING btree (next_at) WHERE ((given_up_at IS NULL) AND (sent_at IS NULL));
CREATE INDEX number_entry_by_boot ON pins_numberentry USING btree (station_id, boot);
CREATE INDEX number_entry_by_number ON pins_numberentry USING btree (number);
CREATE INDEX number_entry_by_time ON pins_numberentry USING btree (wall);
CREATE INDEX number_seen_by_person ON people_numberseen USING btree (person_id, at DESC);
CREATE INDEX on_call_by_day ON incidents_oncall USING btree (last_day);
CREATE UNIQUE INDEX one_hold_at_a_time ON media_legalhold USING btree (blob_id) WHERE (lifted_at IS NULL);
CREATE UNIQUE INDEX one_open_account_of_a_person ON accounts_user USING btree (person_id) WHERE is_active;
CREATE INDEX order_by_station ON orders_stationorder USING btree (station_id, issued_at DESC);
CREATE INDEX order_open ON orders_stationorder USING btree (not_after) WHERE (answered_at IS NULL);
CREATE INDEX orders_stationorder_station_id_bb06df9a ON orders_stationorder USING btree (station_id);
CREATE INDEX orders_stationorder_station_id_bb06df9a_like ON orders_stationorder USING btree (station_id varchar_pattern_ops);
CREATE INDEX otp_totp_totpdevice_user_id_0fb18292 ON otp_totp_totpdevice USING btree (user_id);
CREATE INDEX pack_choice_by_boot ON learning_packchoice USING btree (station_id, boot);
CREATE INDEX pack_choice_by_receipt ON learning_packchoice USING btree (station_id, received_at);
CREATE INDEX pack_choice_by_whom ON learning_packchoice USING btree (station_id, by_epoch, by_seq, seq);
CREATE INDEX pack_keeper_newest ON learning_packkeeper USING btree (pack, id DESC);
CREATE UNIQUE INDEX paper_once ON requests_exhibit USING btree (asked_id, blob_id) WHERE ((kind)::text = 'paper'::text);
CREATE INDEX people_binding_person_id_22acef83 ON people_binding USING btree (person_id);
CREATE INDEX people_binding_subject_id_1ce64519 ON people_binding USING btree (subject_id);
CREATE INDEX people_card_person_id_0893eb93 ON people_card USING btree (person_id);
CREATE INDEX people_holding_person_id_b55c368d ON people_holding USING btree (person_id);
CREATE INDEX people_holding_post_id_da75898e ON people_holding USING btree (post_id);
CREATE INDEX people_holdingrecord_subject_id_5b07cd92 ON people_holdingrecord USING btree (subject_id);
CREATE INDEX people_numberseen_person_id_39cb72e9 ON people_numberseen USING btree (person_id);
CREATE INDEX people_person_number_5308ff0c_like ON people_person USING btree (number varchar_pattern_ops);
CREATE INDEX people_person_village_id_15c6ef38 ON people_person USING btree (village_id);
CREATE INDEX people_person_village_id_15c6ef38_like ON people_person USING btree (village_id varchar_pattern_ops);
CREATE INDEX people_personrecord_subject_id_504296a7 ON people_personrecord USING btree (subject_id);
CREATE INDEX people_personrecord_village_id_51d241ad ON people_personrecord USING btree (village_id);
CREATE INDEX people_post_unit_id_c46887ec ON people_post USING btree (unit_id);
CREATE INDEX people_privatenumber_person_id_5ab70d09 ON people_privatenumber USING btree (person_id);
CREATE INDEX people_unit_region_id_799f0511 ON people_unit USING btree (region_id);
CREATE INDEX people_unit_region_id_799f0511_like ON people_unit USING btree (region_id varchar_pattern_ops);
CREATE INDEX people_unitrecord_region_id_2f7f9d10 ON people_unitrecord USING btree (region_id);
CREATE INDEX people_unitrecord_subject_id_ba1ab5c0 ON people_unitrecord USING btree (subject_id);
CREATE UNIQUE INDEX permit_once_in_a_region ON guard_permit USING btree (number, region_id) WHERE (ended_at IS NULL);
CREATE INDEX person_due_by_age ON progress_persondue USING btree (marked_at);
CREATE INDEX person_record_by_number ON people_personrecord USING btree (number);
CREATE INDEX phone_link_by_code ON fleet_stationevent USING btree (((detail ->> 'code'::text))) WHERE ((kind)::text = 'phone_link_shown'::text);
CREATE INDEX pins_kiosktry_person_id_a9ac8fbb ON pins_kiosktry USING btree (person_id);
CREATE INDEX pins_kiosktry_station_id_dfea35c8 ON pins_kiosktry USING btree (station_id);
CREATE INDEX pins_kiosktry_station_id_dfea35c8_like ON pins_kiosktry USING btree (station_id varchar_pattern_ops);
CREATE INDEX pins_numberentry_station_id_c3ff6455 ON pins_numberentry USING btree (station_id);
CREATE INDEX pins_numberentry_station_id_c3ff6455_like ON pins_numberentry USING btree (station_id varchar_pattern_ops);
CREATE INDEX pins_personpin_station_id_208ef798 ON pins_personpin USING btree (station_id);
CREATE INDEX pins_personpin_station_id_208ef798_like ON pins_personpin USING btree (station_id varchar_pattern_ops);
CREATE INDEX pins_pinclaim_person_id_26bda118 ON pins_pinclaim USING btree (person_id);
CREATE INDEX pins_pinclaim_station_id_a5d80def ON pins_pinclaim USING btree (station_id);
CREATE INDEX pins_pinclaim_station_id_a5d80def_like ON pins_pinclaim USING btree (station_id varchar_pattern_ops);
CREATE INDEX private_number_by_index ON people_privatenumber USING btree (index);
CREATE INDEX progress_chosenpack_person_id_e8cd00ce ON progress_chosenpack USING btree (person_id);
CREATE INDEX progress_keptlevel_person_id_f505bac1 ON progress_keptlevel USING btree (person_id);
CREATE INDEX progress_packcounted_pack_927449df_like ON progress_packcounted USING btree (pack varchar_pattern_ops);
CREATE INDEX progress_reachedlevel_person_id_384a08ed ON progress_reachedlevel USING btree (person_id);
CREATE INDEX progress_surplus_decision_id_a7bbc3bd ON progress_surplus USING btree (decision_id);
CREATE INDEX progress_surplus_station_id_cbd85c62 ON progress_surplus USING btree (station_id);
CREATE INDEX progress_surplus_station_id_cbd85c62_like ON progress_surplus USING btree (station_id varchar_pattern_ops);
CREATE INDEX progress_surplusdecision_station_id_f61444f0 ON progress_surplusdecision USING btree (station_id);
CREATE INDEX progress_surplusdecision_station_id_f61444f0_like ON progress_surplusdecision USING btree (station_id varchar_pattern_ops);
CREATE INDEX progress_told_person_id_1a8a6d7a ON progress_told USING btree (person_id);
CREATE INDEX progress_told_station_id_4477be22 ON progress_told USING btree (station_id);
CREATE INDEX progress_told_station_id_4477be22_like ON progress_told USING btree (station_id varchar_pattern_ops);
CREATE INDEX progress_visit_station_id_66b2ce42 ON progress_visit USING btree (station_id);
CREATE INDEX progress_visit_station_id_66b2ce42_like ON progress_visit USING btree (station_id varchar_pattern_ops);
CREATE INDEX progress_visitdue_station_id_d0d63d4d ON progress_visitdue USING btree (station_id);
CREATE INDEX progress_visitdue_station_id_d0d63d4d_like ON progress_visitdue USING btree (station_id varchar_pattern_ops);
CREATE INDEX public_phonesession_station_id_66ceca84 ON public_phonesession USING btree (station_id);
CREATE INDEX public_phonesession_station_id_66ceca84_like ON public_phonesession USING btree (station_id varchar_pattern_ops);
CREATE INDEX public_phonesignin_at_34358401 ON public_phonesignin USING btree (at);
CREATE INDEX public_phonesignin_person_id_404a25e6 ON public_phonesignin USING btree (person_id);
CREATE INDEX public_usedphonelink_station_id_fb77e943 ON public_usedphonelink USING btree (station_id);
CREATE INDEX public_usedphonelink_station_id_fb77e943_like ON public_usedphonelink USING btree (station_id varchar_pattern_ops);
CREATE INDEX public_usedphonelink_used_at_81d539eb ON public_usedphonelink USING btree (used_at);
CREATE INDEX public_wrongtry_at_84d2948a ON public_wrongtry USING btree (at);
CREATE INDEX reached_level_by_pack ON progress_reachedlevel USING btree (pack, person_id);
CREATE INDEX refused_pin_by_person ON pins_pinclaim USING btree (person_id, received_at DESC, id DESC) WHERE (NOT ((refused)::text = ''::text));
CREATE INDEX region_record_by_code ON regions_regionrecord USING btree (code);
CREATE INDEX regions_region_code_f0e2b4f3_like ON regions_region USING btree (code varchar_pattern_ops);
CREATE INDEX regions_regionrecord_merged_into_id_d7c721ac ON regions_regionrecord USING btree (merged_into_id);
CREATE INDEX regions_regionrecord_parent_id_b7acac30 ON regions_regionrecord USING btree (parent_id);
CREATE INDEX regions_regionrecord_subject_id_d5a8a940 ON regions_regionrecord USING btree (subject_id);
CREATE INDEX reissue_by_identity ON ingest_reissue USING btree (station_id, identity_epoch, identity_seq);
CREATE INDEX request_about ON requests_request USING btree (station_id, about_epoch, about_seq) WHERE (about_seq IS NOT NULL);
CREATE INDEX request_by_age ON requests_request USING btree (received_at DESC) WHERE (NOT apart);
CREATE INDEX request_by_boot ON requests_request USING btree (station_id, boot);
CREATE INDEX request_by_id ON requests_request USING btree (station_id, request);
CREATE INDEX request_by_number ON requests_request USING btree (number);
CREATE INDEX request_by_whom ON requests_request USING btree (station_id, by_epoch, by_seq);
CREATE INDEX requests_agreement_station_id_11873e96 ON requests_agreement USING btree (station_id);
CREATE INDEX requests_agreement_station_id_11873e96_like ON requests_agreement USING btree (station_id varchar_pattern_ops);
CREATE INDEX requests_answer_asked_id_5c630395 ON requests_answer USING btree (asked_id);
CREATE INDEX requests_answer_request_id_b2880a8d ON requests_answer USING btree (request_id);
CREATE INDEX requests_correction_person_id_701a89de ON requests_correction USING btree (person_id);
CREATE INDEX requests_correction_window_id_99a45fd4 ON requests_correction USING btree (window_id);
CREATE INDEX requests_countyrequest_absence_id_7be60d99 ON requests_countyrequest USING btree (absence_id);
CREATE INDEX requests_countyrequest_person_id_374e4207 ON requests_countyrequest USING btree (person_id);
CREATE INDEX requests_countyrequest_substitute_id_89813d20 ON requests_countyrequest USING btree (substitute_id);
CREATE INDEX requests_countyrequest_window_id_41490979 ON requests_countyrequest USING btree (window_id);
CREATE INDEX requests_deputy_deputy_id_ddd7e138 ON requests_deputy USING btree (deputy_id);
CREATE INDEX requests_deputy_lender_id_528da367 ON requests_deputy USING btree (lender_id);
CREATE INDEX requests_exhibit_asked_id_fef1e74b ON requests_exhibit USING btree (asked_id);
CREATE INDEX requests_exhibit_blob_id_71152ef0 ON requests_exhibit USING btree (blob_id);
CREATE INDEX requests_exhibit_station_id_0615a566 ON requests_exhibit USING btree (station_id);
CREATE INDEX requests_exhibit_station_id_0615a566_like ON requests_exhibit USING btree (station_id varchar_pattern_ops);
CREATE INDEX requests_exhibit_witness_id_dbaf8c64 ON requests_exhibit USING btree (witness_id);
CREATE INDEX requests_request_station_id_17c430f5 ON requests_request USING btree (station_id);
CREATE INDEX requests_request_station_id_17c430f5_like ON requests_request USING btree (station_id varchar_pattern_ops);
CREATE INDEX requests_stationcase_person_id_2633da6c ON requests_stationcase USING btree (person_id);
CREATE INDEX requests_surplus_decision_id_e10ccad3 ON requests_surplus USING btree (decision_id);
CREATE INDEX requests_surplus_station_id_35704bac ON requests_surplus USING btree (station_id);
CREATE INDEX requests_surplus_station_id_35704bac_like ON requests_surplus USING btree (station_id varchar_pattern_ops);
CREATE INDEX requests_surplusdecision_station_id_d4e63f6a ON requests_surplusdecision USING btree (station_id);
CREATE INDEX requests_surplusdecision_station_id_d4e63f6a_like ON requests_surplusdecision USING btree (station_id varchar_pattern_ops);
CREATE INDEX requests_withdrawal_station_id_6c524196 ON requests_withdrawal USING btree (station_id);
CREATE INDEX requests_withdrawal_station_id_6c524196_like ON requests_withdrawal USING btree (station_id varchar_pattern_ops);
CREATE INDEX retention_erasedfact_erasure_id_5b82db57 ON retention_erasedfact USING btree (erasure_id);
CREATE INDEX retention_erasedfact_stream_id_bfc602f7 ON retention_erasedfact USING btree (stream_id);
CREATE INDEX retention_erasure_stream_id_2ddda10f ON retention_erasure USING btree (stream_id);
CREATE INDEX roster_day_by_date ON attendance_rosterday USING btree (valid_from, subject_id);
CREATE UNIQUE INDEX secret_word_once ON guard_secretword USING btree (word) WHERE (ended_at IS NULL);
CREATE INDEX settle_due_failed ON settling_settledue USING btree (failed_at) WHERE (failed_at IS NOT NULL);
CREATE INDEX settled_by_person_ever ON settling_settledwindow USING btree (person_id, day);
CREATE INDEX settled_came ON settling_settledwindow USING btree (village_id, settled_at);
CREATE INDEX settled_due_at ON settling_settledwindow USING btree (due_at) WHERE ((due_at IS NOT NULL) AND (superseded_at IS NULL));
CREATE INDEX settled_open ON settling_settledwindow USING btree (village_id, day) WHERE (((result)::text = ANY (ARRAY[(''::character varying)::text, ('未'::character varying)::text, ('待'::character varying)::text])) AND (superseded_at IS NULL));
CREATE INDEX settled_went ON settling_settledwindow USING btree (village_id, superseded_at) WHERE (superseded_at IS NOT NULL);
CREATE UNIQUE INDEX settled_window_once ON settling_settledwindow USING btree (village_id, day, person_id, start, place) WHERE (superseded_at IS NULL);
CREATE INDEX settling_change_failed ON settling_change USING btree (failed_at) WHERE (failed_at IS NOT NULL);
CREATE INDEX settling_daycount_village_id_232572a8 ON settling_daycount USING btree (village_id);
CREATE INDEX settling_deadstation_subject_id_ca14bc33 ON settling_deadstation USING btree (subject_id);
CREATE INDEX settling_deadstation_subject_id_ca14bc33_like ON settling_deadstation USING btree (subject_id varchar_pattern_ops);
CREATE INDEX settling_parameter_region_id_2d7888f0 ON settling_parameter USING btree (region_id);
CREATE INDEX settling_parameterrecord_subject_id_b0ace214 ON settling_parameterrecord USING btree (subject_id);
CREATE INDEX settling_settledue_village_id_3b71953d ON settling_settledue USING btree (village_id);
CREATE INDEX settling_settledwindow_person_id_a909daa9 ON settling_settledwindow USING btree (person_id);
CREATE INDEX settling_settledwindow_village_id_459ed7ad ON settling_settledwindow USING btree (village_id);
CREATE INDEX settling_sheetmonth_village_id_f7994f2e ON settling_sheetmonth USING btree (village_id);
CREATE INDEX settling_sheetmonthrecord_subject_id_55d87c3a ON settling_sheetmonthrecord USING btree (subject_id);
CREATE INDEX settling_standin_station_id_3fdba36c ON settling_standin USING btree (station_id);
CREATE INDEX settling_standin_station_id_3fdba36c_like ON settling_standin USING btree (station_id varchar_pattern_ops);
CREATE INDEX settling_standin_subject_id_86c9247f ON settling_standin USING btree (subject_id);
CREATE INDEX settling_stationaside_station_id_93e49852_like ON settling_stationaside USING btree (station_id varchar_pattern_ops);
CREATE INDEX shelf_report_by_bundle ON bundles_shelfreport USING btree (bundle);
CREATE INDEX slip_line_by_person ON closing_slipline USING btree (person_id, day);
CREATE INDEX station_case_by_age ON requests_stationcase USING btree (asked_at);
CREATE INDEX station_case_by_person ON requests_stationcase USING btree (person_id, asked_at);
CREATE INDEX station_case_not_over ON requests_stationcase USING btree (person_id) WHERE (NOT is_over);
CREATE INDEX station_index_by_hash ON bundles_stationindex USING btree (sha256);
CREATE INDEX stream_opened ON fleet_stream USING btree (station_id, opened_at);
CREATE INDEX surplus_undecided ON requests_surplus USING btree (station_id) WHERE (decision_id IS NULL);
CREATE INDEX swap_by_day ON attendance_swap USING btree (day, window_id);
CREATE INDEX switch_newest ON compliance_switchstep USING btree (code, id DESC);
CREATE INDEX told_by_station ON progress_told USING btree (station_id);
CREATE INDEX touch_by_boot ON attendance_touch USING btree (station_id, boot);
CREATE INDEX touch_by_card ON attendance_touch USING btree (card_token, wall DESC);
CREATE INDEX touch_by_coming ON attendance_touch USING btree (came_at) WHERE (came_at IS NOT NULL);
CREATE INDEX touch_by_corrected ON attendance_touch USING btree (corrected_wall) WHERE (corrected_wall IS NOT NULL);
CREATE INDEX touch_by_number ON attendance_touch USING btree (person_number) WHERE (NOT ((person_number)::text = ''::text));
CREATE INDEX touch_by_receipt ON attendance_touch USING btree (received_at) WHERE ((NOT ((quality)::text = ANY (ARRAY[('synced'::character varying)::text, ('holdover'::character varying)::text]))) AND (corrected_wall IS NULL));
CREATE INDEX touch_by_station ON attendance_touch USING btree (station_id, wall DESC);
CREATE INDEX touch_by_time ON attendance_touch USING btree (wall DESC);
CREATE INDEX tuning_settingchoice_region_id_aa0e9ea8 ON tuning_settingchoice USING btree (region_id);
CREATE INDEX tuning_settingchoice_region_id_aa0e9ea8_like ON tuning_settingchoice USING btree (region_id varchar_pattern_ops);
CREATE INDEX tuning_settingchoice_station_id_c1a1c0af ON tuning_settingchoice USING btree (station_id);
CREATE INDEX tuning_settingchoice_station_id_c1a1c0af_like ON tuning_settingchoice USING btree (station_id varchar_pattern_ops);
CREATE INDEX tuning_settingreport_station_id_4bb49d3a_like ON tuning_settingreport USING btree (station_id varchar_pattern_ops);
CREATE INDEX visit_by_card ON progress_visit USING btree (card_token) WHERE (card_token IS NOT NULL);
CREATE INDEX visit_by_number ON progress_visit USING btree (number) WHERE (NOT ((number)::text = ''::text));
CREATE INDEX visit_waiting ON progress_visit USING btree (looked_at) WHERE ((card_token IS NULL) AND ((number)::text = ''::text));
CREATE INDEX vote_count_by_boot ON meetings_votecount USING btree (station_id, boot);
CREATE INDEX vote_count_by_meeting ON meetings_votecount USING btree (meeting);
CREATE INDEX vote_count_by_whom ON meetings_votecount USING btree (station_id, by_epoch, by_seq) WHERE (by_seq IS NOT NULL);
CREATE INDEX vouch_by_boot ON meetings_vouch USING btree (station_id, boot);
CREATE INDEX vouch_by_purpose ON meetings_vouch USING btree (purpose);
CREATE INDEX vouch_by_whom ON meetings_vouch USING btree (station_id, by_epoch, by_seq) WHERE (by_seq IS NOT NULL);
CREATE INDEX window_by_period ON attendance_windowrecord USING gist (tstzrange(valid_from, valid_to)) WHERE (superseded_at IS NULL);
CREATE INDEX withdrawal_by_age ON requests_withdrawal USING btree (received_at DESC) WHERE (NOT apart);
CREATE INDEX withdrawal_by_boot ON requests_withdrawal USING btree (station_id, boot);
CREATE INDEX withdrawal_by_id ON requests_withdrawal USING btree (station_id, request);
CREATE INDEX withdrawal_by_whom ON requests_withdrawal USING btree (station_id, by_epoch, by_seq);
CREATE INDEX workdays_calendar_name_dcae1bfc_like ON workdays_calendar USING btree (name varchar_pattern_ops);
CREATE INDEX workdays_countyday_subject_id_47299a46 ON workdays_countyday USING btree (subject_id);
CREATE INDEX workdays_countyday_subject_id_47299a46_like ON workdays_countyday USING btree (subject_id varchar_pattern_ops);
CREATE INDEX workdays_librarytable_subject_id_8eeaced5 ON workdays_librarytable USING btree (subject_id);
CREATE INDEX workdays_librarytable_subject_id_8eeaced5_like ON workdays_librarytable USING btree (subject_id varchar_pattern_ops);
CREATE INDEX workdays_stopnotice_region_id_f6c2e1f1 ON workdays_stopnotice USING btree (region_id);
CREATE INDEX workdays_stoprecord_subject_id_7f54cec0 ON workdays_stoprecord USING btree (subject_id);
CREATE TRIGGER audit_no_change BEFORE DELETE OR UPDATE ON audit_auditentry FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_auditentry FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER closing_keep BEFORE DELETE OR UPDATE ON closing_closedmonth FOR EACH ROW EXECUTE FUNCTION closing_keep();
CREATE TRIGGER closing_keep BEFORE DELETE OR UPDATE ON closing_slipline FOR EACH ROW EXECUTE FUNCTION closing_keep();
CREATE TRIGGER closing_no_truncate BEFORE TRUNCATE ON closing_closedmonth FOR EACH STATEMENT EXECUTE FUNCTION closing_keep();
CREATE TRIGGER closing_no_truncate BEFORE TRUNCATE ON closing_slipline FOR EACH STATEMENT EXECUTE FUNCTION closing_keep();
CREATE TRIGGER dated_capture AFTER INSERT OR UPDATE OF village_id, name, weekdays, start, "end", posts, days, season_from, season_to, marks, leaders, leader_posts, ended ON attendance_dutywindow FOR EACH ROW EXECUTE FUNCTION attendance_dutywindow_capture();
CREATE TRIGGER dated_capture AFTER INSERT OR UPDATE OF village_id ON fleet_station FOR EACH ROW EXECUTE FUNCTION fleet_station_capture();
CREATE TRIGGER dated_capture AFTER INSERT OR UPDATE OF person_id, lost_at ON people_card FOR EACH ROW EXECUTE FUNCTION people_card_capture();
CREATE TRIGGER dated_capture AFTER INSERT OR UPDATE OF number, name, village_id, type, "left" ON people_person FOR EACH ROW EXECUTE FUNCTION people_person_capture();
CREATE TRIGGER dated_capture AFTER INSERT OR UPDATE OF name, kind, region_id, ended ON people_unit FOR EACH ROW EXECUTE FUNCTION people_unit_capture();
CREATE TRIGGER dated_capture AFTER INSERT OR UPDATE OF code, name, ended ON regions_region FOR EACH ROW EXECUTE FUNCTION regions_region_capture();
CREATE TRIGGER dated_capture_in AFTER INSERT ON attendance_dutywindow_people REFERENCING NEW TABLE AS shares FOR EACH STATEMENT EXECUTE FUNCTION attendance_shares_capture();
CREATE TRIGGER dated_capture_out AFTER DELETE ON attendance_dutywindow_people REFERENCING OLD TABLE AS shares FOR EACH STATEMENT EXECUTE FUNCTION attendance_shares_capture();
CREATE TRIGGER dated_erase BEFORE DELETE ON attendance_rosterday FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON attendance_stationplace FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON attendance_swaprecord FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON attendance_windowrecord FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON duty_absencerecord FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON exceptions_kindrecord FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON meetings_kindterms FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON meetings_meetingrecord FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON people_binding FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON people_holdingrecord FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON people_personrecord FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON people_unitrecord FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON regions_regionrecord FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON settling_deadstation FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON settling_parameterrecord FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON settling_sheetmonthrecord FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON settling_standin FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON workdays_countyday FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON workdays_librarytable FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_erase BEFORE DELETE ON workdays_stoprecord FOR EACH ROW EXECUTE FUNCTION dated_erase();
CREATE TRIGGER dated_follow AFTER INSERT ON attendance_stationplace FOR EACH ROW EXECUTE FUNCTION attendance_stationplace_followed();
CREATE TRIGGER dated_follow AFTER INSERT ON attendance_windowrecord FOR EACH ROW EXECUTE FUNCTION attendance_windowrecord_followed();
CREATE TRIGGER dated_follow AFTER INSERT ON people_binding FOR EACH ROW EXECUTE FUNCTION people_binding_followed();
CREATE TRIGGER dated_follow AFTER INSERT ON people_personrecord FOR EACH ROW EXECUTE FUNCTION people_personrecord_followed();
CREATE TRIGGER dated_follow AFTER INSERT ON people_unitrecord FOR EACH ROW EXECUTE FUNCTION people_unitrecord_followed();
CREATE TRIGGER dated_follow AFTER INSERT ON regions_regionrecord FOR EACH ROW EXECUTE FUNCTION regions_regionrecord_followed();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON attendance_rosterday FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON attendance_stationplace FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON attendance_swaprecord FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON attendance_windowrecord FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON duty_absencerecord FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON exceptions_kindrecord FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON meetings_kindterms FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON meetings_meetingrecord FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON people_binding FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON people_holdingrecord FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON people_personrecord FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON people_unitrecord FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON regions_regionrecord FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON settling_deadstation FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON settling_parameterrecord FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON settling_sheetmonthrecord FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON settling_standin FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON workdays_countyday FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON workdays_librarytable FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_no_truncate BEFORE TRUNCATE ON workdays_stoprecord FOR EACH STATEMENT EXECUTE FUNCTION dated_keep();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON attendance_rosterday FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON attendance_stationplace FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON attendance_swaprecord FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON attendance_windowrecord FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON duty_absencerecord FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON exceptions_kindrecord FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON meetings_kindterms FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON meetings_meetingrecord FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON people_binding FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON people_holdingrecord FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON people_personrecord FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON people_unitrecord FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON regions_regionrecord FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON settling_deadstation FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON settling_parameterrecord FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON settling_sheetmonthrecord FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON settling_standin FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON workdays_countyday FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON workdays_librarytable FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_note AFTER INSERT OR UPDATE ON workdays_stoprecord FOR EACH ROW EXECUTE FUNCTION dated_note();
CREATE TRIGGER dated_stamp BEFORE INSERT ON attendance_rosterday FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON attendance_stationplace FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON attendance_swaprecord FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON attendance_windowrecord FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON duty_absencerecord FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON exceptions_kindrecord FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON meetings_kindterms FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON meetings_meetingrecord FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON people_binding FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON people_holdingrecord FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON people_personrecord FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON people_unitrecord FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON regions_regionrecord FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON settling_deadstation FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON settling_parameterrecord FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON settling_sheetmonthrecord FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON settling_standin FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON workdays_countyday FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON workdays_librarytable FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_stamp BEFORE INSERT ON workdays_stoprecord FOR EACH ROW EXECUTE FUNCTION dated_stamp();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON attendance_rosterday FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON attendance_stationplace FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON attendance_swaprecord FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON attendance_windowrecord FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON duty_absencerecord FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON exceptions_kindrecord FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON meetings_kindterms FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON meetings_meetingrecord FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON people_binding FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON people_holdingrecord FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON people_personrecord FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON people_unitrecord FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON regions_regionrecord FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON settling_deadstation FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON settling_parameterrecord FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON settling_sheetmonthrecord FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON settling_standin FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON workdays_countyday FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON workdays_librarytable FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER dated_supersede BEFORE UPDATE ON workdays_stoprecord FOR EACH ROW EXECUTE FUNCTION dated_supersede();
CREATE TRIGGER decisions_no_change BEFORE DELETE OR UPDATE ON decisions_decidedfact FOR EACH ROW EXECUTE FUNCTION decisions_refuse_change();
CREATE TRIGGER decisions_no_truncate BEFORE TRUNCATE ON decisions_decidedfact FOR EACH STATEMENT EXECUTE FUNCTION decisions_refuse_change();
CREATE TRIGGER decisions_rows_no_delete BEFORE DELETE ON decisions_decidedrow FOR EACH ROW EXECUTE FUNCTION decisions_refuse_change();
CREATE TRIGGER decisions_rows_no_truncate BEFORE TRUNCATE ON decisions_decidedrow FOR EACH STATEMENT EXECUTE FUNCTION decisions_refuse_change();
CREATE TRIGGER decisions_rows_only_erase BEFORE UPDATE ON decisions_decidedrow FOR EACH ROW EXECUTE FUNCTION decisions_only_erase();
CREATE TRIGGER duty_note_change AFTER INSERT OR UPDATE ON attendance_rosterday FOR EACH ROW EXECUTE FUNCTION duty_note_change('window');
CREATE TRIGGER duty_note_change AFTER INSERT OR UPDATE ON attendance_swaprecord FOR EACH ROW EXECUTE FUNCTION duty_note_change('swap');
CREATE TRIGGER duty_note_change AFTER INSERT OR UPDATE ON attendance_windowrecord FOR EACH ROW EXECUTE FUNCTION duty_note_change('window');
CREATE TRIGGER duty_note_change AFTER INSERT OR UPDATE ON duty_absencerecord FOR EACH ROW EXECUTE FUNCTION duty_note_change('absence');
CREATE TRIGGER duty_note_change AFTER INSERT OR UPDATE ON people_holdingrecord FOR EACH ROW EXECUTE FUNCTION duty_note_change('holding');
CREATE TRIGGER duty_note_change AFTER INSERT OR UPDATE ON people_personrecord FOR EACH ROW EXECUTE FUNCTION duty_note_change('person');
CREATE TRIGGER duty_note_change AFTER INSERT OR UPDATE ON regions_regionrecord FOR EACH ROW EXECUTE FUNCTION duty_note_change('region');
CREATE TRIGGER manifest_no_change BEFORE DELETE OR UPDATE ON manifest_dailymanifest FOR EACH ROW EXECUTE FUNCTION decisions_refuse_change();
CREATE TRIGGER manifest_no_truncate BEFORE TRUNCATE ON manifest_dailymanifest FOR EACH STATEMENT EXECUTE FUNCTION decisions_refuse_change();
CREATE TRIGGER progress_note_card AFTER INSERT OR UPDATE ON people_binding FOR EACH ROW EXECUTE FUNCTION progress_note_card();
CREATE TRIGGER progress_note_changed AFTER UPDATE ON learning_attempt REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_note();
CREATE TRIGGER progress_note_changed AFTER UPDATE ON learning_levelrun REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_note();
CREATE TRIGGER progress_note_changed AFTER UPDATE ON learning_packchoice REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_note();
CREATE TRIGGER progress_note_new AFTER INSERT ON learning_attempt REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_note();
CREATE TRIGGER progress_note_new AFTER INSERT ON learning_levelrun REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_note();
CREATE TRIGGER progress_note_new AFTER INSERT ON learning_packchoice REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_note();
CREATE TRIGGER progress_note_was AFTER UPDATE ON learning_attempt REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_note();
CREATE TRIGGER progress_note_was AFTER UPDATE ON learning_levelrun REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_note();
CREATE TRIGGER progress_note_was AFTER UPDATE ON learning_packchoice REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION progress_note();
CREATE TRIGGER settling_capture_choice AFTER INSERT OR DELETE OR UPDATE OF value ON tuning_settingchoice FOR EACH ROW EXECUTE FUNCTION settling_capture_choice();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON attendance_rosterday FOR EACH ROW EXECUTE FUNCTION settling_note_attendance_rosterday();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON attendance_stationplace FOR EACH ROW EXECUTE FUNCTION settling_note_attendance_stationplace();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON attendance_swaprecord FOR EACH ROW EXECUTE FUNCTION settling_note_attendance_swaprecord();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON attendance_windowrecord FOR EACH ROW EXECUTE FUNCTION settling_note_attendance_windowrecord();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON duty_absencerecord FOR EACH ROW EXECUTE FUNCTION settling_note_duty_absencerecord();
CREATE TRIGGER settling_note AFTER UPDATE OF vouched, ahead_ms ON fleet_clockrun FOR EACH ROW EXECUTE FUNCTION settling_note_fleet_clockrun();
CREATE TRIGGER settling_note AFTER UPDATE OF revoked_at ON fleet_station FOR EACH ROW EXECUTE FUNCTION settling_note_fleet_station();
CREATE TRIGGER settling_note AFTER INSERT ON ingest_writeoff FOR EACH ROW EXECUTE FUNCTION settling_note_ingest_writeoff();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON people_binding FOR EACH ROW EXECUTE FUNCTION settling_note_people_binding();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON people_holdingrecord FOR EACH ROW EXECUTE FUNCTION settling_note_people_holdingrecord();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON people_personrecord FOR EACH ROW EXECUTE FUNCTION settling_note_people_personrecord();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON regions_regionrecord FOR EACH ROW EXECUTE FUNCTION settling_note_regions_regionrecord();
CREATE TRIGGER settling_note AFTER INSERT ON requests_correction FOR EACH ROW EXECUTE FUNCTION settling_note_requests_correction();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON settling_deadstation FOR EACH ROW EXECUTE FUNCTION settling_note_settling_deadstation();
CREATE TRIGGER settling_note AFTER INSERT ON settling_heldread FOR EACH ROW EXECUTE FUNCTION settling_note_settling_heldread();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON settling_parameterrecord FOR EACH ROW EXECUTE FUNCTION settling_note_settling_parameterrecord();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON settling_standin FOR EACH ROW EXECUTE FUNCTION settling_note_settling_standin();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON workdays_countyday FOR EACH ROW EXECUTE FUNCTION settling_note_workdays_countyday();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON workdays_librarytable FOR EACH ROW EXECUTE FUNCTION settling_note_workdays_librarytable();
CREATE TRIGGER settling_note AFTER INSERT OR UPDATE ON workdays_stoprecord FOR EACH ROW EXECUTE FUNCTION settling_note_workdays_stoprecord();
CREATE TRIGGER settling_note_read AFTER UPDATE OF held_reason ON ingest_fact FOR EACH ROW WHEN ((((old.held_reason)::text <> ''::text) AND ((new.held_reason)::text = ''::text))) EXECUTE FUNCTION settling_note_read();
CREATE TRIGGER settling_supersede BEFORE DELETE OR UPDATE ON settling_settledwindow FOR EACH ROW EXECUTE FUNCTION settling_supersede();
ALTER TABLE ONLY accounts_recoverycode
    ADD CONSTRAINT accounts_recoverycode_user_id_994761d3_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY accounts_signinlink
    ADD CONSTRAINT accounts_signinlink_user_id_a6b02f6b_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY accounts_user_groups
    ADD CONSTRAINT accounts_user_groups_group_id_bd11a704_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY accounts_user_groups
    ADD CONSTRAINT accounts_user_groups_user_id_52b62117_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY accounts_user
    ADD CONSTRAINT accounts_user_person_id_6f9b1782_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY accounts_user
    ADD CONSTRAINT accounts_user_region_id_6f4e501a_fk_regions_region_code FOREIGN KEY (region_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY accounts_user_user_permissions
    ADD CONSTRAINT accounts_user_user_p_permission_id_113bb443_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY accounts_user_user_permissions
    ADD CONSTRAINT accounts_user_user_p_user_id_e4f0a161_fk_accounts_ FOREIGN KEY (user_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY api_tokens_apitoken
    ADD CONSTRAINT api_tokens_apitoken_owner_id_d7e3749d_fk_accounts_user_id FOREIGN KEY (owner_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY api_tokens_apitoken
    ADD CONSTRAINT api_tokens_apitoken_region_id_c32bba07_fk_regions_r FOREIGN KEY (region_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY api_tokens_apiuse
    ADD CONSTRAINT api_tokens_apiuse_token_id_596b26ef_fk_api_tokens_apitoken_id FOREIGN KEY (token_id) REFERENCES api_tokens_apitoken(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY attendance_dutywindow_people
    ADD CONSTRAINT attendance_dutywindo_dutywindow_id_f9d29a31_fk_attendanc FOREIGN KEY (dutywindow_id) REFERENCES attendance_dutywindow(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY attendance_dutywindow_people
    ADD CONSTRAINT attendance_dutywindo_person_id_bb2850e0_fk_people_pe FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY attendance_dutywindow
    ADD CONSTRAINT attendance_dutywindo_village_id_c2e73419_fk_regions_r FOREIGN KEY (village_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY attendance_rosterday
    ADD CONSTRAINT attendance_rosterday_subject_id_f9f31df2_fk_attendanc FOREIGN KEY (subject_id) REFERENCES attendance_dutywindow(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY attendance_stationplace
    ADD CONSTRAINT attendance_stationpl_village_id_458a8f5e_fk_regions_r FOREIGN KEY (village_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY attendance_stationplace
    ADD CONSTRAINT attendance_stationplace_subject_id_30e42102_fk_fleet_station_id FOREIGN KEY (subject_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY attendance_swap
    ADD CONSTRAINT attendance_swap_giver_id_25de9d1e_fk_people_person_id FOREIGN KEY (giver_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY attendance_swap
    ADD CONSTRAINT attendance_swap_taker_id_cf3a710e_fk_people_person_id FOREIGN KEY (taker_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY attendance_swap
    ADD CONSTRAINT attendance_swap_window_id_5f545d6d_fk_attendance_dutywindow_id FOREIGN KEY (window_id) REFERENCES attendance_dutywindow(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY attendance_swaprecord
    ADD CONSTRAINT attendance_swaprecord_subject_id_30da5d91_fk_attendance_swap_id FOREIGN KEY (subject_id) REFERENCES attendance_swap(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY attendance_windowrecord
    ADD CONSTRAINT attendance_windowrec_subject_id_7c9dac82_fk_attendanc FOREIGN KEY (subject_id) REFERENCES attendance_dutywindow(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY attendance_windowrecord
    ADD CONSTRAINT attendance_windowrec_village_id_f44f37be_fk_regions_r FOREIGN KEY (village_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY auth_group_permissions
    ADD CONSTRAINT auth_group_permissio_permission_id_84c5c92e_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_b120cbf9_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_2f476e4b_fk_django_co FOREIGN KEY (content_type_id) REFERENCES django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY axes_accessattemptexpiration
    ADD CONSTRAINT axes_accessattemptex_access_attempt_id_6b73a47a_fk_axes_acce FOREIGN KEY (access_attempt_id) REFERENCES axes_accessattempt(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY bundles_bundle
    ADD CONSTRAINT bundles_bundle_station_id_e4ba8bc2_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY bundles_bundleitem
    ADD CONSTRAINT bundles_bundleitem_bundle_id_96e22e4f_fk_bundles_bundle_id FOREIGN KEY (bundle_id) REFERENCES bundles_bundle(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY bundles_fetchnonce
    ADD CONSTRAINT bundles_fetchnonce_station_id_4d340403_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY bundles_shelfheard
    ADD CONSTRAINT bundles_shelfheard_station_id_76f66d62_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY bundles_shelfreport
    ADD CONSTRAINT bundles_shelfreport_station_id_e269d170_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY bundles_stationindex_bundles
    ADD CONSTRAINT bundles_stationindex_bundle_id_f30512ad_fk_bundles_b FOREIGN KEY (bundle_id) REFERENCES bundles_bundle(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY bundles_stationindex
    ADD CONSTRAINT bundles_stationindex_station_id_173f4679_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY bundles_stationindex_bundles
    ADD CONSTRAINT bundles_stationindex_stationindex_id_ca73ab28_fk_bundles_s FOREIGN KEY (stationindex_id) REFERENCES bundles_stationindex(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY bundles_writtendocuments
    ADD CONSTRAINT bundles_writtendocum_region_id_8109fa0f_fk_regions_r FOREIGN KEY (region_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY bundles_writtennotice
    ADD CONSTRAINT bundles_writtennotice_region_id_b9187126_fk_regions_region_code FOREIGN KEY (region_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY bundles_writtenpack
    ADD CONSTRAINT bundles_writtenpack_region_id_13a9b1ae_fk_regions_region_code FOREIGN KEY (region_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY closing_closedmonth
    ADD CONSTRAINT closing_closedmonth_village_id_453a85f8_fk_regions_r FOREIGN KEY (village_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY closing_residentmonth
    ADD CONSTRAINT closing_residentmont_village_id_de0b2f83_fk_regions_r FOREIGN KEY (village_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY closing_residentmonth
    ADD CONSTRAINT closing_residentmonth_person_id_d0c1c63e_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY closing_slipline
    ADD CONSTRAINT closing_slipline_person_id_29f54d52_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY closing_slipline
    ADD CONSTRAINT closing_slipline_signed_with_id_4ef299ee_fk_closing_c FOREIGN KEY (signed_with_id) REFERENCES closing_closedmonth(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY courses_course
    ADD CONSTRAINT courses_course_region_id_eff45b2f_fk_regions_region_identity FOREIGN KEY (region_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY decisions_decidedfact
    ADD CONSTRAINT decisions_decidedfac_stream_id_d68e693d_fk_decisions FOREIGN KEY (stream_id) REFERENCES decisions_countystream(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY decisions_decidedrow
    ADD CONSTRAINT decisions_decidedrow_fact_id_63808da8_fk_decisions FOREIGN KEY (fact_id) REFERENCES decisions_decidedfact(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY django_admin_log
    ADD CONSTRAINT django_admin_log_content_type_id_c4bce8eb_fk_django_co FOREIGN KEY (content_type_id) REFERENCES django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY django_admin_log
    ADD CONSTRAINT django_admin_log_user_id_c564eba6_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY duty_absence
    ADD CONSTRAINT duty_absence_person_id_7777aaa1_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY duty_absencerecord
    ADD CONSTRAINT duty_absencerecord_subject_id_d0f1e3fe_fk_duty_absence_id FOREIGN KEY (subject_id) REFERENCES duty_absence(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY duty_rostertemplate
    ADD CONSTRAINT duty_rostertemplate_region_id_ed89f8eb_fk_regions_region_code FOREIGN KEY (region_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY editing_bankdraft
    ADD CONSTRAINT editing_bankdraft_region_id_87d5c07e_fk_regions_region_code FOREIGN KEY (region_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY editing_bankdraft
    ADD CONSTRAINT editing_bankdraft_written_id_3b56900b_fk_bundles_writtenpack_id FOREIGN KEY (written_id) REFERENCES bundles_writtenpack(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY editing_draftfile
    ADD CONSTRAINT editing_draftfile_draft_id_171f2030_fk_editing_bankdraft_id FOREIGN KEY (draft_id) REFERENCES editing_bankdraft(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY editing_draftlevel
    ADD CONSTRAINT editing_draftlevel_draft_id_9e9d0984_fk_editing_bankdraft_id FOREIGN KEY (draft_id) REFERENCES editing_bankdraft(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY editing_draftquestion
    ADD CONSTRAINT editing_draftquestio_level_id_60885b10_fk_editing_d FOREIGN KEY (level_id) REFERENCES editing_draftlevel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY enrolment_claim
    ADD CONSTRAINT enrolment_claim_fact_id_e7ce4b54_fk_decisions_decidedfact_id FOREIGN KEY (fact_id) REFERENCES decisions_decidedfact(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY enrolment_claim
    ADD CONSTRAINT enrolment_claim_station_id_fb1f32c9_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY enrolment_stationcertificate
    ADD CONSTRAINT enrolment_stationcer_station_id_2d0b87c8_fk_fleet_sta FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY enrolment_usednonce
    ADD CONSTRAINT enrolment_usednonce_station_id_f10c00d4_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY exceptions_judgement
    ADD CONSTRAINT exceptions_judgement_notable_id_191a115e_fk_exception FOREIGN KEY (notable_id) REFERENCES exceptions_notable(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY exceptions_kindrecord
    ADD CONSTRAINT exceptions_kindrecor_subject_id_35fe86e8_fk_exception FOREIGN KEY (subject_id) REFERENCES exceptions_kind(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY exceptions_notable
    ADD CONSTRAINT exceptions_notable_person_id_0f5662e6_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY exceptions_notable
    ADD CONSTRAINT exceptions_notable_village_id_268a6458_fk_regions_r FOREIGN KEY (village_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY feedback_feedback
    ADD CONSTRAINT feedback_feedback_station_id_d99bccc1_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY feedback_feedbackrating
    ADD CONSTRAINT feedback_feedbackrating_station_id_4efb7e2a_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY feedback_feedbackstep
    ADD CONSTRAINT feedback_feedbackste_feedback_id_258f695f_fk_feedback_ FOREIGN KEY (feedback_id) REFERENCES feedback_feedback(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY feedback_helpcontact
    ADD CONSTRAINT feedback_helpcontact_region_id_78c54422_fk_regions_region_code FOREIGN KEY (region_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY feedback_setaside
    ADD CONSTRAINT feedback_setaside_feedback_id_f8ccc310_fk_feedback_feedback_id FOREIGN KEY (feedback_id) REFERENCES feedback_feedback(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY fleet_alarm
    ADD CONSTRAINT fleet_alarm_acknowledged_by_id_6b4ae8b7_fk_accounts_user_id FOREIGN KEY (acknowledged_by_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY fleet_alarm
    ADD CONSTRAINT fleet_alarm_station_id_306eb48d_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY fleet_desiredstate
    ADD CONSTRAINT fleet_desiredstate_station_id_09f7fb9e_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY fleet_shelfdue
    ADD CONSTRAINT fleet_shelfdue_station_id_b06ce5d1_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY fleet_station
    ADD CONSTRAINT fleet_station_village_id_4737c008_fk_regions_region_code FOREIGN KEY (village_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY fleet_stationstatus
    ADD CONSTRAINT fleet_stationstatus_station_id_4ca4a178_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY fleet_stream
    ADD CONSTRAINT fleet_stream_station_id_534dd7c1_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY guard_permit
    ADD CONSTRAINT guard_permit_region_id_154cdab0_fk_regions_region_code FOREIGN KEY (region_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY incidents_acknowledgement
    ADD CONSTRAINT incidents_acknowledgement_by_id_100b1eb3_fk_accounts_user_id FOREIGN KEY (by_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY incidents_channelconfig
    ADD CONSTRAINT incidents_channelcon_region_id_1c05e2eb_fk_regions_r FOREIGN KEY (region_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY incidents_mention
    ADD CONSTRAINT incidents_mention_channel_id_7a635bab_fk_incidents FOREIGN KEY (channel_id) REFERENCES incidents_channelconfig(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY incidents_mention
    ADD CONSTRAINT incidents_mention_episode_id_efc844d9_fk_incidents_episode_id FOREIGN KEY (episode_id) REFERENCES incidents_episode(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY incidents_mention
    ADD CONSTRAINT incidents_mention_notification_id_2b985b5a_fk_incidents FOREIGN KEY (notification_id) REFERENCES incidents_notification(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY incidents_notification
    ADD CONSTRAINT incidents_notificati_channel_id_6acb1c11_fk_incidents FOREIGN KEY (channel_id) REFERENCES incidents_channelconfig(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY incidents_oncall
    ADD CONSTRAINT incidents_oncall_region_id_94646fdd_fk_regions_region_identity FOREIGN KEY (region_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY incidents_oncall
    ADD CONSTRAINT incidents_oncall_user_id_14788984_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY incidents_silence
    ADD CONSTRAINT incidents_silence_by_id_0d8560e2_fk_accounts_user_id FOREIGN KEY (by_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY ingest_datingdue
    ADD CONSTRAINT ingest_datingdue_station_id_14e33721_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY ingest_datingwalk
    ADD CONSTRAINT ingest_datingwalk_station_id_3e777b48_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY ingest_daytaken
    ADD CONSTRAINT ingest_daytaken_station_id_1c03184a_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY ingest_fact
    ADD CONSTRAINT ingest_fact_stream_id_6aba88cc_fk_fleet_stream_id FOREIGN KEY (stream_id) REFERENCES fleet_stream(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY ingest_quarantined
    ADD CONSTRAINT ingest_quarantined_station_id_7230f047_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY ingest_reissue
    ADD CONSTRAINT ingest_reissue_station_id_2dd81020_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY ingest_signedheadkept
    ADD CONSTRAINT ingest_signedheadkept_stream_id_ba2169e5_fk_fleet_stream_id FOREIGN KEY (stream_id) REFERENCES fleet_stream(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY ingest_unprovenhead
    ADD CONSTRAINT ingest_unprovenhead_stream_id_198ed7ae_fk_fleet_stream_id FOREIGN KEY (stream_id) REFERENCES fleet_stream(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY ingest_writeoff
    ADD CONSTRAINT ingest_writeoff_fact_id_d5b94565_fk_ingest_fact_id FOREIGN KEY (fact_id) REFERENCES ingest_fact(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY learning_attempt
    ADD CONSTRAINT learning_attempt_station_id_455552f4_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY learning_levelrun
    ADD CONSTRAINT learning_levelrun_station_id_276410e8_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY learning_packchoice
    ADD CONSTRAINT learning_packchoice_station_id_3a990004_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY learning_remarked
    ADD CONSTRAINT learning_remarked_pack_id_78b824b7_fk_learning_learningpack_id FOREIGN KEY (pack_id) REFERENCES learning_learningpack(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY manifest_dailytable
    ADD CONSTRAINT manifest_dailytable_manifest_id_98e6f9d4_fk_manifest_ FOREIGN KEY (manifest_id) REFERENCES manifest_dailymanifest(number) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY media_blob
    ADD CONSTRAINT media_blob_uploaded_by_id_ff4d45b6_fk_accounts_user_id FOREIGN KEY (uploaded_by_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY media_legalhold
    ADD CONSTRAINT media_legalhold_blob_id_d3dac3a5_fk_media_blob_id FOREIGN KEY (blob_id) REFERENCES media_blob(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY media_legalhold
    ADD CONSTRAINT media_legalhold_set_within_id_cee65315_fk_regions_r FOREIGN KEY (set_within_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY meetings_kindterms
    ADD CONSTRAINT meetings_kindterms_subject_id_e499dba2_fk_meetings_ FOREIGN KEY (subject_id) REFERENCES meetings_kindsubject(name) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY meetings_meeting
    ADD CONSTRAINT meetings_meeting_region_id_55885f52_fk_regions_region_identity FOREIGN KEY (region_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY meetings_meeting
    ADD CONSTRAINT meetings_meeting_unit_id_b15bcfb2_fk_people_unit_id FOREIGN KEY (unit_id) REFERENCES people_unit(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY meetings_meetingrecord
    ADD CONSTRAINT meetings_meetingreco_subject_id_c3b27572_fk_meetings_ FOREIGN KEY (subject_id) REFERENCES meetings_meeting(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY meetings_meetingstep
    ADD CONSTRAINT meetings_meetingstep_station_id_1b5e0891_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY meetings_minutes
    ADD CONSTRAINT meetings_minutes_meeting_id_09b7a17e_fk_meetings_meeting_id FOREIGN KEY (meeting_id) REFERENCES meetings_meeting(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY meetings_votecount
    ADD CONSTRAINT meetings_votecount_station_id_e97b0f4b_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY meetings_voteentry
    ADD CONSTRAINT meetings_voteentry_meeting_id_58a33bb2_fk_meetings_meeting_id FOREIGN KEY (meeting_id) REFERENCES meetings_meeting(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY meetings_vouch
    ADD CONSTRAINT meetings_vouch_station_id_5a5ca245_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY orders_stationorder
    ADD CONSTRAINT orders_stationorder_station_id_bb06df9a_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY otp_totp_totpdevice
    ADD CONSTRAINT otp_totp_totpdevice_user_id_0fb18292_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_binding
    ADD CONSTRAINT people_binding_person_id_22acef83_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_binding
    ADD CONSTRAINT people_binding_subject_id_1ce64519_fk_people_card_id FOREIGN KEY (subject_id) REFERENCES people_card(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_card
    ADD CONSTRAINT people_card_person_id_0893eb93_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_holding
    ADD CONSTRAINT people_holding_person_id_b55c368d_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_holding
    ADD CONSTRAINT people_holding_post_id_da75898e_fk_people_post_id FOREIGN KEY (post_id) REFERENCES people_post(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_holdingrecord
    ADD CONSTRAINT people_holdingrecord_subject_id_5b07cd92_fk_people_holding_id FOREIGN KEY (subject_id) REFERENCES people_holding(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_numberseen
    ADD CONSTRAINT people_numberseen_person_id_39cb72e9_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_pendingimport
    ADD CONSTRAINT people_pendingimport_account_id_bfb17680_fk_accounts_user_id FOREIGN KEY (account_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_person
    ADD CONSTRAINT people_person_village_id_15c6ef38_fk_regions_region_code FOREIGN KEY (village_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_personrecord
    ADD CONSTRAINT people_personrecord_subject_id_504296a7_fk_people_person_id FOREIGN KEY (subject_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_personrecord
    ADD CONSTRAINT people_personrecord_village_id_51d241ad_fk_regions_r FOREIGN KEY (village_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_post
    ADD CONSTRAINT people_post_unit_id_c46887ec_fk_people_unit_id FOREIGN KEY (unit_id) REFERENCES people_unit(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_privatenumber
    ADD CONSTRAINT people_privatenumber_person_id_5ab70d09_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_unit
    ADD CONSTRAINT people_unit_region_id_799f0511_fk_regions_region_code FOREIGN KEY (region_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_unitrecord
    ADD CONSTRAINT people_unitrecord_region_id_2f7f9d10_fk_regions_region_identity FOREIGN KEY (region_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY people_unitrecord
    ADD CONSTRAINT people_unitrecord_subject_id_ba1ab5c0_fk_people_unit_id FOREIGN KEY (subject_id) REFERENCES people_unit(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY pins_kiosktry
    ADD CONSTRAINT pins_kiosktry_person_id_a9ac8fbb_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY pins_kiosktry
    ADD CONSTRAINT pins_kiosktry_station_id_dfea35c8_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY pins_numberentry
    ADD CONSTRAINT pins_numberentry_station_id_c3ff6455_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY pins_personpin
    ADD CONSTRAINT pins_personpin_person_id_da01cfa3_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY pins_personpin
    ADD CONSTRAINT pins_personpin_station_id_208ef798_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY pins_pinclaim
    ADD CONSTRAINT pins_pinclaim_person_id_26bda118_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY pins_pinclaim
    ADD CONSTRAINT pins_pinclaim_station_id_a5d80def_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY progress_chosenpack
    ADD CONSTRAINT progress_chosenpack_person_id_e8cd00ce_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY progress_keptlevel
    ADD CONSTRAINT progress_keptlevel_person_id_f505bac1_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY progress_persondue
    ADD CONSTRAINT progress_persondue_person_id_b6132138_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY progress_personprogress
    ADD CONSTRAINT progress_personprogress_person_id_c7f2c877_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY progress_reachedlevel
    ADD CONSTRAINT progress_reachedlevel_person_id_384a08ed_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY progress_surplus
    ADD CONSTRAINT progress_surplus_decision_id_a7bbc3bd_fk_progress_ FOREIGN KEY (decision_id) REFERENCES progress_surplusdecision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY progress_surplus
    ADD CONSTRAINT progress_surplus_station_id_cbd85c62_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY progress_surplusdecision
    ADD CONSTRAINT progress_surplusdeci_station_id_f61444f0_fk_fleet_sta FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY progress_told
    ADD CONSTRAINT progress_told_person_id_1a8a6d7a_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY progress_told
    ADD CONSTRAINT progress_told_station_id_4477be22_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY progress_visit
    ADD CONSTRAINT progress_visit_station_id_66b2ce42_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public_doortries
    ADD CONSTRAINT public_doortries_person_id_011df810_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public_phonesession
    ADD CONSTRAINT public_phonesession_person_id_e910b162_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public_phonesession
    ADD CONSTRAINT public_phonesession_station_id_66ceca84_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public_phonesignin
    ADD CONSTRAINT public_phonesignin_person_id_404a25e6_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public_usedphonelink
    ADD CONSTRAINT public_usedphonelink_station_id_fb77e943_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY regions_regionrecord
    ADD CONSTRAINT regions_regionrecord_merged_into_id_d7c721ac_fk_regions_r FOREIGN KEY (merged_into_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY regions_regionrecord
    ADD CONSTRAINT regions_regionrecord_parent_id_b7acac30_fk_regions_r FOREIGN KEY (parent_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY regions_regionrecord
    ADD CONSTRAINT regions_regionrecord_subject_id_d5a8a940_fk_regions_r FOREIGN KEY (subject_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_agreement
    ADD CONSTRAINT requests_agreement_station_id_11873e96_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_answer
    ADD CONSTRAINT requests_answer_asked_id_5c630395_fk_requests_countyrequest_id FOREIGN KEY (asked_id) REFERENCES requests_countyrequest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_answer
    ADD CONSTRAINT requests_answer_request_id_b2880a8d_fk_requests_request_id FOREIGN KEY (request_id) REFERENCES requests_request(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_correction
    ADD CONSTRAINT requests_correction_answer_id_3c5bdac6_fk_requests_answer_id FOREIGN KEY (answer_id) REFERENCES requests_answer(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_correction
    ADD CONSTRAINT requests_correction_person_id_701a89de_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_correction
    ADD CONSTRAINT requests_correction_window_id_99a45fd4_fk_attendanc FOREIGN KEY (window_id) REFERENCES attendance_dutywindow(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_countyrequest
    ADD CONSTRAINT requests_countyreque_substitute_id_89813d20_fk_people_pe FOREIGN KEY (substitute_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_countyrequest
    ADD CONSTRAINT requests_countyreque_window_id_41490979_fk_attendanc FOREIGN KEY (window_id) REFERENCES attendance_dutywindow(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_countyrequest
    ADD CONSTRAINT requests_countyrequest_absence_id_7be60d99_fk_duty_absence_id FOREIGN KEY (absence_id) REFERENCES duty_absence(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_countyrequest
    ADD CONSTRAINT requests_countyrequest_person_id_374e4207_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_deputy
    ADD CONSTRAINT requests_deputy_deputy_id_ddd7e138_fk_accounts_user_id FOREIGN KEY (deputy_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_deputy
    ADD CONSTRAINT requests_deputy_lender_id_528da367_fk_accounts_user_id FOREIGN KEY (lender_id) REFERENCES accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_exhibit
    ADD CONSTRAINT requests_exhibit_asked_id_fef1e74b_fk_requests_countyrequest_id FOREIGN KEY (asked_id) REFERENCES requests_countyrequest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_exhibit
    ADD CONSTRAINT requests_exhibit_blob_id_71152ef0_fk_media_blob_id FOREIGN KEY (blob_id) REFERENCES media_blob(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_exhibit
    ADD CONSTRAINT requests_exhibit_station_id_0615a566_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_exhibit
    ADD CONSTRAINT requests_exhibit_witness_id_dbaf8c64_fk_people_person_id FOREIGN KEY (witness_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_request
    ADD CONSTRAINT requests_request_station_id_17c430f5_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_setaside
    ADD CONSTRAINT requests_setaside_agreement_id_8c5ddd08_fk_requests_ FOREIGN KEY (agreement_id) REFERENCES requests_agreement(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_setaside
    ADD CONSTRAINT requests_setaside_request_id_2567a8a5_fk_requests_request_id FOREIGN KEY (request_id) REFERENCES requests_request(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_stationcase
    ADD CONSTRAINT requests_stationcase_person_id_2633da6c_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_stationcase
    ADD CONSTRAINT requests_stationcase_request_id_0afbe3be_fk_requests_request_id FOREIGN KEY (request_id) REFERENCES requests_request(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_surplus
    ADD CONSTRAINT requests_surplus_agreement_id_b01ecd76_fk_requests_agreement_id FOREIGN KEY (agreement_id) REFERENCES requests_agreement(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_surplus
    ADD CONSTRAINT requests_surplus_decision_id_e10ccad3_fk_requests_ FOREIGN KEY (decision_id) REFERENCES requests_surplusdecision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_surplus
    ADD CONSTRAINT requests_surplus_request_id_2d0040c5_fk_requests_request_id FOREIGN KEY (request_id) REFERENCES requests_request(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_surplus
    ADD CONSTRAINT requests_surplus_station_id_35704bac_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_surplus
    ADD CONSTRAINT requests_surplus_withdrawal_id_7d432d9b_fk_requests_ FOREIGN KEY (withdrawal_id) REFERENCES requests_withdrawal(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_surplusdecision
    ADD CONSTRAINT requests_surplusdeci_station_id_d4e63f6a_fk_fleet_sta FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY requests_withdrawal
    ADD CONSTRAINT requests_withdrawal_station_id_6c524196_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY retention_erasedfact
    ADD CONSTRAINT retention_erasedfact_erasure_id_5b82db57_fk_retention FOREIGN KEY (erasure_id) REFERENCES retention_erasure(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY retention_erasedfact
    ADD CONSTRAINT retention_erasedfact_stream_id_bfc602f7_fk_fleet_stream_id FOREIGN KEY (stream_id) REFERENCES fleet_stream(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY retention_erasure
    ADD CONSTRAINT retention_erasure_stream_id_2ddda10f_fk_fleet_stream_id FOREIGN KEY (stream_id) REFERENCES fleet_stream(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_daycount
    ADD CONSTRAINT settling_daycount_village_id_232572a8_fk_regions_r FOREIGN KEY (village_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_deadstation
    ADD CONSTRAINT settling_deadstation_subject_id_ca14bc33_fk_fleet_station_id FOREIGN KEY (subject_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_heldread
    ADD CONSTRAINT settling_heldread_fact_id_e4d9dce4_fk_ingest_fact_id FOREIGN KEY (fact_id) REFERENCES ingest_fact(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_lookedat
    ADD CONSTRAINT settling_lookedat_stream_id_3efc20a7_fk_fleet_stream_id FOREIGN KEY (stream_id) REFERENCES fleet_stream(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_parameter
    ADD CONSTRAINT settling_parameter_region_id_2d7888f0_fk_regions_r FOREIGN KEY (region_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_parameterrecord
    ADD CONSTRAINT settling_parameterre_subject_id_b0ace214_fk_settling_ FOREIGN KEY (subject_id) REFERENCES settling_parameter(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_settledue
    ADD CONSTRAINT settling_settledue_village_id_3b71953d_fk_regions_r FOREIGN KEY (village_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_settledwindow
    ADD CONSTRAINT settling_settledwind_village_id_459ed7ad_fk_regions_r FOREIGN KEY (village_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_settledwindow
    ADD CONSTRAINT settling_settledwindow_person_id_a909daa9_fk_people_person_id FOREIGN KEY (person_id) REFERENCES people_person(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_sheetmonth
    ADD CONSTRAINT settling_sheetmonth_village_id_f7994f2e_fk_regions_r FOREIGN KEY (village_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_sheetmonthrecord
    ADD CONSTRAINT settling_sheetmonthr_subject_id_55d87c3a_fk_settling_ FOREIGN KEY (subject_id) REFERENCES settling_sheetmonth(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_standin
    ADD CONSTRAINT settling_standin_station_id_3fdba36c_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_standin
    ADD CONSTRAINT settling_standin_subject_id_86c9247f_fk_regions_region_identity FOREIGN KEY (subject_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY settling_stationaside
    ADD CONSTRAINT settling_stationaside_station_id_93e49852_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY tuning_settingchoice
    ADD CONSTRAINT tuning_settingchoice_region_id_aa0e9ea8_fk_regions_region_code FOREIGN KEY (region_id) REFERENCES regions_region(code) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY tuning_settingchoice
    ADD CONSTRAINT tuning_settingchoice_station_id_c1a1c0af_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY tuning_settingreport
    ADD CONSTRAINT tuning_settingreport_station_id_4bb49d3a_fk_fleet_station_id FOREIGN KEY (station_id) REFERENCES fleet_station(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY workdays_countyday
    ADD CONSTRAINT workdays_countyday_subject_id_47299a46_fk_workdays_ FOREIGN KEY (subject_id) REFERENCES workdays_calendar(name) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY workdays_librarytable
    ADD CONSTRAINT workdays_librarytabl_subject_id_8eeaced5_fk_workdays_ FOREIGN KEY (subject_id) REFERENCES workdays_calendar(name) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY workdays_stopnotice
    ADD CONSTRAINT workdays_stopnotice_region_id_f6c2e1f1_fk_regions_r FOREIGN KEY (region_id) REFERENCES regions_region(identity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY workdays_stoprecord
    ADD CONSTRAINT workdays_stoprecord_subject_id_7f54cec0_fk_workdays_ FOREIGN KEY (subject_id) REFERENCES workdays_stopnotice(id) DEFERRABLE INITIALLY DEFERRED;
