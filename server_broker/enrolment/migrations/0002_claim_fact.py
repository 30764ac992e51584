"""Claims name the decision that gave them. Codes that are open during the update are void: none of them names one."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone


def burn_open(apps: Any, _editor: Any) -> None:
    now = timezone.now()
    apps.get_model("enrolment", "Claim").objects.filter(used_at=None, burnt_at=None).update(burnt_at=now)


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0003_answers"),
        ("enrolment", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="claim",
            name="fact",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="decisions.decidedfact",
            ),
        ),
        migrations.RunPython(burn_open, migrations.RunPython.noop),
    ]
