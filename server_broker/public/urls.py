"""Every address of the front door."""

from django.conf import settings
from django.urls import path, re_path
from django.views.generic import RedirectView

from protocol.phone_link import PATH
from server_broker.public.asking import answer_swap, ask_for, asked, kinds, take_back
from server_broker.public.board import board
from server_broker.public.learning import learning
from server_broker.public.results import own_window, past_month
from server_broker.public.views import by_code, by_number, month, sign_out

urlpatterns = [
    path("", month, name="phone-month"),
    re_path(r"^months/(?P<month>20[0-9]{2}-(?:0[1-9]|1[0-2]))/$", past_month, name="phone-past-month"),
    re_path(
        r"^windows/(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})/(?P<start>[0-9]{1,4})/$", own_window, name="phone-own-window"
    ),
    path("sign-in/", by_number, name="phone-sign-in"),
    path(PATH.removeprefix("/"), by_code, name="phone-code"),
    path("sign-out/", sign_out, name="phone-sign-out"),
    path("learning/", learning, name="phone-learning"),
    path("ask/", kinds, name="phone-kinds"),
    path("ask/<slug:kind>/", ask_for, name="phone-ask"),
    path("asked/<int:pk>/", asked, name="phone-asked"),
    path("asked/<int:pk>/withdraw/", take_back, name="phone-take-back"),
    path("asked/<int:pk>/agree/", answer_swap, name="phone-agree"),
    re_path(r"^b/(?P<code>[0-9]{12})/$", board, name="phone-board"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}public/mark.svg")),
]

handler400 = "server_broker.public.views.unreadable"
handler403 = "server_broker.public.views.not_here"
handler404 = "server_broker.public.views.not_here"
handler500 = "server_broker.public.views.failed"
