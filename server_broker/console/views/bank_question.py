"""One question of a bank in the making: its texts, its picture and voice, and beside them the kiosk's own screens."""

import base64
from dataclasses import dataclass
from itertools import zip_longest

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from protocol.clip_sound import MAX_CLIP_MS
from protocol.kiosk_drawing import QuestionToDraw
from protocol.packs import MAX_EXPLANATION, MAX_OPTION, MAX_SOURCE, MAX_STEM, MIN_DRAW, Question
from server_broker.accounts.powers import Power, needs
from server_broker.bundles.clip_making import MAX_RECORDING_BYTES
from server_broker.bundles.documents import MAX_PICTURE_FILE_BYTES
from server_broker.console import parameters
from server_broker.console.downloads import SANDBOX
from server_broker.console.post_only import post_only
from server_broker.console.views.banks import bank_of, editor_of
from server_broker.content.bank import Bank, BankLevel
from server_broker.content.drafts import LETTERS
from server_broker.content.lint import lint
from server_broker.content.sheet import KINDS, QuestionRow, draft_of
from server_broker.content.sheet_writing import typed_answer
from server_broker.editing.changing import NotChanged
from server_broker.editing.kiosk_pictures import SCREENS, NotDrawn, draw
from server_broker.editing.models import BankDraft, DraftQuestion
from server_broker.editing.questions import (
    GONE,
    LONGEST_FIELD,
    Judged,
    QuestionGone,
    SavedByAnother,
    Written,
    drop_file,
    drop_question,
    judge_written,
    put_picture,
    put_sound,
    save_question,
    written_of,
)

_RECORDER = "camera=(), microphone=(self), geolocation=()"


@dataclass(frozen=True, slots=True)
class Typed:
    """A question as the form has it."""

    written: Written
    answer: str
    """As it was typed."""
    unread: tuple[str, ...] = ()
    """What of it can't be read."""


@dataclass(frozen=True, slots=True)
class Screens:
    """The kiosk's screens of a question as addresses of pictures, or why there are none."""

    asked: str = ""
    marked: str = ""
    why_not: str = ""


@require_safe
@needs(Power.WRITE)
def bank_question(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    """Show one question with its form and its screens."""
    draft, row = _question(request, pk, question)
    typed = Typed(written_of(row), typed_answer(row.kind, row.options, row.answer))
    return _page(request, draft, row, typed)


def _page(
    request: HttpRequest, draft: BankDraft, row: DraftQuestion, typed: Typed, *, status: int = 200
) -> HttpResponse:
    siblings = list(
        DraftQuestion.objects.filter(level__draft=draft)
        .order_by("level__place", "level_id", "place", "pk")
        .values_list("pk", flat=True)
    )
    place = siblings.index(row.pk)
    context = {
        "section": "published",
        "draft": draft,
        "row": row,
        "typed": typed,
        "options": list(zip_longest(LETTERS, typed.written.options, fillvalue="")),
        "kinds": KINDS.items(),
        "levels": draft.levels.all(),
        "before": siblings[place - 1] if place else None,
        "after": siblings[place + 1] if place + 1 < len(siblings) else None,
        "number": place + 1,
        "of": len(siblings),
        "limits": {"stem": MAX_STEM, "option": MAX_OPTION, "explanation": MAX_EXPLANATION, "source": MAX_SOURCE},
        "longest": LONGEST_FIELD,
        "seconds": MAX_CLIP_MS // 1000,
        **_shown(draft, row, typed, "usual"),
    }
    response = render(request, "console/bank_question.html", context, status=status)
    response.headers["Permissions-Policy"] = _RECORDER
    return response


@post_only("bank-question", "pk", "question")
@needs(Power.WRITE)
def question_shown(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    """Judge and draw a question as it is typed now. Nothing is saved."""
    draft, row = _question(request, pk, question)
    screen = parameters.choice(request.POST, "screen", tuple(SCREENS))
    return render(request, "console/_bank_question_shown.html", _shown(draft, row, _typed(request.POST), screen))


@post_only("bank-question", "pk", "question")
@needs(Power.WRITE)
def question_save(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    """Save a question, right or wrong, and go where the button leads."""
    draft, row = _to_change(request, pk, question)
    typed = _typed(request.POST)
    if row is None:
        return _gone(request, draft, typed)
    level = draft.levels.filter(pk=parameters.number(request.POST, "level")).first() or row.level
    revision = parameters.number(request.POST, "revision")
    try:
        save_question(row, typed.written, level=level, revision=revision, by=editor_of(request))
    except QuestionGone:
        return _gone(request, draft, typed)
    except SavedByAnother as refused:
        # The form has the revision that the other one has made.
        messages.error(request, f"没有保存：{refused}。下面是您写的；再按“保存”，就换掉别人刚存的。")
        return _page(request, draft, row, typed, status=409)
    except NotChanged as refused:
        messages.error(request, f"没有保存：{refused}。下面是您写的。")
        return _page(request, draft, row, typed, status=409)
    for unread in typed.unread:
        messages.warning(request, f"{unread}。")
    messages.success(request, "已保存。")
    if request.POST.get("step") == "next" and (after := parameters.number(request.POST, "after")):
        return redirect("bank-question", pk, after)
    return redirect("bank-question", pk, question)


@post_only("bank-question", "pk", "question")
@needs(Power.WRITE)
def question_drop(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    """Take a question out of its bank."""
    _, row = _to_change(request, pk, question)
    try:
        if row is None:
            raise QuestionGone
        drop_question(row, editor_of(request), revision=parameters.number(request.POST, "revision"))
    except QuestionGone as refused:
        messages.error(request, f"{refused}。")
        return redirect("bank", pk)
    except NotChanged as refused:
        messages.error(request, f"没有删：{refused}。")
        return redirect("bank-question", pk, question)
    messages.success(request, "已删掉这道题。")
    return redirect("bank", pk)


@post_only("bank-question", "pk", "question")
@needs(Power.WRITE)
def question_file(request: HttpRequest, pk: str, question: str, item: str) -> HttpResponse:
    """Give a question a picture or a voice, or take it away."""
    _, row = _to_change(request, int(pk), int(question))
    by = editor_of(request)
    file = request.FILES.get("recording" if item == "sound" else "picture")
    try:
        if row is None:
            raise QuestionGone
        if request.POST.get("step") == "drop":
            drop_file(row, item, by, revision=parameters.number(request.POST, "revision"))
            done = "已拿掉"
        elif not isinstance(file, UploadedFile):
            raise NotChanged("请先录音，或者选一个文件" if item == "sound" else "请先选一张图片")
        elif item == "sound":
            put_sound(row, file.read(MAX_RECORDING_BYTES + 1), by)
            done = "录音已放上"
        else:
            put_picture(row, file.read(MAX_PICTURE_FILE_BYTES + 1), by)
            done = "图片已放上"
    except QuestionGone as refused:
        messages.error(request, f"没有放上：{refused}。")
        return redirect("bank", pk)
    except NotChanged as refused:
        messages.error(request, f"没有放上：{str(refused).removesuffix('。')}。")
    else:
        messages.success(request, f"{done}。")
    return redirect("bank-question", pk, question)


@require_safe
@needs(Power.WRITE)
def bank_draft_file(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Send a picture or a sound of a bank."""
    file = bank_of(request, pk).files.filter(name=name).first()
    if file is None:
        raise Http404
    return HttpResponse(bytes(file.content), content_type=file.media_type, headers=SANDBOX)


def _question(request: HttpRequest, pk: int, question: int) -> tuple[BankDraft, DraftQuestion]:
    draft, row = _to_change(request, pk, question)
    if row is None:
        raise Http404
    return draft, row


def _to_change(request: HttpRequest, pk: int, question: int) -> tuple[BankDraft, DraftQuestion | None]:
    """Return a bank of the viewer's regions, else 404, and its question; None if somebody has deleted that."""
    draft = bank_of(request, pk)
    rows = DraftQuestion.objects.filter(level__draft=draft)
    return draft, rows.select_related("level__draft__region", "level__draft__written").filter(pk=question).first()


def _gone(request: HttpRequest, draft: BankDraft, typed: Typed) -> HttpResponse:
    """Show what was typed of a question that is no longer there, to be copied."""
    messages.error(request, f"没有保存：{GONE}。")
    context = {
        "section": "published",
        "draft": draft,
        "typed": typed,
        "options": list(zip(LETTERS, typed.written.options, strict=False)),
        "kind": next((word for code, word in KINDS.items() if code == typed.written.kind), ""),
    }
    return render(request, "console/bank_question_gone.html", context, status=409)


def _typed(values: QueryDict) -> Typed:
    kind = values.get("kind", "")

    def text(name: str) -> str:
        return parameters.prose(values, name, longest=LONGEST_FIELD)

    row = QuestionRow(
        0,
        kind=next((word for code, word in KINDS.items() if code == kind), ""),
        stem=text("stem"),
        options=[text(f"option-{letter}") for letter in LETTERS],
        answer=text("answer")[:16],
        explanation=text("explanation"),
        source=text("source"),
    )
    draft = draft_of(row)
    written = Written(
        kind=kind if row.kind else "",
        stem=draft.stem,
        options=draft.options,
        answer=draft.answer,
        explanation=draft.explanation,
        source=draft.source,
    )
    unread = [refusal.says for refusal in draft.refusals if refusal.code == "bad_answer" and row.answer]
    return Typed(written, row.answer, tuple(unread))


def _shown(draft: BankDraft, row: DraftQuestion, typed: Typed, screen: str) -> dict[str, object]:
    files = set(draft.files.values_list("name", flat=True))
    judged = judge_written(typed.written, ident=row.ident, picture=row.picture, sound=row.sound, files=files)
    if typed.unread:
        judged = Judged(None, (*typed.unread, *(one for one in judged.reasons if one != "没有正确答案")))
    question = judged.question
    return {
        "judged": judged,
        "advice": _advice(question) if question is not None else [],
        "screens": _screens(draft, row, question, screen) if question is not None else None,
        "screen": screen,
    }


def _advice(question: Question) -> list[str]:
    """Return what an editor should look at in a question by itself."""
    alone = Bank("b", "b", (BankLevel("l", "l", MIN_DRAW, (question,)),))
    return [one.says for one in lint(alone, today=timezone.localdate()) if one.question]


def _screens(draft: BankDraft, row: DraftQuestion, question: Question, screen: str) -> Screens:
    picture = draft.files.filter(name=row.picture).first() if row.picture else None
    to_draw = QuestionToDraw(
        title=draft.title,
        level=row.level.name,
        sample=draft.sample,
        question=question,
        picture=bytes(picture.content) if picture is not None else b"",
    )
    try:
        drawn = draw(to_draw, SCREENS[screen])
    except NotDrawn as why:
        return Screens(why_not=str(why))
    return Screens(_address(drawn.asked), _address(drawn.marked))


def _address(svg: str) -> str:
    """Return a picture as an address that holds it. A picture of a page runs no script and loads nothing."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
