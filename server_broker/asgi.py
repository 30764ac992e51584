"""The county's web as an ASGI application."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_broker.settings")
django.setup(set_prefix=False)

from server_broker.console.body_limit import BodyLimit, is_signed_in  # noqa: E402 - after the settings are read
from server_broker.console.handler import FairHandler  # noqa: E402

application = BodyLimit(FairHandler(), is_known=is_signed_in)
