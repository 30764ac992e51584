"""A touch whose fact was held at first says when that came, so that pages list it there if nothing else dates it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('attendance', '0013_fewer_indexes'),
        ('fleet', '0020_clock_runs_in_doubt'),
    ]

    operations = [
        migrations.AddField(
            model_name='touch',
            name='came_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='touch',
            index=models.Index(condition=models.Q(('came_at__isnull', False)), fields=['came_at'], name='touch_by_coming'),
        ),
    ]
