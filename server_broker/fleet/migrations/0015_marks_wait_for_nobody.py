"""A station may have several marks, so that whoever marks it waits for nobody.

The marks of before are dropped: the chores mark every station when they start.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fleet", "0014_status_vitals_at")]

    operations = [
        migrations.DeleteModel(name="ShelfDue"),
        migrations.CreateModel(
            name="ShelfDue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("marked_at", models.DateTimeField()),
                (
                    "station",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="fleet.station"
                    ),
                ),
            ],
        ),
    ]
