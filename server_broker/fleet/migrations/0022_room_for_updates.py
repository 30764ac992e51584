"""Each batch changes most streams and statuses. With room in its page a changed row gets no new entry in any index.

PostgreSQL 17, section 65.7 (heap-only tuples). Pages that are full already get room as their rows are changed.
"""

import django.db.models.deletion
from django.db import migrations, models

_ROOM = "ALTER TABLE fleet_stream SET (fillfactor = 50); ALTER TABLE fleet_stationstatus SET (fillfactor = 50);"
_NO_ROOM = "ALTER TABLE fleet_stream RESET (fillfactor); ALTER TABLE fleet_stationstatus RESET (fillfactor);"


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0021_ups_and_downs'),
    ]

    operations = [
        migrations.RunSQL(_ROOM, _NO_ROOM),
        migrations.AlterField(
            model_name='stream',
            name='station',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='streams', to='fleet.station'),
        ),
    ]
