"""Every address of the county's web."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from server_broker.api.door import door

admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("server_broker.enrolment.urls")),
    path("", include("server_broker.learning.urls")),
    path("", include("server_broker.accounts.urls")),
    path("", include("server_broker.metrics.urls")),
    path("", include("server_broker.apt.urls")),
    path("", include("server_broker.console.urls")),
    path("api/v1/<path:rest>", door, name="api"),
    path("admin/login/", RedirectView.as_view(pattern_name="sign-in", query_string=True)),
    path("admin/logout/", RedirectView.as_view(pattern_name="home")),
    path("admin/", admin.site.urls),
]

handler500 = "server_broker.console.views.errors.server_error"
