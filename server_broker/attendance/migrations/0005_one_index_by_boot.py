"""Touches of a boot are found by one index, whether the time was known or not."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("attendance", "0004_said_quality")]

    operations = [migrations.RemoveIndex("touch", "touch_undated")]
