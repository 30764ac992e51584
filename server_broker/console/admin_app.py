"""The app of the data tables under /admin/. Django loads it before any model, so the site is named, not imported."""

from django.contrib.admin.apps import AdminConfig


class TablesConfig(AdminConfig):
    """Django's admin with `TablesSite` as its site."""

    default_site = "server_broker.console.admin_site.TablesSite"
