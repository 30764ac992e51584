"""What all tables of dated rows need of PostgreSQL."""

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models

from server_broker.dated.guards import FUNCTIONS, UNDO_FUNCTIONS


class Migration(migrations.Migration):

    initial = True

    dependencies = []

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name="Erased",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("table", models.CharField(max_length=63)),
                ("row", models.BigIntegerField()),
                ("digest", models.BinaryField(max_length=32)),
                ("erased_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(FUNCTIONS, UNDO_FUNCTIONS),
    ]
