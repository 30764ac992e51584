"""Rows made of facts have no index and no check of their station that another index or the stream does not give."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('attendance', '0012_windows_by_period'),
        ('fleet', '0018_fewer_indexes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='touch',
            name='card_token',
            field=models.BinaryField(max_length=16),
        ),
        migrations.AlterField(
            model_name='touch',
            name='station',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='touches', to='fleet.station'),
        ),
    ]
