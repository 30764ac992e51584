"""Sign in by password or one-time link, show the second factor, and sign out."""

import logging
import string
import unicodedata
from typing import Any

from django.contrib import messages
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
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_otp import login as otp_login

from server_broker.accounts import second_factor as factor
from server_broker.accounts.forms import SignInForm
from server_broker.accounts.guesses import RETRY_AFTER_S, TooBusy, guess
from server_broker.accounts.links import link_is_open, mark_of_link, use_link
from server_broker.accounts.models import SecondFactor, User
from server_broker.accounts.powers import is_verified
from server_broker.accounts.recovery import looks_like_a_code, use_code
from server_broker.audit.log import record
from server_broker.trust.sealing import SealBroken

log = logging.getLogger(__name__)

_BACKEND = "server_broker.accounts.backend.OpenAccounts"
BEGUN = "second_factor_begun"
"""Session key: the device that this session sets up. If the page is loaded twice, as by a prefetch, it shows the same
secret. Another session gets another secret, because otherwise it would know the secret of the device that counts."""


@method_decorator(never_cache, name="dispatch")
class SignInView(LoginView):
    """The sign-in page. django-axes counts wrong tries, and refuses them when there were too many (`sign_in_limits`).

    It checks the count before a try and raises it afterwards. Tries of one address take turns (`guess`), so that
    several at the same time can't pass the check together.
    """

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Try to sign in, when there is a turn."""
        try:
            with guess(request):
                return super().post(request, *args, **kwargs)
        except TooBusy:
            return too_busy(request)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, and record it in the audit log."""
        record(form.get_user().get_username(), "account.signed_in", detail={"by": "password"})
        return super().form_valid(form)


class SignOutView(LogoutView):
    """Sign out by a form (POST). Opening the address only redirects to the first page, still signed in."""

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Redirect to the first page."""
        return redirect("home")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show the link's page. Only the POST of its button uses the link."""
    if request.method != "POST":
        return _link_page(request, is_open=link_is_open(token))
    with transaction.atomic():
        user = use_link(token)
        if user is not None:
            login(request, user, backend=_BACKEND)
            record(user.get_username(), "account.signed_in", detail={"by": "link", "link": mark_of_link(token)})
            if not user.has_usable_password():
                messages.warning(
                    request, "您还没有密码，这个链接也用过了：请点右上角的账号名，到“我的账号”设密码，下次用它登录。"
                )
    return _link_page(request, is_open=False) if user is None else redirect("home")


def _link_page(request: HttpRequest, *, is_open: bool) -> HttpResponse:
    return render(request, "accounts/sign_in_link.html", {"is_open": is_open}, status=200 if is_open else 410)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for a token, or set up the device the first time. A right token redirects to the page that asked for it."""
    user = request.user
    onward = _onward(request)
    if not isinstance(user, User) or not factor.is_of_use(user) or is_verified(user):
        return redirect(onward)
    try:
        return _asked(request, user, onward)
    except SealBroken as error:
        log.error("the second factor of account %d can't be used: %s", user.pk, error)
        return render(request, "accounts/second_factor.html", {"broken": True}, status=503)


def _asked(request: HttpRequest, user: User, onward: str) -> HttpResponse:
    device = factor.device_of(user) or factor.begun(user, request.session.get(BEGUN))
    if device is None:
        device = factor.begin(user)
        request.session[BEGUN] = device.pk
        return _factor_page(request, device)
    if request.method != "POST":
        return _factor_page(request, device)
    typed = request.POST.get("token", "")
    was_set, proven = device.confirmed, device
    if was_set and looks_like_a_code(typed):
        by_code = use_code(user, typed)
        if by_code is None:
            return _factor_page(request, device, wrong=True)
        proven = by_code
        messages.warning(request, "用了一个备用码。手机丢了或换了，请现在就到“我的账号”换一个验证器。")
    elif not factor.prove(user, device, _digits(typed)):
        return _factor_page(request, device, wrong=True)
    if not was_set:
        also = "" if user.has_usable_password() else "设密码，再"
        messages.success(
            request, f"第二步验证设好了。请现在就点右上角的账号名，到“我的账号”{also}生成备用码：手机丢了时用它登录。"
        )
    # A new key, because somebody may have learned the session's key before the second factor was shown.
    request.session.cycle_key()
    otp_login(request, proven)  # type: ignore[no-untyped-call]
    return redirect(onward)


def _onward(request: HttpRequest) -> str:
    """Return the address in ``?next=`` if it is one of this console, otherwise the first page."""
    asked = request.GET.get("next", "")
    # Without this check, a link with ``?next=`` could lead a person from here to a stranger's copy of the console.
    here = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if here else reverse("home")


def _digits(text: str) -> str:
    """Return the typed digits as ASCII. Full-width digits count too; spaces and other characters are dropped."""
    plain = unicodedata.normalize("NFKC", text[:64])
    return "".join(letter for letter in plain if letter in string.digits)


def _factor_page(request: HttpRequest, device: SecondFactor, *, wrong: bool = False) -> HttpResponse:
    secret = "" if device.confirmed else factor.secret_text(device)
    picture = mark_safe(factor.picture(device)) if secret else ""  # noqa: S308 - drawn here, of nothing typed
    wait_s = factor.wait_s(device) if wrong else 0
    context = {"secret": secret, "picture": picture, "wrong": wrong, "wait_s": wait_s}
    return render(request, "accounts/second_factor.html", context, status=403 if wrong else 200)


def too_busy(request: HttpRequest) -> HttpResponse:
    """Respond to a guess that got no turn (`accounts.guesses`): nothing was tried, and it may be tried again soon."""
    response = render(request, "accounts/busy.html", status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """Respond to a try on a locked account (setting ``AXES_LOCKOUT_CALLABLE``)."""
    return render(request, "accounts/locked.html", status=429)
