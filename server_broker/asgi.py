"""The county's web as an ASGI application."""

import os

from django.core.asgi import get_asgi_application

from server_broker.console.body_limit import BodyLimit, is_signed_in

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_broker.settings")

application = BodyLimit(get_asgi_application(), is_known=is_signed_in)
