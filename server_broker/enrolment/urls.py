"""The addresses that stations call."""

from django.urls import path

from server_broker.enrolment import views

urlpatterns = [
    path("ca.pem", views.ca, name="county-ca"),
    path("enrol", views.enrol, name="enrol"),
    path("renew", views.renew, name="renew"),
]
