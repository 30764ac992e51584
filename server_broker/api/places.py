"""The lists of regions and of units."""

from collections import defaultdict
from collections.abc import Sequence

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from server_broker.api.asking import (
    AskedDated,
    Code,
    DatedRow,
    Found,
    Page,
    Place,
    changed_since,
    dated,
    page_of,
    place,
    regions_in,
    viewer_of,
)
from server_broker.console.queries import posts_of, units_of
from server_broker.people.models import UnitRecord
from server_broker.regions.models import RegionRecord

router = Router(tags=["区划和单位"])


class RegionRow(DatedRow):
    """A county, a township or a village."""

    code: Code
    name: str
    parent: Place | None = Field(description="上级")
    ended: bool = Field(description="已撤并，或还没有设立")
    merged_into: Place | None = Field(description="并到哪里")


class PostNamed(Schema):
    """A post of a unit. Who holds it stands with the people."""

    id: int
    title: str


class UnitRow(DatedRow):
    """A township's office, a county's department, a branch or a village's committees."""

    name: str
    kind: str = Field(description="township 镇办，department 县直部门，branch 党支部，committee 村两委")
    region: Place
    ended: bool = Field(description="已撤销")
    posts: list[PostNamed]


@router.get("/regions", response=Page[RegionRow], summary="区划")
def regions(request: HttpRequest, asked: Query[AskedDated]) -> Found:
    """List regions as they were, those that were merged too."""
    question = asked.question(timezone.now())
    # The codes are those of today, because that is what a token's range is written in.
    seen = regions_in(request, asked.region).values("identity")
    rows = RegionRecord.objects.as_of(question).filter(subject__in=seen).select_related("parent", "merged_into")
    if asked.updated_since is not None:
        rows = rows.filter(changed_since(asked.updated_since))
    return page_of(request, "regions", asked, rows, _regions_shown, key="subject_id", question=question)


def _regions_shown(rows: Sequence[RegionRecord]) -> list[RegionRow]:
    return [
        RegionRow(
            **dated(row),
            code=row.code,
            name=row.name,
            parent=None if row.parent is None else place(row.parent),
            ended=row.ended,
            merged_into=None if row.merged_into is None else place(row.merged_into),
        )
        for row in rows
    ]


@router.get("/units", response=Page[UnitRow], summary="单位和职务")
def units(request: HttpRequest, asked: Query[AskedDated]) -> Found:
    """List units as they were, each with all its posts."""
    question, viewer = asked.question(timezone.now()), viewer_of(request)
    rows = UnitRecord.objects.as_of(question).filter(subject__in=units_of(viewer)).select_related("region")
    if asked.region is not None:
        rows = rows.filter(region__in=regions_in(request, asked.region).values("identity"))
    if asked.updated_since is not None:
        rows = rows.filter(changed_since(asked.updated_since))

    def shown(listed: Sequence[UnitRecord]) -> list[UnitRow]:
        posts = defaultdict(list)
        for post in posts_of(viewer).filter(unit__in=[row.subject_id for row in listed]).order_by("title"):
            posts[post.unit_id].append(PostNamed(id=post.pk, title=post.title))
        return [
            UnitRow(
                **dated(row),
                name=row.name,
                kind=row.kind,
                region=place(row.region),
                ended=row.ended,
                posts=posts[row.subject_id],
            )
            for row in listed
        ]

    return page_of(request, "units", asked, rows, shown, key="subject_id", question=question)
