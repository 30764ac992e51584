"""Touches of a boot are found by one index, whether the time was known or not."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("attendance", "0003_duty_window_words")]

    operations = [migrations.RemoveIndex("touch", "touch_undated")]
