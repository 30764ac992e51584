"""Django settings, read from one county folder and the environment that `server_broker.supervisor` sets.

``CUNHUI_HOME`` is the county's folder (default ``var/county``); its ``county.toml`` may name another PostgreSQL than
the private cluster in it. Secrets live in files of the folder, mode 0600, never here.
"""

import os
from pathlib import Path

from protocol.china_time import ZONE
from server_broker.console import admin_theme
from server_broker.platform.database import database_settings
from server_broker.platform.home import CountyHome

HOME = CountyHome(Path(os.environ.get("CUNHUI_HOME", "var/county")).absolute())

SECRET_KEY = HOME.secret_key()
DEBUG = False
ALLOWED_HOSTS = HOME.allowed_hosts()
FRONT_DOOR = os.environ.get("CUNHUI_FRONT_DOOR", "")
"""Where telephones reach the county, without a slash at its end; empty for nowhere. Stations are told it."""
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "server_broker.console.admin_app.TablesConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "server_broker.schema",
    "server_broker.accounts",
    "server_broker.dated",
    "server_broker.regions",
    "server_broker.people",
    "server_broker.pins",
    "server_broker.feedback",
    "server_broker.requests",
    "server_broker.meetings",
    "server_broker.fleet",
    "server_broker.ingest",
    "server_broker.attendance",
    "server_broker.duty",
    "server_broker.settling",
    "server_broker.closing",
    "server_broker.exceptions",
    "server_broker.workdays",
    "server_broker.media",
    "server_broker.learning",
    "server_broker.courses",
    "server_broker.progress",
    "server_broker.editing",
    "server_broker.guard",
    "server_broker.compliance",
    "server_broker.bundles",
    "server_broker.enrolment",
    "server_broker.commands",
    "server_broker.twin",
    "server_broker.api_tokens",
    "server_broker.incidents",
    "server_broker.audit",
    "server_broker.decisions",
    "server_broker.manifest",
    "server_broker.public",
    "server_broker.retention",
    "server_broker.console",
]

MIDDLEWARE = [
    "server_broker.console.middleware.CompressPages",
    "server_broker.console.middleware.ShowUnseenCharacters",
    "server_broker.console.middleware.SecurityHeaders",
    "server_broker.console.middleware.RefuseNulCharacters",
    "server_broker.audit.middleware.RecordSource",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "server_broker.accounts.middleware.RequireSecondFactor",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "server_broker.console.middleware.TellStoppedRecord",
    "server_broker.console.middleware.TellRefusedBody",
]

ROOT_URLCONF = "server_broker.urls"
ASGI_APPLICATION = "server_broker.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "console" / "templates"],  # before django-unfold's, some of which it replaces
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": database_settings(HOME)}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "server_broker.accounts.backend.OpenAccounts",
]
PASSWORD_HASHERS = [
    "server_broker.accounts.hashers.CountyArgon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
OTP_TOTP_ISSUER = "村慧"
AXES_HANDLER = "server_broker.accounts.sign_in_limits.SignInLimits"
AXES_CLIENT_IP_CALLABLE = "server_broker.accounts.network.client_address"
AXES_FAILURE_LIMIT = 10
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_COOLOFF_TIME = 24
"""Hours after which a wrong try is forgotten. How long a lock lasts is said by the handler."""
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "server_broker.accounts.views.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"

UNFOLD = admin_theme.UNFOLD

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = ZONE
USE_I18N = True
LOCALE_PATHS = [Path(__file__).parent / "console" / "locale"]  # before Django's own words, which come before an app's
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = HOME.static_folder
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "server_broker.accounts.sessions"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "server_broker.accounts.log_lines.formatter_of"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"axes": {"level": "WARNING"}},
}
