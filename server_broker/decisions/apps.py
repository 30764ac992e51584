"""Django's name for this room."""

from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    """The county's own stream of facts."""

    name = "server_broker.decisions"
    verbose_name = "记录链"
    default_auto_field = "django.db.models.BigAutoField"
