"""Django's name for this room."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    """Questions of villagers, their answers, and the townships' telephone numbers."""

    name = "server_broker.feedback"
    verbose_name = "群众意见"
    default_auto_field = "django.db.models.BigAutoField"
