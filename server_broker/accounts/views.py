"""Signing in, by password or by a one-time link, and signing out."""

from typing import Any

from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from server_broker.accounts.forms import SignInForm
from server_broker.accounts.links import link_is_open, use_link
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


def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """Answer a try on a locked account (setting ``AXES_LOCKOUT_CALLABLE``)."""
    return render(request, "accounts/locked.html", status=429)
