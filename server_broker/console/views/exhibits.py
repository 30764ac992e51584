"""What a correction rests on: an officer adds a snapshot, a witness or a paper, and whoever decides looks at it."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from protocol.plain_text import one_line
from server_broker.accounts.own_affairs import OwnAffair
from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import in_scope
from server_broker.console import parameters
from server_broker.console.downloads import SANDBOX
from server_broker.console.post_only import post_only
from server_broker.console.queries import blobs_of, people_of
from server_broker.console.seen import note_paper_seen, note_seen
from server_broker.console.views.affairs import case_seen_by
from server_broker.media.files import MediaFolder
from server_broker.media.holds import HoldRefused
from server_broker.media.kinds import JPEG, PDF, PNG
from server_broker.media.pictures import open_blob
from server_broker.requests.exhibits import Nearby, add_paper, add_snapshot, add_witness
from server_broker.requests.kinds import CORRECTION
from server_broker.requests.models import CountyRequest, Exhibit, ExhibitKind
from server_broker.requests.refused import RequestRefused

_ENDINGS = {JPEG: "jpg", PNG: "png", PDF: "pdf"}


@post_only("affairs")
@needs(Power.ENTER_REQUESTS)
def exhibit_add(request: HttpRequest, key: str, exhibit: str) -> HttpResponse:
    """Add a snapshot or a witness by a touch, or a paper that is sent along."""
    asked = _asked(request, key)
    adds: dict[str, Callable[[HttpRequest, CountyRequest], Exhibit]] = {
        ExhibitKind.SNAPSHOT: _snapshot,
        ExhibitKind.WITNESS: _witness,
        ExhibitKind.PAPER: _paper,
    }
    try:
        adds[exhibit](request, asked)
    except (RequestRefused, OwnAffair, HoldRefused) as refused:
        messages.error(request, f"没有加：{str(refused).rstrip('。')}。")
    else:
        messages.success(request, "已加为凭据，定的人看得到。")
    return redirect("affair", key)


def _snapshot(request: HttpRequest, asked: CountyRequest) -> Exhibit:
    # Whoever may not see the picture does not choose it either, and it is held.
    if not (may(request.user, Power.SEE_PICTURES) and may(request.user, Power.HOLD_FILES)):
        raise RequestRefused("您没有看图片和保留图片的权限")

    def sees(one: Nearby) -> bool:
        # The window may be in a village where the viewer sees nothing.
        return one.picture is None or blobs_of(request.user).filter(pk=one.picture.pk).exists()

    return add_snapshot(asked, _touch(request), may_choose=sees, by=account_of(request), now=timezone.now())


def _witness(request: HttpRequest, asked: CountyRequest) -> Exhibit:
    def sees(one: Nearby) -> bool:
        # A name of elsewhere is not told, so nobody of elsewhere is chosen.
        person = one.row.person
        return person is None or people_of(request.user).filter(pk=person.pk).exists()

    account, now = account_of(request), timezone.now()
    return add_witness(asked, _touch(request), may_choose=sees, note=_note(request), by=account, now=now)


def _paper(request: HttpRequest, asked: CountyRequest) -> Exhibit:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise RequestRefused("请选一个文件")
    folder = MediaFolder(settings.HOME.media)
    account, now = account_of(request), timezone.now()
    return add_paper(asked, file.read(), note=_note(request), by=account, now=now, folder=folder)


@require_safe
@needs(Power.APPROVE_REQUESTS)
def exhibit_file(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Send the file of a paper or a snapshot to whoever may decide about the request. It is recorded.

    A deputy decides about people of elsewhere, and so sees their pictures too; but nobody does who sees none at home.
    """
    case = case_seen_by(account_of(request), key, timezone.now())
    one = get_object_or_404(Exhibit.objects.select_related("blob"), pk=pk, asked=case.here, blob__isnull=False)
    assert one.blob is not None
    if one.kind == ExhibitKind.SNAPSHOT and not may(request.user, Power.SEE_PICTURES):
        raise PermissionDenied
    # Of pictures that came before kinds were judged it is known that they may be shown.
    kind = JPEG if one.blob.viewable else one.blob.judged_type
    file = open_blob(one.blob) if kind in _ENDINGS else None
    if file is None:
        raise Http404
    (note_seen if one.kind == ExhibitKind.SNAPSHOT else note_paper_seen)(request, one.blob)
    name = f"{case.asked.number}-{pk}.{_ENDINGS[kind]}"
    with file:
        response = HttpResponse(file.read(), content_type=kind, headers=SANDBOX)
    # A JPEG was decoded whole and is shown; anything else is handed out as a file.
    disposition = content_disposition_header(as_attachment=kind != JPEG, filename=name)
    response["Content-Disposition"] = disposition or "attachment"
    response["Cache-Control"] = "no-store"
    return response


def _asked(request: HttpRequest, key: str) -> CountyRequest:
    """Return a correction about somebody of the viewer's regions; else 404."""
    case = case_seen_by(account_of(request), key, timezone.now())
    if case.here is None or case.here.kind != CORRECTION or not in_scope(request.user, case.here.person.village_id):
        raise Http404
    return case.here


def _touch(request: HttpRequest) -> int:
    return parameters.number(request.POST, "touch")


def _note(request: HttpRequest) -> str:
    return one_line(request.POST.get("note", "")).strip()
