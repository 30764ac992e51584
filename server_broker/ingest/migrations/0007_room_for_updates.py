"""Each batch changes most signed heads, which stay in their page as those rows do."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0022_room_for_updates'),
        ('ingest', '0006_found_by_reference'),
    ]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE ingest_signedheadkept SET (fillfactor = 50)",
            "ALTER TABLE ingest_signedheadkept RESET (fillfactor)",
        ),
    ]
