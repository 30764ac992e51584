"""Django's name for this room."""

from django.apps import AppConfig


class ProgressConfig(AppConfig):
    """What each person has learnt."""

    name = "server_broker.progress"
    verbose_name = "学习进度"
    default_auto_field = "django.db.models.BigAutoField"
