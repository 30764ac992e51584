"""Find what a window was before by its person, among years of results."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0006_private_numbers'),
        ('regions', '0004_dated_rows'),
        ('settling', '0006_rules_in_force'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='settledwindow',
            name='settled_by_person',
        ),
        migrations.AddIndex(
            model_name='settledwindow',
            index=models.Index(fields=['person', 'day'], name='settled_by_person_ever'),
        ),
    ]
