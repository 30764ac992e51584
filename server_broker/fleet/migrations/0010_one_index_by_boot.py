"""Events of a boot are found by one index, whether the time was known or not."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("fleet", "0009_said_quality")]

    operations = [migrations.RemoveIndex("stationevent", "event_undated")]
