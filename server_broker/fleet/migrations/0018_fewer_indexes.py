"""Rows made of facts have no index and no check of their station that another index or the stream does not give."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0017_corrections_in_order'),
    ]

    operations = [
        migrations.AlterField(
            model_name='stationevent',
            name='station',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='fleet.station'),
        ),
    ]
