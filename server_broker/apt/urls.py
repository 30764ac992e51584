"""The address of the repository."""

from django.urls import path

from server_broker.apt import views

urlpatterns = [path("apt/<path:name>", views.file, name="apt-file")]
