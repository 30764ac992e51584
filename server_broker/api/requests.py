"""The lists of requests with their answers: those of stations, as on the page 异议与申请, and those of the county."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from server_broker.accounts.models import User
from server_broker.accounts.scope import in_scope
from server_broker.api.asking import (
    Asked,
    AskedMoment,
    Found,
    Moment,
    Page,
    PersonNamed,
    Place,
    Row,
    named,
    page_of,
    place,
    regions_in,
    viewer_of,
)
from server_broker.console.queries import people_of, requests_of
from server_broker.requests.cases import Case, cases_here, of_county
from server_broker.requests.models import Answer, CountyRequest, Request, Withdrawal
from server_broker.requests.reading import RequestRow, request_rows

router = Router(tags=["异议与申请"])


class AskedRequests(Asked):
    """Which requests."""

    since: AskedMoment | None = Field(None, description="县里从这时起收到的")
    until: AskedMoment | None = Field(None, description="县里到这时以前收到的")


class AnswerGiven(Schema):
    """What the township said. Of several answers the last counts; of a decision there is one of each step."""

    outcome: str = Field(description="accepted 同意，refused 不同意")
    text: str
    at: Moment
    step: int = Field(description="0 答复，1 审批，2 第二个人审批")
    is_last: bool = Field(description="后面不用别人再批")


class RequestShown(Row):
    """What somebody asked for."""

    number: str = Field(description="办事编号，可能与别的申请相同")
    kind: str
    code: str
    made_at: Moment = Field(description="提出的时间；dated 是 false 时，是县里收到的时间")
    dated: bool
    received_at: Moment
    station: str
    region: Place = Field(description="站点所在的村")
    person: PersonNamed | None
    is_elsewhere: bool = Field(description="是外辖区的人，接口不给姓名")
    begin_at: Moment | None
    end_at: Moment | None
    about_touch: int | None = Field(description="异议针对的那次打卡的 id")
    state: str = Field(description="open 等答复，withdrawn 已撤回，accepted 同意，refused 不同意")
    changed_at: Moment = Field(description="县里最后一次知道它有变化的时间")
    answers: list[AnswerGiven]


@router.get("/requests", response=Page[RequestShown], summary="异议与申请")
def requests(request: HttpRequest, asked: Query[AskedRequests]) -> Found:
    """List the requests that were made at the stations, in the order in which the county received them."""
    viewer = viewer_of(request)
    rows = requests_of(viewer).select_related("station__village")
    if asked.region is not None:
        rows = rows.filter(station__village__in=regions_in(request, asked.region))
    if asked.since is not None:
        rows = rows.filter(received_at__gte=asked.since)
    if asked.until is not None:
        rows = rows.filter(received_at__lt=asked.until)
    if (changed := asked.updated_since) is not None:
        answered = Answer.objects.filter(request=OuterRef("pk"), at__gte=changed)
        back = Withdrawal.objects.filter(
            station=OuterRef("station"), request=OuterRef("request"), received_at__gte=changed
        )
        rows = rows.filter(Q(received_at__gte=changed) | Exists(answered) | Exists(back))

    def shown(listed: Sequence[Request]) -> list[RequestShown]:
        return [_shown(row, viewer) for row in request_rows(listed)]

    return page_of(request, "requests", asked, rows, shown)


def _given(answer: Answer) -> AnswerGiven:
    return AnswerGiven(outcome=answer.outcome, text=answer.text, at=answer.at, step=answer.step, is_last=answer.is_last)


def _shown(row: RequestRow, viewer: User) -> RequestShown:
    one, person = row.request, row.person
    is_seen = person is not None and in_scope(viewer, person.village_id)
    return RequestShown(
        id=one.pk,
        number=one.number,
        kind=one.kind,
        code=one.code,
        made_at=row.made_at,
        dated=row.is_dated,
        received_at=one.received_at,
        station=one.station_id,
        region=place(one.station.village),
        person=named(person) if person is not None and is_seen else None,
        is_elsewhere=person is not None and not is_seen,
        begin_at=one.begin_at,
        end_at=one.end_at,
        about_touch=None if row.about is None else row.about.touch.pk,
        state=row.state,
        changed_at=row.changed_at,
        answers=[_given(answer) for answer in row.answers],
    )


class CountyRequestShown(Row):
    """What somebody asked for on their telephone, or an officer wrote down for them."""

    number: str = Field(description="办事编号，可能与别的申请相同")
    kind: str
    code: str
    asked_at: Moment
    by_proxy: bool = Field(description="干部代提的")
    person: PersonNamed
    begin_at: Moment | None
    end_at: Moment | None
    window: int | None = Field(description="换班、补卡是哪个值班时段")
    day: date | None = Field(description="换班、补卡是哪一天")
    mark: str = Field(description="补哪一次卡：arrival 上班，departure 下班")
    mark_at: Moment | None = Field(description="本人说的到岗或离岗时间")
    substitute: PersonNamed | None = Field(description="接班的人；外辖区的人，接口不给姓名")
    state: str = Field(
        description="open 等审批，second 等第二个人审批，partner 等对方同意，"
        "withdrawn 已撤回，accepted 同意，refused 不同意"
    )
    answers: list[AnswerGiven]


@router.get("/county_requests", response=Page[CountyRequestShown], summary="县里收到的申请")
def county_requests(request: HttpRequest, asked: Query[AskedRequests]) -> Found:
    """List the requests of the token's people that were made in the county, not at a station."""
    viewer = viewer_of(request)
    rows = of_county().filter(person__in=people_of(viewer))
    if asked.region is not None:
        rows = rows.filter(person__village__in=regions_in(request, asked.region))
    if asked.since is not None:
        rows = rows.filter(asked_at__gte=asked.since)
    if asked.until is not None:
        rows = rows.filter(asked_at__lt=asked.until)
    if (changed := asked.updated_since) is not None:
        decided = Exists(Answer.objects.filter(asked=OuterRef("pk"), at__gte=changed))
        said = Q(asked_at__gte=changed) | Q(agreed_at__gte=changed) | Q(withdrawn_at__gte=changed)
        rows = rows.filter(said | decided)

    def shown(listed: Sequence[CountyRequest]) -> list[CountyRequestShown]:
        return [_shown_here(one, case, viewer) for one, case in zip(listed, cases_here(listed), strict=True)]

    return page_of(request, "county_requests", asked, rows, shown)


def _shown_here(one: CountyRequest, case: Case, viewer: User) -> CountyRequestShown:
    other = one.substitute
    return CountyRequestShown(
        id=one.pk,
        number=one.number,
        kind=one.kind,
        code=one.code,
        asked_at=one.asked_at,
        by_proxy=one.asked_by != "",
        person=named(one.person),
        begin_at=one.begin_at,
        end_at=one.end_at,
        window=one.window_id,
        day=one.day,
        mark=one.mark,
        mark_at=one.mark_at,
        substitute=named(other) if other is not None and in_scope(viewer, other.village_id) else None,
        state=case.state,
        answers=[_given(answer) for answer in case.answers],
    )
