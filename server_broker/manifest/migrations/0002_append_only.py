"""The database itself refuses to change a manifest."""

from django.db import migrations

REFUSE = """
CREATE TRIGGER manifest_no_change BEFORE UPDATE OR DELETE ON manifest_dailymanifest
    FOR EACH ROW EXECUTE FUNCTION decisions_refuse_change();
CREATE TRIGGER manifest_no_truncate BEFORE TRUNCATE ON manifest_dailymanifest
    FOR EACH STATEMENT EXECUTE FUNCTION decisions_refuse_change();
"""

UNDO = """
DROP TRIGGER manifest_no_truncate ON manifest_dailymanifest;
DROP TRIGGER manifest_no_change ON manifest_dailymanifest;
"""


class Migration(migrations.Migration):

    dependencies = [("manifest", "0001_initial"), ("decisions", "0002_append_only")]

    operations = [migrations.RunSQL(REFUSE, UNDO)]
