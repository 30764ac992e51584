"""Everybody's own account: the password, the second factor and the recovery codes."""

import unicodedata
from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from server_broker.accounts import second_factor as factor
from server_broker.accounts.account_changes import AccountRefused, set_password
from server_broker.accounts.forms import MAX_PASSWORD
from server_broker.accounts.guesses import TooBusy, guess
from server_broker.accounts.models import User
from server_broker.accounts.powers import account_of, is_verified, to_second_factor
from server_broker.accounts.recovery import codes_left, looks_like_a_code, make_codes, use_code
from server_broker.accounts.views import too_busy

type _View = Callable[[HttpRequest], HttpResponse]


def _posted(view: _View) -> _View:
    """Let a view handle only POST; who opens its address by hand, or after a new sign-in, gets the page of the form."""
    posted: _View = require_POST(view)

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        return redirect("own-account") if request.method in ("GET", "HEAD") else posted(request)

    return guarded


@never_cache
@login_required
@require_safe
def own_account(request: HttpRequest) -> HttpResponse:
    """Show what the viewer can change of the own account."""
    return _page(request)


@never_cache
@login_required
@_posted
def own_password(request: HttpRequest) -> HttpResponse:
    """Change the own password. All other sessions of the account end, and its unused links."""
    user = account_of(request)
    new = request.POST.get("new", "")[:MAX_PASSWORD]
    if new != request.POST.get("again", "")[:MAX_PASSWORD]:
        return _page(request, refused="两次输入的新密码不一样，没有改动。")
    try:
        if not _knows_password(request, user, request.POST.get("old", "")[:MAX_PASSWORD]):
            return _page(request, refused="原密码不对，没有改动。")
        set_password(user, new, actor=user.get_username())
    except TooBusy:
        return too_busy(request)
    except AccountRefused as refusal:
        return _page(request, refused=f"新密码不能用：{refusal}")
    update_session_auth_hash(request, user)
    messages.success(request, "密码已改。在别处的登录都已结束。")
    return redirect("own-account")


def _knows_password(request: HttpRequest, user: User, typed: str) -> bool:
    """Tell whether the password was typed; an account that signs in by links has none.

    A wrong one counts as a wrong try at signing in, so that who finds a session open can't guess here without end.
    """
    if not user.has_usable_password():
        return True
    with guess(request):
        known = authenticate(request, username=user.get_username(), password=typed)
    # The hash may have been renewed meanwhile (`User.check_password`).
    user.refresh_from_db()
    return known is not None and known.pk == user.pk


@never_cache
@login_required
@_posted
def own_recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make ten recovery codes and show them, this once."""
    user = account_of(request)
    if refusal := _unless_proven(request, user) or _unless_proven_again(request, user):
        return refusal
    return render(request, "accounts/recovery_codes.html", {"codes": make_codes(user)})


@never_cache
@login_required
@_posted
def own_second_factor(request: HttpRequest) -> HttpResponse:
    """Forget the own authenticator app and the recovery codes, and set up another app."""
    user = account_of(request)
    if refusal := _unless_proven(request, user) or _unless_proven_again(request, user):
        return refusal
    factor.reset(user, actor=user.get_username())
    return redirect("second-factor")


def _unless_proven(request: HttpRequest, user: User) -> HttpResponse | None:
    """Return the answer for a session that has not shown the second factor, or None.

    Raises:
        PermissionDenied: The account has no power that asks for it.
    """
    if not factor.is_of_use(user):
        raise PermissionDenied("这个账号不用第二步验证")
    return None if is_verified(user) else to_second_factor(request)


def _unless_proven_again(request: HttpRequest, user: User) -> HttpResponse | None:
    """Return the answer if neither the password nor a code was typed now, or None.

    Whoever finds a session open could otherwise take the account over for good. A recovery code counts too: an account
    may have no password, and the telephone may be gone.
    """
    typed = request.POST.get("proof", "")[:MAX_PASSWORD]
    token = unicodedata.normalize("NFKC", typed).replace(" ", "")
    try:
        # No password is as short as a token or, but by chance, made of a recovery code's letters alone.
        if len(token) == factor.TOKEN_DIGITS and token.isdecimal():
            known = factor.token_is_right(user, token)
        elif looks_like_a_code(typed) and use_code(user, typed):
            known = True
        else:
            known = user.has_usable_password() and _knows_password(request, user, typed)
    except TooBusy:
        return too_busy(request)
    return None if known else _page(request, refused="密码或验证码不对，没有改动。验证码用过一次就要等下一个。")


def _page(request: HttpRequest, *, refused: str = "") -> HttpResponse:
    user = account_of(request)
    context = {
        "refused": refused,
        "has_password": user.has_usable_password(),
        "factor_is_of_use": factor.is_of_use(user),
        "has_device": factor.device_of(user) is not None,
        "codes_left": codes_left(user),
    }
    return render(request, "accounts/own_account.html", context, status=422 if refused else 200)
