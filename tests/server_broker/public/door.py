"""The front door as a test knocks at it, and codes that kiosks showed."""

import datetime as dt
import secrets
from typing import Any

from django.test import Client
from django.utils import timezone

from protocol.phone_link import code_hash, new_code
from server_broker import public_settings
from server_broker.attendance.models import Touch
from server_broker.fleet.models import Station, StationEvent
from server_broker.people.models import Person
from server_broker.public.middleware import COOKIE
from server_broker.public.sessions import open_session

HOST = "door.example"
OWN = (
    "SECRET_KEY",
    "CSRF_TRUSTED_ORIGINS",
    "ROOT_URLCONF",
    "MIDDLEWARE",
    "TEMPLATES",
    "CSRF_COOKIE_NAME",
    "CSRF_COOKIE_HTTPONLY",
    "CSRF_COOKIE_SAMESITE",
    "CSRF_FAILURE_VIEW",
    "STATIC_ROOT",
    "STORAGES",
)
"""The settings in which the front door differs, but for what only takes things away: a test signs in at
the console too."""


def settings_of_the_door() -> dict[str, Any]:
    """Return the front door's settings for ``override_settings``."""
    own = {name: getattr(public_settings, name) for name in OWN}
    return own | {"ALLOWED_HOSTS": [HOST], "COUNTY_NAME": "示例县", "PRIVATE_AUTHORITY": ""}


def telephone(*, enforce_csrf_checks: bool = False) -> Client:
    """A browser at the front door. It speaks TLS, as every one does."""
    tls: dict[str, Any] = {"SERVER_NAME": HOST, "SERVER_PORT": "443", "wsgi.url_scheme": "https"}
    return Client(enforce_csrf_checks, headers={"Host": HOST}, **tls)


def signed_in_telephone(person: Person) -> Client:
    """A browser in which a person has signed in."""
    client = telephone()
    client.cookies[COOKIE] = open_session(person, by="number", now=timezone.now())
    return client


def show_code(station: Station, person: Person, touch: Touch, **values: Any) -> str:
    """Have a kiosk show a code, and return it; ``values`` are those of the fact's row, ``detail`` of its detail."""
    code, now = new_code(), timezone.now()
    detail = {
        "person": person.number,
        "code": code_hash(code).hex(),
        "by": f"{bytes(touch.epoch).hex()}:{touch.seq}",
    } | values.pop("detail", {})
    StationEvent.objects.create(
        **{
            "station": station,
            "epoch": secrets.token_bytes(16),
            "seq": 2,
            "kind": "phone_link_shown",
            "wall": now,
            "quality": "synced",
            "boot": bytes(16),
            "mono_ms": 0,
            "received_at": now,
            "detail": detail,
        }
        | values
    )
    return code


def ago(**span: float) -> dt.datetime:
    return timezone.now() - dt.timedelta(**span)
