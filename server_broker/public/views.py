"""The front door's pages: sign in by number or by a kiosk's code, 我的打卡, sign out."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from server_broker.accounts.guesses import RETRY_AFTER_S, TooBusy, guess
from server_broker.public.brake import TooManyTries, begin_try
from server_broker.public.middleware import forget_session, keep_session, known_marks, present_session
from server_broker.public.month import month_of
from server_broker.public.phone_links import LinkRefused, use_code
from server_broker.public.sessions import LIFETIME, TooManySignIns, end_session
from server_broker.public.sign_in import SignInRefused, sign_in
from server_broker.public.typed_number import MOST_LETTERS

_BUSY = "现在人太多，请过几秒再试。刚才没有算作一次。"


@require_safe
def month(request: HttpRequest) -> HttpResponse:
    """Show the person's own month, or lead to the sign-in."""
    session = present_session(request)
    if session is None:
        return redirect("phone-sign-in")
    own = month_of(session.person, timezone.now())
    context = {
        "person": session.person,
        "month": own,
        "coming": [day for day in own.own.ahead if not day.is_empty],
        "earlier": [day for day in own.own.earlier if not day.is_empty],
        "ends_at": session.opened_at + LIFETIME,
    }
    return render(request, "public/month.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def by_number(request: HttpRequest) -> HttpResponse:
    """Sign in by number and PIN."""
    if request.method != "POST":
        return redirect("phone-month") if present_session(request) else _number_page(request)
    number = request.POST.get("number", "")
    try:
        with guess(request):
            token = sign_in(
                number,
                request.POST.get("pin", ""),
                address=_address(request),
                now=timezone.now(),
                marks=known_marks(request),
            )
    except TooBusy:
        return _busy(_number_page(request, number=number, wrong=_BUSY, status=503))
    except (TooManyTries, TooManySignIns) as error:
        return _number_page(request, number=number, wrong=str(error), status=429)
    except SignInRefused as error:
        return _number_page(request, number=number, wrong=str(error), status=403)
    response = redirect("phone-month")
    keep_session(request, response, token)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def by_code(request: HttpRequest) -> HttpResponse:
    """Sign in by the code that a kiosk showed.

    The QR code's address has it in the fragment, which stays in the telephone: a script puts it into the form, and the
    person presses the button. Without a script the person types it from the kiosk's screen.
    """
    if request.method != "POST":
        return _code_page(request)
    now = timezone.now()
    try:
        wrong = begin_try("code", _address(request), now)
        token = use_code(request.POST.get("code", ""), now=now)
    except (TooManyTries, TooManySignIns) as error:
        return _code_page(request, wrong=str(error), status=429)
    except LinkRefused as error:
        return _code_page(request, wrong=str(error), waits=error.waits, status=409 if error.waits else 403)
    wrong.delete()
    response = redirect("phone-month")
    keep_session(request, response, token)
    return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    session = present_session(request)
    if session is not None:
        end_session(session)
    response = redirect("phone-sign-in")
    forget_session(response)
    return response


def not_here(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that there is no such page. The first page is the only way on."""
    return render(request, "public/said.html", {"title": "没有这个页面"}, status=404)


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that the request can't be answered, for example because it names another host."""
    return render(request, "public/said.html", {"title": "请求有误"}, status=400)


def failed(request: HttpRequest) -> HttpResponse:
    """Say that something went wrong here."""
    return render(request, "public/said.html", {"title": "出错了，请稍后再试"}, status=500)


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form did not come from a page of this host, or from one that is too old (setting)."""
    return render(request, "public/said.html", {"title": "页面放得太久，请回去重新填一次"}, status=403)


def _number_page(request: HttpRequest, *, number: str = "", wrong: str = "", status: int = 200) -> HttpResponse:
    return render(request, "public/sign_in.html", {"number": number[:MOST_LETTERS], "wrong": wrong}, status=status)


def _code_page(request: HttpRequest, *, wrong: str = "", waits: bool = False, status: int = 200) -> HttpResponse:
    return render(request, "public/code.html", {"wrong": wrong, "waits": waits}, status=status)


def _busy(response: HttpResponse) -> HttpResponse:
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
