"""帮助: the guides, for everybody who has signed in. They name nobody and hold no secret."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from server_broker.accounts.models import Role, User
from server_broker.accounts.powers import account_of
from server_broker.console import guides, parameters
from server_broker.console.guides import Guide
from server_broker.console.help_places import FOR_ROLES

_PICTURES_KEPT = "private, max-age=86400"


@require_safe
@login_required
def help_index(request: HttpRequest) -> HttpResponse:
    """Show which guides there are, those of the viewer's role first, or where ``?q=`` occurs in them."""
    search = parameters.text(request.GET, "q")
    context = {
        "section": "help",
        "search": search,
        "found": guides.search(search) if search else [],
        "most": guides.MOST_FOUND,
        "groups": _groups(account_of(request)),
    }
    return render(request, "console/help.html", context)


def _groups(user: User) -> list[tuple[str, list[Guide]]]:
    """Return the guides by whom they are for; one that is for several roles stands with each."""
    roles = sorted(Role, key=lambda role: role != user.role)
    groups = [
        (role.label, [guide for guide in guides.guides().values() if role in FOR_ROLES.get(guide.name, ())])
        for role in roles
    ]
    groups.append(("装机员", [guide for guide in guides.guides().values() if guide.name not in FOR_ROLES]))
    return [(word, listed) for word, listed in groups if listed]


@require_safe
@login_required
def help_guide(request: HttpRequest, guide: str) -> HttpResponse:
    """Show one guide."""
    if guide not in guides.guides():
        raise Http404
    page = guides.page_of(guide)
    # The renderer escapes all HTML of the guide, which is a file of ours besides.
    html = mark_safe(page.html)  # noqa: S308
    context = {"section": "help", "guide": guides.guides()[guide], "html": html, "sections": page.sections}
    return render(request, "console/guide.html", context)


@require_safe
@login_required
def help_picture(_request: HttpRequest, picture: str) -> HttpResponse:
    """Respond with a picture that a guide shows."""
    file = guides.picture_file(picture)
    if file is None:
        raise Http404
    response = HttpResponse(file.read_bytes(), content_type="image/png")
    response["Cache-Control"] = _PICTURES_KEPT
    return response
