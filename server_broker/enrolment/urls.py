"""The two addresses that stations call."""

from django.urls import path

from server_broker.enrolment import views

urlpatterns = [
    path("enrol", views.enrol, name="enrol"),
    path("renew", views.renew, name="renew"),
]
