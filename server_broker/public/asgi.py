"""The front door as an ASGI application. `server_broker.supervisor.front_door` serves it."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_broker.public_settings")
django.setup(set_prefix=False)

from server_broker.console.body_limit import BodyLimit  # noqa: E402 - after the settings are read
from server_broker.console.handler import FairHandler  # noqa: E402
from server_broker.console.places import Places  # noqa: E402
from server_broker.platform.asgi_types import Scope  # noqa: E402

AT_ONCE, OF_ONE = 12, 6
"""Most requests at the same time, in all and of one address. Each may take a PostgreSQL connection besides those of the
console (`console.handler.AT_ONCE`) and of the intake."""
FORM_BYTES = 8 * 2**10


async def _nobody_uploads(scope: Scope) -> bool:
    return False


def make_application() -> BodyLimit:
    """Return the front door by the settings of this moment."""
    places = Places(at_once=AT_ONCE, of_one=OF_ONE, waiting=128, waiting_of_one=32, patience_s=10.0)
    return BodyLimit(FairHandler(places), is_known=_nobody_uploads, form_bytes=FORM_BYTES, upload_bytes=FORM_BYTES)


application = make_application()
