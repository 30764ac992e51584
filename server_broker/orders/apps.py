"""Django's name for this room."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Orders to stations and what became of them."""

    name = "server_broker.orders"
    default_auto_field = "django.db.models.BigAutoField"
