"""What every request may say: how many rows from where, of which region, as of when; and the page that answers it."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Schema
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from server_broker.accounts.models import User
from server_broker.accounts.scope import regions_of
from server_broker.api.refusals import Refused
from server_broker.api_tokens.opening import Opened
from server_broker.api_tokens.uses import count_use
from server_broker.dated.days import begin_of
from server_broker.dated.models import AsOf, Dated
from server_broker.people.models import Person
from server_broker.regions.models import Region, RegionQuerySet

MOST_ROWS = 200
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LOST_PLUS = re.compile(r" (?=\d{2}:\d{2}$)", re.ASCII)


def _moment(given: object) -> dt.datetime:
    """Return the moment that an address names: RFC 3339 with its offset, or a local day, which is its beginning."""
    if isinstance(given, dt.datetime):
        return given
    # A plus sign in an address means a space, and hardly anybody remembers that.
    text = _LOST_PLUS.sub("+", str(given))
    moment = begin_of(dt.date.fromisoformat(text)) if _DATE.fullmatch(text) else dt.datetime.fromisoformat(text)
    if moment.tzinfo is None or not 2000 <= moment.year < 2100:
        raise ValueError("no moment of this century with its offset")
    return moment


def local(moment: dt.datetime) -> str:
    """Return a moment as RFC 3339 with the county's offset."""
    return timezone.localtime(moment).isoformat()


type AskedMoment = Annotated[
    dt.datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "examples": ["2026-03-01", "2026-03-01T08:30:00+08:00"]}),
]
type Moment = Annotated[
    dt.datetime,
    PlainSerializer(local, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-01T08:30:00+08:00"]}),
]
"""With the offset +08:00 in every answer."""
type Code = Annotated[str, Field(pattern=r"^[0-9]{12}$", examples=["990101001000"])]


class AskedPage(Schema):
    """What may be asked of every list."""

    limit: int = Field(100, ge=1, le=MOST_ROWS, description="一页最多几行")
    after: int = Field(0, ge=0, lt=2**63, description="从哪一行以后接着读；请直接用上一页的 next")


class Asked(AskedPage):
    """What may be asked of a list of rows that change."""

    region: Code | None = Field(None, description="只要这个区划和它下面的")
    updated_since: AskedMoment | None = Field(None, description="只要从这时起有变化的")


class AskedKnown(Asked):
    """What may be asked of a list in which dated rows say whose something is."""

    known: AskedMoment | None = Field(None, description="按县里到哪个时刻所知道的；不写就是现在")

    def known_at(self, now: dt.datetime) -> dt.datetime:
        """Return by what knowledge the question is answered.

        Raises:
            Refused: The county can't say what it will know.
        """
        return known_at(self.known, now)


class AskedDated(AskedKnown):
    """What may be asked of a list of dated rows."""

    as_of: AskedMoment | None = Field(None, description="要哪个时刻的情况；不写就是现在")

    def question(self, now: dt.datetime) -> AsOf:
        """Return the two times of the question.

        Raises:
            Refused: The county can't say what it will know.
        """
        return AsOf(self.as_of or now, self.known_at(now))


def known_at(known: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    """Return by what knowledge a question is answered.

    Raises:
        Refused: The county can't say what it will know.
    """
    if known is not None and known > now:
        raise Refused(422, "known 不能晚于现在")
    return known or now


class Row(Schema):
    """A row of a list. ``id`` stays the same, whatever else changes."""

    id: int


class DatedRow(Row):
    """What held at the time that was asked for, from when to when, and since when the county knows it."""

    valid_from: Moment | None = Field(description="从这时起；没有就是一直以来")
    valid_to: Moment | None = Field(description="到这时为止；没有就是还在继续")
    recorded_at: Moment = Field(description="县里什么时候记下的")


class PersonNamed(Schema):
    """A person, by the number and name of today."""

    id: int
    number: str
    name: str


class Place(Schema):
    """A region, by what never changes and by what it is called today."""

    id: int
    code: Code
    name: str


class Page[R: Schema](Schema):
    """A page of a list. ``next`` is the address of the page after it."""

    rows: list[R]
    next: str | None = Field(description="下一页的地址；没有就是读完了。翻页时 as_of 和 known 不变")


def place(region: Region) -> Place:
    """Return how an answer names a region."""
    return Place(id=region.identity, code=region.code, name=region.name)


def named(person: Person) -> PersonNamed:
    """Return how an answer names a person."""
    return PersonNamed(id=person.pk, number=person.number, name=person.name)


def dated(row: Dated) -> dict[str, Any]:
    """Return the fields that every dated row of an answer has."""
    return {
        "id": row.subject_id,  # type: ignore[attr-defined]  # each model has its own
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "recorded_at": row.recorded_at,
    }


@dataclass(frozen=True, slots=True)
class Found:
    """A page as a list's view returns it; django-ninja makes a `Page` of the list's own rows of it."""

    rows: Sequence[Schema]
    next: str | None


def opened_of(request: HttpRequest) -> Opened:
    """Return what the token of a request opens: `server_broker.api.door` has judged it."""
    return cast(Opened, request.opened)  # type: ignore[attr-defined]


def viewer_of(request: HttpRequest) -> User:
    """Return the viewer whose rows a request reads."""
    return opened_of(request).viewer


def regions_in(request: HttpRequest, region: Code | None) -> RegionQuerySet:
    """Return the regions that the request is about: all that the token reads, or those under the code ``region``.

    Raises:
        Refused: The region is not among them; whether it exists is not said.
    """
    seen = regions_of(viewer_of(request))
    if region is None:
        return seen
    if not seen.filter(pk=region).exists():
        raise Refused(404, "没有这个区划，或不在令牌的范围内")
    return seen.under(region)


def changed_since(since: dt.datetime) -> Q:
    """Return the condition that a dated row holds, or is on file, only since then or later."""
    return Q(recorded_at__gte=since) | Q(valid_from__gte=since)


def page_of(
    request: HttpRequest,
    resource: str,
    asked: AskedPage,
    rows: QuerySet[Any],
    shown: Callable[[Sequence[Any]], Sequence[Schema]],
    *,
    key: str = "pk",
    question: AsOf | None = None,
    known: dt.datetime | None = None,
    last: int | None = None,
) -> Found:
    """Return a page of rows in the order of ``key``, a unique column. It is counted before it is returned.

    Args:
        shown: Makes rows of the answer, one for each and in their order.
        question: What the rows answer, if they are dated. The pages after this one answer the same.
        known: By what knowledge they are shown, if only that was asked.
        last: The row at which the last page ends, if the list asks for it (``last`` among its parameters).

    Raises:
        Refused: The request says something that the list does not know.
    """
    refuse_unknown(request, asked)
    found = list(rows.filter(**{f"{key}__gt": asked.after}).order_by(key)[: asked.limit + 1])
    listed = found[: asked.limit]
    after = None
    if len(found) > len(listed):
        # Whatever is recorded between two pages is for the next time.
        kept = {} if question is None else {"as_of": local(question.at)}
        if (pinned := question.known if question is not None else known) is not None:
            kept |= {"known": local(pinned)}
        if last is not None:
            kept |= {"last": str(last)}
        after = _next(request, getattr(listed[-1], key), kept)
    return _counted(request, resource, Found(shown(listed), after))


def page_of_places[T](
    request: HttpRequest,
    resource: str,
    asked: AskedPage,
    listed: Sequence[T],
    shown: Callable[[Sequence[T]], Sequence[Schema]],
    *,
    known: dt.datetime | None = None,
) -> Found:
    """Return a page of what was reckoned, in its order: ``after`` counts rows. The arguments are those of `page_of`."""
    refuse_unknown(request, asked)
    end = asked.after + asked.limit
    kept = {} if known is None else {"known": local(known)}
    after = _next(request, end, kept) if end < len(listed) else None
    return _counted(request, resource, Found(shown(listed[asked.after : end]), after))


def refuse_unknown(request: HttpRequest, asked: AskedPage) -> None:
    """Check that a request says nothing that its list does not know.

    Raises:
        Refused: It does. It is not passed over: who mistypes "as_of" would take today's rows for those of another day.
    """
    names = type(asked).model_fields
    if unknown := sorted(set(request.GET) - set(names)):
        raise Refused(422, f"没有这个参数：{unknown[0][:32]}；可以用 {'、'.join(sorted(names))}")


def _next(request: HttpRequest, after: object, kept: dict[str, str]) -> str:
    """Return the address of the page after a row, with what the request said and what must not shift."""
    return f"{request.path}?{urlencode(request.GET.dict() | kept | {'after': str(after)})}"


def _counted(request: HttpRequest, resource: str, found: Found) -> Found:
    count_use(opened_of(request).token, resource, len(found.rows), now=timezone.now())
    return found
