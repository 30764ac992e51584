"""Django's name for this room."""

from django.apps import AppConfig


class LearningConfig(AppConfig):
    """Learning packs for stations, and people's attempts at them."""

    name = "server_broker.learning"
    default_auto_field = "django.db.models.BigAutoField"
