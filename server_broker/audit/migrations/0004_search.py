"""An index by each two neighbouring letters of an entry, so that a search does not read the whole log.

Not trigrams (pg_trgm): most words that people look for here have two letters, such as 登录.
"""

from django.db import migrations

MAKE = """
CREATE FUNCTION audit_text(actor text, action text, subject text, source text, detail jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(E'\\x1f' || actor || E'\\x1f' || action || E'\\x1f' || subject || E'\\x1f' || source || E'\\x1f' || detail)
$$;
CREATE FUNCTION audit_bigrams(content text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT letter || next), '{}')
    FROM (SELECT letter, lead(letter) OVER (ORDER BY place) AS next
          FROM unnest(string_to_array(content, NULL)) WITH ORDINALITY AS letters (letter, place)) AS pairs
    WHERE next IS NOT NULL
$$;
CREATE INDEX audit_by_bigram ON audit_auditentry
    USING gin (audit_bigrams(audit_text(actor, action, subject, source, detail)));
"""

UNDO = """
DROP INDEX audit_by_bigram;
DROP FUNCTION audit_bigrams(text);
DROP FUNCTION audit_text(text, text, text, text, jsonb);
"""


class Migration(migrations.Migration):

    dependencies = [("audit", "0003_source")]

    operations = [migrations.RunSQL(MAKE, UNDO)]
