"""Boots with very many rows are dated in pieces."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0020_clock_runs_in_doubt'),
        ('ingest', '0004_fewer_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='DatingWalk',
            fields=[
                ('station', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='fleet.station')),
                ('table', models.CharField(max_length=64)),
                ('epoch', models.BinaryField(max_length=16)),
                ('seq', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='DatingDue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('boot', models.BinaryField(max_length=16)),
                ('large', models.BooleanField()),
                ('from_scratch', models.BooleanField()),
                ('asked', models.IntegerField()),
                ('in_walk', models.BooleanField()),
                ('moved', models.IntegerField()),
                ('moved_told', models.IntegerField()),
                ('moved_most_ms', models.BigIntegerField()),
                ('moved_first', models.DateTimeField(null=True)),
                ('moved_last', models.DateTimeField(null=True)),
                ('station', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='fleet.station')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('station', 'boot'), name='dating_due_once')],
            },
        ),
    ]
