"""Who may ask for metrics, and what anybody is told of the county's health."""

import gzip
import os

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from server_broker import trust
from server_broker.accounts.models import Role, User
from server_broker.api_tokens.giving import TokenRefused, revoke_token
from server_broker.api_tokens.models import ApiUse
from server_broker.audit.models import AuditEntry
from server_broker.metrics import families, readiness, views
from server_broker.metrics.readiness import Readiness
from server_broker.platform.control import pid_file
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError, write_pid
from tests.cast import ADMINISTRATOR, OPERATOR, TOWNSHIP, TOWNSHIP_OPERATOR
from tests.server_broker.api.program import Program
from tests.server_broker.county import FictionalCounty, api_token, client_for, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys() -> None:
    trust.prepare(settings.HOME)


def refusal(program: Program) -> int:
    status, sentence = program.refusal("/metrics")
    assert sentence
    return status


def test_a_token_for_the_whole_county_reads_all(county: FictionalCounty) -> None:
    for owner in (OPERATOR, ADMINISTRATOR):
        answer = Program(api_token(owner, "metrics").text).ask("/metrics")
        assert answer.status_code == 200
        read = {family.name for family in text_string_to_metric_families(answer.content.decode())}
        assert {families.BUILD.name, families.FACTS.name, families.ONLINE.name} <= read
        assert answer["Cache-Control"].startswith("max-age=0")


def test_both_formats(county: FictionalCounty) -> None:
    token = api_token(OPERATOR, "metrics").text
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/openmetrics-text; version=1.0.0"}
    answer = Client().get("/metrics", headers=headers)
    assert answer["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")


def test_it_is_compressed_for_whoever_takes_that(county: FictionalCounty) -> None:
    headers = {"Authorization": f"Bearer {api_token(OPERATOR, 'metrics').text}", "Accept-Encoding": "gzip"}
    answer = Client().get("/metrics", headers=headers)
    assert answer["Content-Encoding"] == "gzip"
    assert b"cunhui_build_info" in gzip.decompress(answer.content)


def test_nobody_else_reads_anything(county: FictionalCounty) -> None:
    assert refusal(Program()) == 401
    assert refusal(Program("cunhui_1_guess")) == 401
    assert refusal(Program(api_token(OPERATOR, "people").text)) == 403
    with pytest.raises(TokenRefused, match="区划请选县"):
        api_token(OPERATOR, "metrics", region=TOWNSHIP, name="只看一个镇")
    with pytest.raises(TokenRefused, match="只能选您自己看得到的"):
        api_token(TOWNSHIP_OPERATOR, "metrics")
    assert Client().post("/metrics").status_code == 405
    assert Client().get("/metrics?token=cunhui_1_x").status_code == 400
    # A session opens nothing here, whatever its role.
    assert client_for(user_of(OPERATOR)).get("/metrics").status_code == 401
    moved = Program(api_token(OPERATOR, "metrics", name="后来调到镇里").text)
    User.objects.filter(username=OPERATOR.username).update(region=TOWNSHIP)
    assert refusal(moved) == 403


def test_what_ends_a_token_ends_this(county: FictionalCounty) -> None:
    given = api_token(OPERATOR, "metrics")
    program, owner = Program(given.text), user_of(OPERATOR)
    assert program.status("/metrics") == 200
    User.objects.filter(pk=owner.pk).update(role=Role.OFFICER)
    assert refusal(program) == 403
    User.objects.filter(pk=owner.pk).update(role=Role.OPERATOR)
    revoke_token(given.token, actor=owner, now=timezone.now())
    assert refusal(program) == 401


def test_only_who_may_see_it_gives_it_away(county: FictionalCounty) -> None:
    with pytest.raises(TokenRefused):
        api_token(ADMINISTRATOR, "requests", name="系统管理员看不到申请")
    page = client_for(user_of(OPERATOR)).get("/tokens/").content.decode()
    assert "监控指标" in page


def test_reading_is_on_record_once_a_day_and_counted(county: FictionalCounty) -> None:
    program = Program(api_token(OPERATOR, "metrics").text)
    for _ in range(3):
        assert program.status("/metrics") == 200
    assert ApiUse.objects.get().requests == 3
    assert AuditEntry.objects.filter(action="api.read", subject="metrics").count() == 1


def test_without_a_database_there_are_no_metrics_and_no_crash(
    county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program(api_token(OPERATOR, "metrics").text)

    def away() -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr("server_broker.metrics.collector.read_fleet", away)
    answer = program.ask("/metrics")
    assert (answer.status_code, answer.content.decode()) == (503, "数据库现在连不上\n")


def test_a_setting_that_is_wrong_is_told_to_whoever_has_the_token(
    county: FictionalCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(home: CountyHome) -> None:
        raise ServiceError("county.toml:3：web_port 应为数字")

    program = Program(api_token(OPERATOR, "metrics").text)
    monkeypatch.setattr("server_broker.metrics.county.read_config", wrong)
    answer = program.ask("/metrics")
    assert (answer.status_code, answer.content.decode()) == (503, "county.toml:3：web_port 应为数字\n")


def test_the_county_can_be_asked_whether_it_lives_without_a_database(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        answer = Client().get("/healthz")
    assert (answer.status_code, answer.content.decode()) == (200, "正常\n")
    assert Client().post("/healthz").status_code == 405


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[CountyHome]:
    """A county whose broker answers. Whoever asks it is noted."""
    asked: list[CountyHome] = []

    def asks(home: CountyHome) -> bool:
        asked.append(home)
        return True

    made = Readiness(settings.HOME, broker_answers=asks)
    monkeypatch.setattr(views, "_readiness", lambda: made)
    return asked


def test_not_ready_names_what_fails_and_no_reason() -> None:
    views._readiness.cache_clear()
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.content.decode() == "未就绪：消息服务、接收进程、维护进程\n"


def test_ready_when_all_parts_work(answers: list[CountyHome]) -> None:
    for part in ("ingest", "chores"):
        file = pid_file(settings.HOME, part)
        file.parent.mkdir(exist_ok=True)
        write_pid(file, os.getpid())
    try:
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.content.decode()) == (200, "就绪\n")
    finally:
        for part in ("ingest", "chores"):
            pid_file(settings.HOME, part).unlink()


def test_strangers_who_ask_all_the_time_cost_one_look_in_two_seconds() -> None:
    asked, now = [], [100.0]

    def asks(home: CountyHome) -> bool:
        asked.append(home)
        return True

    county = Readiness(settings.HOME, broker_answers=asks, monotonic_s=lambda: now[0])
    for _ in range(50):
        assert county.failing() == ("接收进程", "维护进程")
    assert len(asked) == 1
    now[0] += readiness.KEPT_S
    county.failing()
    assert len(asked) == 2
