import django.db.models.deletion
from django.db import migrations, models

# What was one number for each person becomes its tries again, from the entries of numbers. `pins.counting` leaves out
# those at an earlier PIN and those of revoked stations.
_TRIES = """
INSERT INTO pins_kiosktry (person_id, station_id, at)
SELECT p.id, e.station_id,
       CASE WHEN e.quality IN ('synced', 'holdover') THEN least(coalesce(e.corrected_wall, e.wall), e.received_at)
            ELSE e.received_at END
FROM pins_numberentry e
JOIN people_person p ON p.number = e.number AND NOT p."left"
JOIN pins_personpin k ON k.person_id = p.id AND k.fails > 0
WHERE e.answer = 'wrong_pin' AND e.counts
"""


class Migration(migrations.Migration):
    dependencies = [
        ("fleet", "0012_shelf_due"),
        ("people", "0004_dated_rows"),
        ("pins", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="KioskTry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="people.person"
                    ),
                ),
                (
                    "station",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="fleet.station"
                    ),
                ),
            ],
            options={
                "verbose_name": "在大屏输错密码",
                "verbose_name_plural": "在大屏输错密码",
                "indexes": [models.Index(fields=["station", "at"], name="kiosk_try_by_station")],
            },
        ),
        migrations.RunSQL(_TRIES, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="personpin", name="fails"),
        migrations.RemoveField(model_name="personpin", name="last_fail"),
    ]
