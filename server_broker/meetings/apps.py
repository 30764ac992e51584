"""Django's name for this room."""

from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    """Meetings, who came to them, and what was decided there."""

    name = "server_broker.meetings"
    label = "meetings"
    verbose_name = "会议"
    default_auto_field = "django.db.models.BigAutoField"
