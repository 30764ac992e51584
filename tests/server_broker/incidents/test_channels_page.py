"""通知渠道: only a system administrator sets one, its secrets are never seen again, and a test holds nobody up."""

import pytest
from django.conf import settings

from server_broker.audit.models import AuditEntry
from server_broker.incidents.channel_settings import MOST_CHANNELS, opened
from server_broker.incidents.channels import Outlet
from server_broker.incidents.channels.robots import DingTalkRobot
from server_broker.incidents.models import ChannelConfig, Notification
from server_broker.platform.county_config import read_config
from server_broker.platform.processes import ServiceError
from tests.cast import ADMINISTRATOR, COUNTY, GUARD, OPERATOR, OTHER_TOWNSHIP, TOWNSHIP, TOWNSHIP_ADMINISTRATOR, Account
from tests.conftest import COUNTY_FOLDER
from tests.server_broker.county import make_county, signed_in
from tests.server_broker.pages import text_of, words_of

pytestmark = pytest.mark.django_db
KEY, SIGN = "0f0f0f0f-s3cret", "SECs3cret"
URL = f"https://oapi.dingtalk.com/robot/send?access_token={KEY}"


@pytest.fixture(autouse=True)
def county() -> None:
    make_county()


def add(by: Account = ADMINISTRATOR, /, driver: str = "dingtalk", **more: str) -> str:
    form = {"name": "县运维群", "region": COUNTY, "least": "major", "url": URL, "secret": SIGN} | more
    answer = signed_in(by).post(f"/attention/channels/add/{driver}/", form, follow=True)
    return words_of(answer.content.decode())


def test_what_was_typed_is_sealed_and_never_shown_again() -> None:
    assert "已添加" in add()
    made = ChannelConfig.objects.get()
    assert (made.least_severity, made.region.code) == ("major", COUNTY)
    html = text_of(signed_in(ADMINISTRATOR), "/attention/channels/")
    assert "县运维群" in html
    for secret in (KEY, SIGN):
        assert secret not in html
        assert secret not in made.sealed
        assert secret not in str(list(AuditEntry.objects.values_list("detail", "subject")))
    channel = opened(made, home=settings.HOME, outlet=Outlet())
    assert isinstance(channel, DingTalkRobot)
    assert channel.secret == SIGN
    assert channel.url.geturl() == URL


def test_an_error_names_no_secret_and_nothing_is_kept() -> None:
    for form, why in (
        ({"url": "https://evil.example/robot/send?access_token=s3cret"}, "只能发到 oapi.dingtalk.com"),
        ({"url": ""}, "没有填"),
        ({"name": "群"}, "请写名称"),
        ({"region": OTHER_TOWNSHIP[:-1]}, "请选管辖范围内的区划"),
    ):
        said = add(**form)
        assert why in said
        assert "s3cret" not in said
    assert "没有添加" in add(driver="mail", server="10.0.0.1:25", sender="a@b.example", recipients="c@d.example")
    assert not ChannelConfig.objects.exists()


def test_only_a_system_administrator_sets_one_and_only_in_its_own_region() -> None:
    for account in (OPERATOR, GUARD):
        other = signed_in(account)
        assert other.get("/attention/channels/").status_code == 403
        assert other.post("/attention/channels/add/dingtalk/", {"url": URL}).status_code == 403
    assert "请选管辖范围内的区划" in add(TOWNSHIP_ADMINISTRATOR)
    assert "已添加" in add(TOWNSHIP_ADMINISTRATOR, region=TOWNSHIP)
    assert "已添加" in add()
    whole = ChannelConfig.objects.get(region__code=COUNTY)
    township = signed_in(TOWNSHIP_ADMINISTRATOR)
    assert township.post(f"/attention/channels/{whole.pk}/remove/").status_code == 404
    assert township.post(f"/attention/channels/{whole.pk}/test/").status_code == 404


def test_there_are_not_ever_more_of_them() -> None:
    for n in range(MOST_CHANNELS):
        add(name=f"群 {n}")
    assert f"最多 {MOST_CHANNELS} 个渠道" in add()


def test_a_test_is_sent_by_the_notifier_and_the_page_waits_for_nobody() -> None:
    add()
    administrator, made = signed_in(ADMINISTRATOR), ChannelConfig.objects.get()
    path = f"/attention/channels/{made.pk}/test/"
    for _ in range(3):
        assert "测试正在发" in words_of(administrator.post(path, follow=True).content.decode())
    assert "已有测试等着发" in words_of(administrator.post(path, follow=True).content.decode())
    assert Notification.objects.filter(is_test=True, title="村慧 示例县：测试").count() == 3
    ChannelConfig.objects.update(failing_since=made.made_at, failure="对方回应 500")
    assert "对方回应 500" in text_of(administrator, "/attention/channels/")
    assert "的通知发不出去" in text_of(administrator, "/attention/")
    assert "的通知发不出去" not in text_of(signed_in(OPERATOR), "/attention/")
    # Out of use, its secrets are gone, and so is what waited.
    assert "已停用" in words_of(
        administrator.post(f"/attention/channels/{made.pk}/remove/", follow=True).content.decode()
    )
    made.refresh_from_db()
    assert made.sealed == ""
    assert not Notification.objects.filter(given_up_at=None).exists()


@pytest.mark.parametrize(
    "written", ['["smtp.example.cn"]', '["https://hooks.example:443"]', '["a.example:0"]', "[7]", '"x:1"']
)
def test_a_host_in_the_county_s_file_has_its_port(written: str) -> None:
    file = COUNTY_FOLDER / "county.toml"
    before = file.read_text(encoding="utf-8")
    try:
        file.write_text(f"{before}notify_hosts = {written}\n", encoding="utf-8")
        with pytest.raises(ServiceError, match="notify_hosts"):
            read_config(settings.HOME)
        file.write_text(f'{before}notify_hosts = ["smtp.example.cn:465"]\n', encoding="utf-8")
        assert read_config(settings.HOME).notify_hosts == ("smtp.example.cn:465",)
    finally:
        file.write_text(before, encoding="utf-8")
