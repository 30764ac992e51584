"""Django's name for this room."""

from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    """Claim codes, and the calls by which a station enrols and renews."""

    name = "server_broker.enrolment"
    default_auto_field = "django.db.models.BigAutoField"
