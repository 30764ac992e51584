"""Events of a boot are found by one index, whether the time was known or not."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("fleet", "0008_clock_runs")]

    operations = [migrations.RemoveIndex("stationevent", "event_undated")]
