"""Facts are found by `fact_once`, which begins with the stream: no index of the stream alone."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0018_fewer_indexes'),
        ('ingest', '0003_day_taken'),
    ]

    operations = [
        migrations.AlterField(
            model_name='fact',
            name='stream',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='facts', to='fleet.stream'),
        ),
    ]
