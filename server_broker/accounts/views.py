"""Signing in, by password or by a one-time link, and signing out."""

import string
import unicodedata
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice

from server_broker.accounts import second_factor as factor
from server_broker.accounts.forms import SignInForm
from server_broker.accounts.guesses import RETRY_AFTER_S, TooBusy, guess
from server_broker.accounts.links import link_is_open, use_link
from server_broker.accounts.models import User
from server_broker.accounts.powers import is_verified
from server_broker.audit.log import record

_BACKEND = "django.contrib.auth.backends.ModelBackend"
BEGUN = "second_factor_begun"
"""In the session: the device that it sets up. A page looked at twice, as by a prefetch, shows the same secret; another
session never does, or whoever looked first would know the secret of whoever ends it."""


@method_decorator(never_cache, name="dispatch")
class SignInView(LoginView):
    """The sign-in page. django-axes counts wrong tries and locks the pair of account and address.

    It looks before a try and counts after it; tries of one address take turns, so none slips in between.
    """

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Hear one try, when its turn comes."""
        try:
            with guess(request):
                return super().post(request, *args, **kwargs)
        except TooBusy:
            return too_busy(request)

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
    with transaction.atomic():
        user = use_link(token)
        if user is not None:
            login(request, user, backend=_BACKEND)
            record(user.get_username(), "account.signed_in", detail={"by": "link"})
    return _link_page(request, is_open=False) if user is None else redirect("home")


def _link_page(request: HttpRequest, *, is_open: bool) -> HttpResponse:
    return render(request, "accounts/sign_in_link.html", {"is_open": is_open}, status=200 if is_open else 410)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for a token, or set the device up the first time; a right token leads on to where it was asked for."""
    user = request.user
    onward = _onward(request)
    if not isinstance(user, User) or not factor.is_of_use(user) or is_verified(user):
        return redirect(onward)
    device = factor.device_of(user) or factor.begun(user, request.session.get(BEGUN))
    if device is None:
        device = factor.begin(user)
        request.session[BEGUN] = device.pk
        return _factor_page(request, device)
    if request.method != "POST":
        return _factor_page(request, device)
    if not factor.prove(user, device, _digits(request.POST.get("token", ""))):
        return _factor_page(request, device, wrong=True)
    request.session.cycle_key()
    otp_login(request, device)  # type: ignore[no-untyped-call]
    return redirect(onward)


def _onward(request: HttpRequest) -> str:
    """Return the address of this console that ``?next=`` names, or the first page."""
    asked = request.GET.get("next", "")
    here = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if here else reverse("home")


def _digits(text: str) -> str:
    """Return the ASCII digits of what was typed: full-width ones count, spaces and the rest do not."""
    plain = unicodedata.normalize("NFKC", text[:64])
    return "".join(letter for letter in plain if letter in string.digits)


def _factor_page(request: HttpRequest, device: TOTPDevice, *, wrong: bool = False) -> HttpResponse:
    secret = "" if device.confirmed else factor.secret_text(device)
    context = {"secret": secret, "wrong": wrong}
    return render(request, "accounts/second_factor.html", context, status=403 if wrong else 200)


def too_busy(request: HttpRequest) -> HttpResponse:
    """Answer a guess that had no turn (`accounts.guesses`): nothing was tried, and it may come again soon."""
    answer = render(request, "accounts/busy.html", status=503)
    answer["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """Answer a try on a locked account (setting ``AXES_LOCKOUT_CALLABLE``)."""
    return render(request, "accounts/locked.html", status=429)
