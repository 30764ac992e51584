"""The county's web as an ASGI application."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_broker.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402 - after the settings are read

from server_broker.bundles.serving import BundleServing  # noqa: E402
from server_broker.bundles.shelf_keys import look_up_in, name_whoever_goes_beyond  # noqa: E402
from server_broker.console.body_limit import BodyLimit, is_signed_in  # noqa: E402
from server_broker.console.handler import FairHandler  # noqa: E402

_beyond = name_whoever_goes_beyond()
application = BundleServing(
    BodyLimit(FairHandler(), is_known=is_signed_in),
    look_up=look_up_in(settings.HOME, beyond=_beyond),
    beyond=_beyond,
)
