"""Django settings of the front door: the county's own, without the console, without accounts and with other secrets.

A cookie or a form token of the console means nothing here, and the other way round.
"""

import hashlib
import hmac
import os
from pathlib import Path

from server_broker.settings import *  # noqa: F403 - all that is not said below holds as for the county
from server_broker.settings import INSTALLED_APPS as _COUNTY_APPS
from server_broker.settings import SECRET_KEY as _COUNTY_SECRET

_ROOM = Path(__file__).parent / "public"
_NOT_HERE = (
    "unfold.apps.BasicAppConfig",
    "server_broker.console.admin_app.TablesConfig",
    "server_broker.console",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
)

COUNTY_NAME = os.environ.get("CUNHUI_COUNTY_NAME", "")
PRIVATE_AUTHORITY = os.environ.get("CUNHUI_PRIVATE_AUTHORITY", "")
"""Name of the private authority that signed this host's certificate, for a demonstration; empty for a public one."""

SECRET_KEY = hmac.new(_COUNTY_SECRET.encode(), b"cunhui front door 1", hashlib.sha256).hexdigest()
ALLOWED_HOSTS = [host for host in [os.environ.get("CUNHUI_FRONT_DOOR_HOST", "")] if host]
CSRF_TRUSTED_ORIGINS = []
ROOT_URLCONF = "server_broker.public.urls"
ASGI_APPLICATION = "server_broker.public.asgi.application"
INSTALLED_APPS = [app for app in _COUNTY_APPS if app not in _NOT_HERE]
AUTHENTICATION_BACKENDS = []

MIDDLEWARE = [
    "server_broker.console.middleware.CompressPages",
    "server_broker.console.middleware.ShowUnseenCharacters",
    "server_broker.public.middleware.PhoneHeaders",
    "server_broker.console.middleware.RefuseNulCharacters",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_ROOM / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "server_broker.public.middleware.page_names",
            ]
        },
    }
]

CSRF_COOKIE_NAME = "__Host-cunhui-phone-form"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "server_broker.public.views.form_too_old"
STATIC_ROOT = _ROOM / "static"
"""The files themselves: what the console and its data tables need is not served here."""
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
