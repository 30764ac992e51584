"""语音: the sentences of the kiosk and the questions, which of them are mute, and a recording for each."""

import logging
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from protocol.clip_sound import CLIP_MEDIA_TYPE, MAX_CLIP_MS
from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import sees_county
from server_broker.bundles.clip_making import MAX_RECORDING_BYTES
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import BundleQuerySet
from server_broker.bundles.voice import Row, Voice, drop_clip, packs_with_questions, record_clip
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import bundles_of

log = logging.getLogger(__name__)

PAGE_SIZE = 50
_STATES = ("all", "mute")
_RECORDER = "camera=(), microphone=(self), geolocation=()"


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of the page. ``query`` names it in addresses and forms."""

    row: Row
    query: str
    anchor: str


@require_safe
@needs(Power.SEE_CONTENT)
def voice(request: HttpRequest) -> HttpResponse:
    """Show what can be recorded: the kiosk's sentences, or the questions of one pack."""
    packs = list(_packs(request))
    pack = next((one for one in packs if one.bundle == request.GET.get("pack")), None)
    known = _voice()
    rows = known.lines() if pack is None else known.questions(pack)
    state = parameters.choice(request.GET, "state", _STATES)
    shown = [row for row in rows if row.mute or state == "all"]
    page = Paginator(shown, PAGE_SIZE).get_page(parameters.page_number(request.GET))
    context = {
        "section": "published",
        "page": page,
        "rows": [_shown(row) for row in page.object_list],
        "packs": packs,
        "pack": pack,
        "state": state,
        "mute": sum(row.mute for row in rows),
        "of": len(rows),
        "bundle": known.bundle,
        "may_record": _may_record(request),
        "seconds": MAX_CLIP_MS // 1000,
    }
    response = render(request, "console/voice.html", context)
    response.headers["Permissions-Policy"] = _RECORDER
    return response


@require_safe
@needs(Power.SEE_CONTENT)
def voice_sound(request: HttpRequest) -> HttpResponse:
    """Send the recording of one sentence, so that somebody hears it."""
    known = _voice()
    sound = known.sound(_row_of(request, known, request.GET))
    if sound is None:
        raise Http404
    return HttpResponse(sound, content_type=CLIP_MEDIA_TYPE)


@post_only("voice")
@needs(Power.PUBLISH)
def record_voice(request: HttpRequest) -> HttpResponse:
    """Publish a recording, or say in Chinese why it is none."""
    row = _own_row(request)
    file = request.FILES.get("recording")
    if not isinstance(file, UploadedFile):
        messages.error(request, "还没有录音：请按“录音”，或者选一个文件。")
        return redirect(_back(row))
    try:
        # One byte more than allowed tells that the file is too large, without the rest in memory.
        recording = file.read(MAX_RECORDING_BYTES + 1)
        record_clip(row.spoken, recording, folder=_folder(), author=request.user.get_username(), at=timezone.now())
    except NotPublished as refused:
        messages.error(request, f"没有录上：{refused}。")
    except OSError as error:
        log.error("the county's disk takes no recording: %s", error)
        messages.error(request, "没有录上：县里的磁盘写不进去，可能满了。请告诉县运维。")
    else:
        messages.success(request, f"已录上“{row.spoken.words}”。站点夜里来取，取到以后大屏就能念。")
    return redirect(_back(row))


@post_only("voice")
@needs(Power.PUBLISH)
def drop_voice(request: HttpRequest) -> HttpResponse:
    """Take a recording back."""
    row = _own_row(request)
    try:
        drop_clip(row.spoken, folder=_folder(), author=request.user.get_username(), at=timezone.now())
    except NotPublished as refused:
        messages.error(request, f"没有删：{refused}。")
    else:
        messages.success(request, f"已删掉“{row.spoken.words}”的录音。站点取到以后不再念它。")
    return redirect(_back(row))


def _voice() -> Voice:
    return Voice(_folder(), now=timezone.now())


def _folder() -> BundleFolder:
    return BundleFolder(settings.HOME.bundles)


def _packs(request: HttpRequest) -> BundleQuerySet:
    seen = bundles_of(request.user).values("pk")
    return packs_with_questions(timezone.now()).filter(pk__in=seen)


def _may_record(request: HttpRequest) -> bool:
    # The recordings are for the whole county, so they are in the hands of those who see it.
    return may(request.user, Power.PUBLISH) and sees_county(request.user)


def _own_row(request: HttpRequest) -> Row:
    if not sees_county(request.user):
        raise Http404
    return _row_of(request, _voice(), request.POST)


def _row_of(request: HttpRequest, known: Voice, asked: QueryDict) -> Row:
    row = known.find(
        packs=_packs(request),
        line=asked.get("line", "")[:64],
        pack=asked.get("pack", "")[:64],
        question=asked.get("question", "")[:64],
    )
    if row is None:
        raise Http404
    return row


def _shown(row: Row) -> Shown:
    spoken = row.spoken
    named = {"line": spoken.line} if spoken.line else {"pack": spoken.pack, "question": spoken.question}
    return Shown(row, urlencode(named), f"s-{spoken.item.removesuffix('.opus')}")


def _back(row: Row) -> str:
    pack = {"pack": row.spoken.pack} if row.spoken.pack else {}
    return f"{reverse('voice')}?{urlencode(pack)}" if pack else reverse("voice")
