"""Seal the secrets of second factors, and end all sessions, because their keys stood in the database as they are.

Everyone signs in once more, with the same authenticator app.
"""

from binascii import hexlify, unhexlify
from typing import Any

from django.conf import settings
from django.db import migrations

from server_broker.trust.sealing import make_sealing_key, seal, unseal


def end_sessions(apps: Any, _: Any) -> None:
    apps.get_model("sessions", "Session").objects.all().delete()


def seal_secrets(apps: Any, _: Any) -> None:
    for device in apps.get_model("otp_totp", "TOTPDevice").objects.all():
        make_sealing_key(settings.HOME)
        device.key = seal(settings.HOME, unhexlify(device.key), of=_of(device))
        device.save(update_fields=["key"])


def open_secrets(apps: Any, _: Any) -> None:
    for device in apps.get_model("otp_totp", "TOTPDevice").objects.all():
        device.key = hexlify(unseal(settings.HOME, device.key, of=_of(device))).decode("ascii")
        device.save(update_fields=["key"])


def _of(device: Any) -> str:
    return f"second factor of account {device.user_id}"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_people_and_roles'),
        ('otp_totp', '0003_add_timestamps'),
        ('sessions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='SecondFactor',
            fields=[],
            options={
                'verbose_name': '第二步验证',
                'verbose_name_plural': '第二步验证',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('otp_totp.totpdevice',),
        ),
        migrations.RunPython(end_sessions, end_sessions),
        migrations.RunPython(seal_secrets, open_secrets),
    ]
