"""Attempts and runs are dated like touches. Rows from before had not kept whose clock they had: nothing dates them."""

from django.db import migrations, models

_NO_BOOT = bytes(16)


def _stamp(model: str) -> list[migrations.operations.base.Operation]:
    return [
        migrations.AddField(model, "quality", models.CharField(max_length=10, default="unknown"), preserve_default=False),
        migrations.AddField(
            model, "boot", models.BinaryField(max_length=16, default=_NO_BOOT), preserve_default=False
        ),
        migrations.AddField(model, "mono_ms", models.BigIntegerField(default=0), preserve_default=False),
        migrations.AddField(model, "corrected_wall", models.DateTimeField(null=True)),
    ]


class Migration(migrations.Migration):
    dependencies = [("learning", "0001_initial")]

    operations = [
        *_stamp("attempt"),
        *_stamp("levelrun"),
        migrations.AddIndex("attempt", models.Index(fields=["station", "boot"], name="attempt_by_boot")),
        migrations.AddIndex("levelrun", models.Index(fields=["station", "boot"], name="level_run_by_boot")),
    ]
