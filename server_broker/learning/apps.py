"""Django's name for this room."""

from django.apps import AppConfig


class LearningConfig(AppConfig):
    """Packs that go out and attempts that come in."""

    name = "server_broker.learning"
    default_auto_field = "django.db.models.BigAutoField"
