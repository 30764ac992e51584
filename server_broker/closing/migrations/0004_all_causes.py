"""Keep every code of what had a window settled, on slips too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Take their number from the lines of slips. No row is written anew."""

    dependencies = [("closing", "0003_residents")]

    operations = [migrations.AlterField(model_name="slipline", name="why", field=models.TextField(blank=True))]
