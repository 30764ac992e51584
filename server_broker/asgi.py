"""The county's web as an ASGI application."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_broker.settings")

application = get_asgi_application()
