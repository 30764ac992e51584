"""Pictures, voices and screens of a learning pack that waits for a second person."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from protocol.kiosk_drawing import QuestionToDraw
from server_broker.accounts.powers import Power, needs
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.models import WrittenPack
from server_broker.bundles.written_packs import PackFile, pack_of
from server_broker.console.downloads import SANDBOX
from server_broker.console.queries import written_of
from server_broker.editing.kiosk_pictures import SCREENS, NotDrawn, draw

SVG_TYPE = "image/svg+xml"


@require_safe
@needs(Power.SEE_CONTENT)
def written_file(request: HttpRequest, pk: str, name: str) -> HttpResponse:
    """Send a picture or a sound."""
    _, files = _pack(request, int(pk))
    if (file := files.get(name)) is None:
        raise Http404
    return HttpResponse(file.content, content_type=file.media_type, headers=SANDBOX)


@require_safe
@needs(Power.SEE_CONTENT)
def written_screen(request: HttpRequest, pk: str, place: str, which: str) -> HttpResponse:
    """Draw a question as the kiosk will show it: ``asked``, or ``marked`` after a right answer."""
    questions, files = _pack(request, int(pk))
    if int(place) >= len(questions):
        raise Http404
    one = questions[int(place)]
    picture = files.get(one.question.picture or "")
    to_draw = QuestionToDraw(
        title=one.title,
        level=one.level,
        sample=one.sample,
        question=one.question,
        picture=picture.content if picture is not None else b"",
    )
    try:
        drawn = draw(to_draw, SCREENS["usual"])
    except NotDrawn as why:
        return HttpResponse(str(why), status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse(getattr(drawn, which), content_type=SVG_TYPE, headers=SANDBOX)


def _pack(request: HttpRequest, pk: int) -> tuple[list[QuestionToDraw], dict[str, PackFile]]:
    """Return the questions of a pack of the viewer's regions in their order, and its files; else 404."""
    row = get_object_or_404(written_of(WrittenPack, request.user), pk=pk)
    try:
        pack, files = pack_of(row)
    except NotPublished as error:
        raise Http404 from error
    questions = [
        QuestionToDraw(title=pack.title, level=level.name, sample=pack.sample, question=question)
        for level in pack.levels
        for question in level.questions
    ]
    return questions, dict(files)
