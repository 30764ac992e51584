"""Addresses of signing in and out, and of one's own account."""

from django.urls import path, re_path

from server_broker.accounts.own_account import own_account, own_password, own_recovery_codes, own_second_factor
from server_broker.accounts.views import SignInView, SignOutView, second_factor, sign_in_link

urlpatterns = [
    path("sign-in/", SignInView.as_view(), name="sign-in"),
    re_path(r"^sign-in/link/(?P<token>[A-Za-z0-9_-]{43})/$", sign_in_link, name="sign-in-link"),
    path("sign-in/second-factor/", second_factor, name="second-factor"),
    path("sign-out/", SignOutView.as_view(next_page="sign-in"), name="sign-out"),
    path("account/", own_account, name="own-account"),
    path("account/password/", own_password, name="own-password"),
    path("account/recovery-codes/", own_recovery_codes, name="own-recovery-codes"),
    path("account/second-factor/", own_second_factor, name="own-second-factor"),
]
