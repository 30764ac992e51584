"""What is handed over says as which version it goes out. For what is there already that is the one after it replaces."""

from typing import Any

from django.db import migrations, models
from django.db.models import F


def number(apps: Any, _editor: Any) -> None:
    apps.get_model("bundles", "WrittenPack").objects.update(version=F("replaces") + 1)


class Migration(migrations.Migration):
    dependencies = [
        ("bundles", "0006_written_packs"),
    ]

    operations = [
        migrations.AddField(
            model_name="writtenpack",
            name="version",
            field=models.PositiveIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.RunPython(number, migrations.RunPython.noop),
    ]
