"""Signing in, by password or by a one-time link, and signing out."""

import string
import unicodedata
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice

from server_broker.accounts import second_factor as factor
from server_broker.accounts.forms import SignInForm
from server_broker.accounts.links import link_is_open, use_link
from server_broker.accounts.middleware import is_verified
from server_broker.accounts.models import User
from server_broker.audit.log import record

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@method_decorator(never_cache, name="dispatch")
class SignInView(LoginView):
    """The sign-in page. django-axes counts wrong tries and locks the pair of account and address."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, and say so in the audit log."""
        record(form.get_user().get_username(), "account.signed_in", detail={"by": "password"})
        return super().form_valid(form)


class SignOutView(LogoutView):
    """Signing out, which is a form. Whoever opens its address is led home and stays signed in."""

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Lead home."""
        return redirect("home")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link would do; only the button's POST uses it."""
    if request.method != "POST":
        return _link_page(request, is_open=link_is_open(token))
    user = use_link(token)
    if user is None:
        return _link_page(request, is_open=False)
    login(request, user, backend=_BACKEND)
    record(user.get_username(), "account.signed_in", detail={"by": "link"})
    return redirect("home")


def _link_page(request: HttpRequest, *, is_open: bool) -> HttpResponse:
    return render(request, "accounts/sign_in_link.html", {"is_open": is_open}, status=200 if is_open else 410)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask an administrator for a token, or set the device up at the first sign-in; a right token opens the console."""
    user = request.user
    if not isinstance(user, User) or not factor.is_due(user) or is_verified(user):
        return redirect("home")
    device = factor.device_of(user) or (factor.begun(user) if request.method == "POST" else None)
    if device is None:
        return _factor_page(request, factor.begin(user))
    if request.method != "POST":
        return _factor_page(request, device)
    if not factor.prove(user, device, _digits(request.POST.get("token", ""))):
        return _factor_page(request, device, wrong=True)
    request.session.cycle_key()
    otp_login(request, device)  # type: ignore[no-untyped-call]
    return redirect("home")


def _digits(text: str) -> str:
    """Return the ASCII digits of what was typed: full-width ones count, spaces and the rest do not."""
    plain = unicodedata.normalize("NFKC", text[:64])
    return "".join(letter for letter in plain if letter in string.digits)


def _factor_page(request: HttpRequest, device: TOTPDevice, *, wrong: bool = False) -> HttpResponse:
    secret = "" if device.confirmed else factor.secret_text(device)
    context = {"secret": secret, "wrong": wrong}
    return render(request, "accounts/second_factor.html", context, status=403 if wrong else 200)


def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """Answer a try on a locked account (setting ``AXES_LOCKOUT_CALLABLE``)."""
    return render(request, "accounts/locked.html", status=429)
