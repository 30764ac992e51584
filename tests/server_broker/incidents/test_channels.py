"""The ways out of the county: what is delivered, what is a failure, how long it may take, and where it may not lead."""

import base64
import hashlib
import hmac
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from server_broker.incidents.channels import DRIVERS, BadChannel, Channel, ChannelFailed, Message, Outlet
from server_broker.incidents.channels.robots import DingTalkRobot
from tests.server_broker.incidents.receivers import MailServer, Webhook

MESSAGE = Message("村慧 示例县：1 件事需要处理", "【重要】示例镇 站点没有消息\n处理：https://county.example/attention/")
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=00000000-0000-4000-8000-000000000000"
SECRET = "SEC0123456789"


def robot(driver: str, receiver: Webhook, outlet: Outlet, **values: str) -> Channel:
    return DRIVERS[driver].build({"url": receiver.url()} | values, outlet)


@pytest.mark.parametrize("driver", ["wecom", "dingtalk"])
def test_a_robot_gets_the_message_as_text(driver: str, receiver: Webhook, outlet: Outlet) -> None:
    robot(driver, receiver, outlet).deliver(MESSAGE)
    [(path, body)] = receiver.got
    assert path == "/robot/send?access_token=s3cret"
    assert body == {"msgtype": "text", "text": {"content": f"{MESSAGE.title}\n{MESSAGE.text}"}}


def test_dingtalk_is_signed_with_the_time_and_the_secret(receiver: Webhook, outlet: Outlet) -> None:
    channel = robot("dingtalk", receiver, outlet, secret=SECRET)
    assert isinstance(channel, DingTalkRobot)
    DingTalkRobot(outlet, channel.url, SECRET, wall_ms=lambda: 1_790_000_000_123).deliver(MESSAGE)
    query = parse_qs(urlsplit(receiver.got[0][0]).query)
    # As the vendor's document computes it: the key is the secret, and the text is the time, a line feed and the secret.
    expected = hmac.new(SECRET.encode(), f"1790000000123\n{SECRET}".encode(), hashlib.sha256).digest()
    assert query == {
        "access_token": ["s3cret"],
        "timestamp": ["1790000000123"],
        "sign": [base64.b64encode(expected).decode()],
    }


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        ("500", "对方回应 500"),
        ("close", "连不上，或者对方断开了连接"),
        ("hang", "连不上，或者对方断开了连接|对方太久没有回应"),
        ("drip", "连不上，或者对方断开了连接|对方太久没有回应"),
        ("302", "对方要求转到别的地址，没有照办"),
        ("refuse", "请核对加签密钥"),
        ("rubbish", "对方的回应读不懂"),
        ("long", "对方的回应太长"),
    ],
)
def test_whatever_a_receiver_does_is_a_failure_in_time_and_names_no_secret(
    mood: str, said: str, receiver: Webhook, outlet: Outlet
) -> None:
    receiver.mood = mood
    begun = time.monotonic()
    with pytest.raises(ChannelFailed, match=said) as failed:
        robot("dingtalk", receiver, outlet).deliver(MESSAGE)
    assert time.monotonic() - begun < 5
    assert "s3cret" not in str(failed.value)
    assert [path for path, _ in receiver.got if "elsewhere" in path] == []


def test_a_receiver_whom_nobody_certifies_gets_nothing(receiver: Webhook) -> None:
    stranger = Outlet(frozenset({receiver.named}), total_s=2.0)
    with pytest.raises(ChannelFailed, match="证书不可信"):
        robot("wecom", receiver, stranger).deliver(MESSAGE)
    assert receiver.got == []


@pytest.mark.parametrize(
    "url",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1",
        "https://localhost/cgi-bin/webhook/send?key=1",
        "https://169.254.169.254/cgi-bin/webhook/send?key=1",
        "https://[::1]/cgi-bin/webhook/send?key=1",
        "https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=1",
        "https://qyapi.weixin.qq.com:8443/cgi-bin/webhook/send?key=1",
        "https://qyapi.weixin.qq.com@evil.example/cgi-bin/webhook/send?key=1",
        "https://evil@qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1",
        "https://qyapi.weixin.qq.com/cgi-bin/gettoken?key=1",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1#x",
        "https://qyapi.weixin.qq.com:99999/cgi-bin/webhook/send?key=1",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1\r\nHost: evil.example",
        "https://[qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1",
        f"{WECOM}{'x' * 600}",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_webhook_leads_nowhere_but_to_its_vendor(url: str) -> None:
    with pytest.raises(BadChannel) as refused:
        DRIVERS["wecom"].build({"url": url}, Outlet())
    assert "key=1" not in str(refused.value)
    DRIVERS["wecom"].build({"url": WECOM}, Outlet())


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.9", "169.254.169.254", "::1", "fd00::1"])
def test_a_vendor_s_name_that_leads_into_the_county_s_own_network_is_not_followed(address: str) -> None:
    channel = DRIVERS["wecom"].build({"url": WECOM}, Outlet(resolve=lambda host, port: [address]))
    with pytest.raises(ChannelFailed, match="内网地址"):
        channel.deliver(MESSAGE)


def mail(box: MailServer, outlet: Outlet, **values: str) -> Channel:
    given = {"server": box.named, "sender": "cunhui@county.example", "recipients": "wu@county.example"}
    return DRIVERS["mail"].build(given | values, outlet)


def test_mail_reaches_everybody_named(letters: MailServer, outlet: Outlet) -> None:
    mail(letters, outlet, recipients="wu@county.example，zheng@county.example").deliver(MESSAGE)
    assert letters.recipients == ["wu@county.example", "zheng@county.example"]
    assert len(letters.got) == 1


@pytest.mark.parametrize(
    ("mood", "said"),
    [("refuse", "不收这些收件地址"), ("hang", "连不上邮件服务器"), ("drip", "连不上邮件服务器|没有收")],
)
def test_a_mail_server_that_refuses_or_hangs_is_a_failure(
    mood: str, said: str, letters: MailServer, outlet: Outlet
) -> None:
    letters.mood = mood
    begun = time.monotonic()
    with pytest.raises(ChannelFailed, match=said):
        mail(letters, outlet).deliver(MESSAGE)
    assert time.monotonic() - begun < 5


def test_a_password_never_goes_without_tls(letters: MailServer, outlet: Outlet) -> None:
    with pytest.raises(ChannelFailed):
        mail(letters, outlet, user="wu", password="s3cret").deliver(MESSAGE)
    assert letters.got == []


@pytest.mark.parametrize(
    "values",
    [
        {"server": "smtp.example.cn:465"},
        {"server": "localhost"},
        {"server": "localhost:0"},
        {"recipients": "wu"},
        {"recipients": ""},
        {"recipients": ",".join(f"a{n}@county.example" for n in range(11))},
        {"sender": "a@county.example\r\nBcc: b@evil.example"},
        {"user": "wu"},
    ],
)
def test_mail_goes_through_named_servers_to_real_addresses(
    values: dict[str, str], letters: MailServer, outlet: Outlet
) -> None:
    with pytest.raises(BadChannel):
        mail(letters, outlet, **values)
