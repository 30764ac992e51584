"""The list of people with their posts."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, F, OuterRef
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from server_broker.api.asking import (
    AskedDated,
    DatedRow,
    Found,
    Moment,
    Page,
    Place,
    changed_since,
    dated,
    page_of,
    place,
    regions_in,
    viewer_of,
)
from server_broker.console.queries import people_of
from server_broker.people.models import HoldingRecord, HoldingState, PersonRecord

router = Router(tags=["人员"])


class PostHeld(Schema):
    """A post that a person holds, held or will hold, for a time."""

    post: int = Field(description="职务的 id，与单位名单里的相同")
    title: str
    unit: int = Field(description="单位的 id")
    unit_name: str
    state: str = Field(description="held 在岗，seconded 借调，suspended 停职，off 离岗")
    since: Moment | None
    until: Moment | None = Field(description="到这时为止，这一时刻已不在任")


class PersonRow(DatedRow):
    """A person. ``id`` is the county's own, ``number`` the staff number."""

    number: str
    name: str
    type: str = Field(description="cadre 村干部，resident 驻村干部，official 机关干部，member 党员，villager 村民")
    region: Place = Field(description="所在的村，或镇、县")
    left: bool = Field(description="已离开，或还没有在册")
    posts: list[PostHeld] = Field(description="按 known 所知道的全部任职，以前和以后的也在内")


@router.get("/people", response=Page[PersonRow], summary="人员和任职")
def people(request: HttpRequest, asked: Query[AskedDated]) -> Found:
    """List the people as they were on file. Whom the token's region does not have today is not among them."""
    question = asked.question(timezone.now())
    rows = PersonRecord.objects.as_of(question).filter(subject__in=people_of(viewer_of(request)))
    if asked.region is not None:
        rows = rows.filter(village__in=regions_in(request, asked.region).values("identity"))
    if (since := asked.updated_since) is not None:
        posts = HoldingRecord.objects.known(question.known).filter(subject__person=OuterRef("subject"))
        rows = rows.filter(changed_since(since) | Exists(posts.filter(changed_since(since))))

    def shown(listed: Sequence[PersonRecord]) -> list[PersonRow]:
        posts = _posts([row.subject_id for row in listed], question.known)
        return [
            PersonRow(
                **dated(row),
                number=row.number,
                name=row.name,
                type=row.type,
                region=place(row.village),
                left=row.left,
                posts=posts[row.subject_id],
            )
            for row in listed
        ]

    return page_of(request, "people", asked, rows.select_related("village"), shown, key="subject_id", question=question)


def _posts(people: list[int], known: datetime | None) -> dict[int, list[PostHeld]]:
    held: dict[int, list[PostHeld]] = defaultdict(list)
    rows = HoldingRecord.objects.known(known).filter(subject__person__in=people).exclude(state=HoldingState.ENDED)
    rows = rows.select_related("subject__post__unit").order_by(F("valid_from").asc(nulls_first=True), "pk")
    for row in rows:
        post = row.subject.post
        held[row.subject.person_id].append(
            PostHeld(
                post=post.pk,
                title=post.title,
                unit=post.unit_id,
                unit_name=post.unit.name,
                state=row.state,
                since=row.valid_from,
                until=row.valid_to,
            )
        )
    return held
