"""用 Excel 导入: people, cards, stations and rosters from a file."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from protocol.printed_cards import Format
from server_broker.accounts.powers import Power, needs
from server_broker.console.importing import ImportPages
from server_broker.rosters.card_forms import FORM_WORDS
from server_broker.rosters.plan import Plan
from server_broker.rosters.roster_import import PEOPLE_IMPORT, read_import
from server_broker.rosters.rows import FORMS


def _card_form(request: HttpRequest) -> Format | None:
    """Return the form of card numbers that the person chose, or None if each row of the file names its own."""
    return next((form for form in FORMS if form == request.POST.get("card_form")), None)


def _read(request: HttpRequest, _name: str, content: bytes) -> Plan:
    return read_import(content, card_form=_card_form(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    return {"forms": FORM_WORDS.items(), "chosen": _card_form(request)}


_PAGES = ImportPages(
    of=PEOPLE_IMPORT,
    read=_read,
    form="people-import",
    done="people",
    section="people",
    templates=("console/import.html", "console/import_confirm.html"),
    context=_context,
)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.EDIT_PEOPLE)
def import_file(request: HttpRequest) -> HttpResponse:
    """Show the form, or take a file and lead on to the preview of its changes."""
    return _PAGES.upload(request)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.EDIT_PEOPLE)
def confirm_import(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """Show which changes a file would make, or make exactly these."""
    return _PAGES.confirm(request, token)
