"""The list of requests with their answers, as the page 异议与申请 has them."""

from collections import defaultdict
from collections.abc import Sequence

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
from server_broker.console.queries import requests_of
from server_broker.requests.models import Answer, Request, Withdrawal
from server_broker.requests.reading import RequestRow, request_rows

router = Router(tags=["异议与申请"])


class AskedRequests(Asked):
    """Which requests."""

    since: AskedMoment | None = Field(None, description="县里从这时起收到的")
    until: AskedMoment | None = Field(None, description="县里到这时以前收到的")


class AnswerGiven(Schema):
    """What the township said. Of several the last counts."""

    outcome: str = Field(description="accepted 同意，refused 不同意")
    text: str
    at: Moment


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
        rows = rows.filter(station__village__in=regions_in(request, asked))
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
        answers = defaultdict(list)
        for answer in Answer.objects.filter(request__in=listed):
            answers[answer.request_id].append(AnswerGiven(outcome=answer.outcome, text=answer.text, at=answer.at))
        return [_shown(row, answers[row.request.pk], viewer) for row in request_rows(listed)]

    return page_of(request, "requests", asked, rows, shown)


def _shown(row: RequestRow, answers: list[AnswerGiven], viewer: User) -> RequestShown:
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
        answers=answers,
    )
