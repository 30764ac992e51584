"""The robots of chat groups: WeCom and DingTalk.

Both take JSON by a webhook whose address is a secret, and answer with status 200 even when they refuse. Then
``errcode`` is not 0. Sources: developer.work.weixin.qq.com/document/path/91770 and
open.dingtalk.com/document/robots/custom-robot-access.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, quote_plus

from server_broker.incidents.channels.outlet import Outlet
from server_broker.incidents.channels.port import Channel, ChannelFailed, Message

WECOM, DINGTALK = "qyapi.weixin.qq.com", "oapi.dingtalk.com"
_REFUSALS = {
    45009: "发得太快，机器人每分钟最多收 20 条",
    93000: "机器人不认这个地址，多半已被移除",
    130101: "发得太快，机器人每分钟最多收 20 条",
    300001: "机器人不认这个地址",
    310000: "机器人的安全设置不认：请核对加签密钥、关键词或允许的地址",
    400101: "机器人不认这个地址",
}
"""What common codes mean; in full in the vendors' documents."""


@dataclass(frozen=True, slots=True)
class WeComRobot:
    """A robot of a WeCom group."""

    outlet: Outlet
    url: SplitResult

    def deliver(self, message: Message) -> None:
        """Post the message as text."""
        body = {"msgtype": "text", "text": {"content": message.whole}}
        _require_taken(self.outlet.post(self.url, body))


@dataclass(frozen=True, slots=True)
class DingTalkRobot:
    """A robot of a DingTalk group. With a ``secret``, each request is signed."""

    outlet: Outlet
    url: SplitResult
    secret: str = ""
    wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000

    def deliver(self, message: Message) -> None:
        """Post the message as text."""
        body = {"msgtype": "text", "text": {"content": message.whole}}
        _require_taken(self.outlet.post(self._signed(), body))

    def _signed(self) -> SplitResult:
        if not self.secret:
            return self.url
        at = self.wall_ms()
        digest = hmac.digest(self.secret.encode(), f"{at}\n{self.secret}".encode(), hashlib.sha256)
        sign = quote_plus(base64.b64encode(digest))
        return self.url._replace(query=f"{self.url.query}&timestamp={at}&sign={sign}")


def wecom(values: Mapping[str, str], outlet: Outlet) -> Channel:
    """Make a WeCom robot. Raises `BadChannel` if messages may not go there."""
    return WeComRobot(outlet, outlet.webhook(values["url"], vendor=WECOM, path="/cgi-bin/webhook/send", key="key"))


def dingtalk(values: Mapping[str, str], outlet: Outlet) -> Channel:
    """Make a DingTalk robot. Raises `BadChannel` if messages may not go there."""
    url = outlet.webhook(values["url"], vendor=DINGTALK, path="/robot/send", key="access_token")
    return DingTalkRobot(outlet, url, values.get("secret", ""))


def _require_taken(answered: object) -> None:
    code = answered.get("errcode") if isinstance(answered, dict) else None
    if code == 0:
        return
    # The vendor's own words are not repeated: they may quote the address.
    known = _REFUSALS.get(code) if isinstance(code, int) else None
    raise ChannelFailed(known or (f"机器人没有收，代码 {code}" if isinstance(code, int) else "对方的回应读不懂"))
