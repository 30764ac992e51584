"""题目情况: how people answer a pack's questions, as an aid for whoever writes them; no person is named or ranked."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.console.queries import bundles_of, townships_of
from server_broker.learning.models import LearningPack, RemarkedQuestion
from server_broker.progress.completion import shares_of
from server_broker.progress.models import LEAST_SHOWN, PackCounted, in_tens
from server_broker.progress.question_counts import questions_shown
from server_broker.regions.models import TOWNSHIP_DIGITS


@require_safe
@needs(Power.WRITE)
def pack_questions(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how the questions of a pack were answered, which were marked anew, and which share has completed it."""
    bundle = get_object_or_404(bundles_of(request.user).filter(kind="questions"), pk=pk)
    row = LearningPack.objects.newest().filter(pack=bundle.bundle).first()
    if row is None:
        raise Http404
    names = {one.code[:TOWNSHIP_DIGITS]: one.name for one in townships_of(request.user)}
    shares = shares_of(row.pack, list(names), timezone.now())
    questions = questions_shown(row)
    stems = {one.question.id: one.question.stem for one in questions}
    remarked = (
        RemarkedQuestion.objects.filter(pack__pack=row.pack)
        .select_related("pack")
        .order_by("-pack__version", "question")
    )
    context = {
        "section": "published",
        "bundle": bundle,
        "pack": row,
        "counted": PackCounted.objects.filter(pack=row.pack).first(),
        "questions": questions,
        "remarked": [(stems.get(one.question, one.question), one, in_tens(one.attempts)) for one in remarked],
        "shares": [(names[one.code], one) for one in shares],
        "least": LEAST_SHOWN,
    }
    return render(request, "console/pack_questions.html", context)
