"""Keep every code of what had a window settled, however many there are."""

import django.contrib.postgres.fields
from django.db import migrations, models

_APART = """
ALTER TABLE settling_settledue ALTER COLUMN why TYPE text[] USING string_to_array(why, ' ');
"""
_TOGETHER = """
ALTER TABLE settling_settledue ALTER COLUMN why TYPE varchar(64) USING left(array_to_string(why, ' '), 64);
"""


class Migration(migrations.Migration):
    """Make a set of the codes of a mark, and take their number from results. No row of results is written anew."""

    dependencies = [("settling", "0008_day_counts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(_APART, _TOGETHER)],
            state_operations=[
                migrations.AlterField(
                    model_name="settledue",
                    name="why",
                    field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
            ],
        ),
        migrations.AlterField(model_name="settledwindow", name="why", field=models.TextField()),
    ]
