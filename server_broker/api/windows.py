"""The list of duty windows and of who is named in them."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from server_broker.api.asking import (
    AskedDated,
    DatedRow,
    Found,
    Page,
    PersonNamed,
    Place,
    changed_since,
    dated,
    named,
    page_of,
    place,
    regions_in,
    viewer_of,
)
from server_broker.attendance.models import WindowRecord
from server_broker.console.queries import people_of, windows_of
from server_broker.people.models import Post

router = Router(tags=["值班"])


class PostOnDuty(Schema):
    """A post whose holders of the day are on duty. Who they are stands with the people."""

    id: int
    title: str
    unit_name: str


class WindowRow(DatedRow):
    """A time of duty in a village."""

    name: str
    region: Place
    weekdays: list[int] = Field(description="1 是周一，7 是周日")
    start_minute: int = Field(description="从零点起的分钟数")
    end_minute: int = Field(description="大于 1440 就是第二天")
    people: list[PersonNamed] = Field(description="按名字排班的人")
    people_elsewhere: int = Field(description="还有几个外辖区的人，接口不给姓名")
    posts: list[PostOnDuty] = Field(description="按职务排班的职务")
    leaders: list[PersonNamed] = Field(description="其中带班的领导")
    leader_posts: list[PostOnDuty] = Field(description="其中带班的职务")
    days: str = Field(description="weekly 按星期，named 只在排了人的那些天")
    season_from: int = Field(description="从哪天起，月乘 100 加日，如 501 是 5 月 1 日；0 是全年")
    season_to: int = Field(description="到哪天止，当天也在内；可以跨年")
    marks: str = Field(description="each 上下班都打卡，ends 一天打首尾两次，arrival 只打上班")
    ended: bool = Field(description="已结束，或还没有开始")


@router.get("/windows", response=Page[WindowRow], summary="值班时段")
def windows(request: HttpRequest, asked: Query[AskedDated]) -> Found:
    """List duty windows as they were, each with whom it names."""
    question, viewer = asked.question(timezone.now()), viewer_of(request)
    rows = WindowRecord.objects.as_of(question).filter(subject__in=windows_of(viewer)).select_related("village")
    if asked.region is not None:
        rows = rows.filter(village__in=regions_in(request, asked.region).values("identity"))
    if asked.updated_since is not None:
        rows = rows.filter(changed_since(asked.updated_since))

    def shown(listed: Sequence[WindowRecord]) -> list[WindowRow]:
        people = people_of(viewer).in_bulk({pk for row in listed for pk in (*row.people, *row.leaders)})
        posts = _posts({pk for row in listed for pk in (*row.posts, *row.leader_posts)})
        return [
            WindowRow(
                **dated(row),
                name=row.name,
                region=place(row.village),
                weekdays=sorted(row.weekdays),
                start_minute=row.start,
                end_minute=row.end,
                people=[named(people[pk]) for pk in row.people if pk in people],
                people_elsewhere=sum(pk not in people for pk in row.people),
                posts=[posts[pk] for pk in row.posts if pk in posts],
                leaders=[named(people[pk]) for pk in row.leaders if pk in people],
                leader_posts=[posts[pk] for pk in row.leader_posts if pk in posts],
                days=row.days,
                season_from=row.season_from,
                season_to=row.season_to,
                marks=row.marks,
                ended=row.ended,
            )
            for row in listed
        ]

    return page_of(request, "windows", asked, rows, shown, key="subject_id", question=question)


def _posts(ids: set[int]) -> dict[int, PostOnDuty]:
    rows = Post.objects.filter(pk__in=ids).select_related("unit")
    return {post.pk: PostOnDuty(id=post.pk, title=post.title, unit_name=post.unit.name) for post in rows}
