"""A draft says on which version it rests. For those that are there already it is taken to be the newest one."""

from typing import Any

from django.db import migrations, models
from django.db.models import Max


def rest(apps: Any, _editor: Any) -> None:
    packs = apps.get_model("learning", "LearningPack").objects
    for draft in apps.get_model("editing", "BankDraft").objects.all():
        draft.based_on = packs.filter(pack=draft.pack).aggregate(newest=Max("version"))["newest"] or 0
        draft.save(update_fields=["based_on"])


class Migration(migrations.Migration):
    dependencies = [
        ("bundles", "0007_version_of_written_packs"),
        ("editing", "0001_initial"),
        ("learning", "0007_pack_keepers"),
    ]

    operations = [
        migrations.AddField(
            model_name="bankdraft",
            name="based_on",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.RunPython(rest, migrations.RunPython.noop),
    ]
