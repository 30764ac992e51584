"""Django's name for this room."""

from django.apps import AppConfig


class RequestsConfig(AppConfig):
    """People's requests and the township's answers."""

    name = "server_broker.requests"
    label = "requests"
    verbose_name = "异议与申请"
    default_auto_field = "django.db.models.BigAutoField"
