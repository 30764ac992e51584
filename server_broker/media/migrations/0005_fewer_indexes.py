"""Rows made of facts have no index and no check of their station that another index or the stream does not give."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('fleet', '0018_fewer_indexes'),
        ('media', '0004_hold_within'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='blob',
            name='station',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='blobs', to='fleet.station'),
        ),
        migrations.AlterField(
            model_name='blob',
            name='uploaded_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='blob',
            index=models.Index(condition=models.Q(('uploaded_by__isnull', False)), fields=['uploaded_by'], name='blob_by_account'),
        ),
    ]
