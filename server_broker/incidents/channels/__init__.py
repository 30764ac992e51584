"""The ways out of the county: what each kind of channel needs to know, and how it is made of that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server_broker.incidents.channels import mail, robots
from server_broker.incidents.channels.outlet import Outlet
from server_broker.incidents.channels.port import BadChannel, Channel, ChannelFailed, Message


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a channel must know. A secret one is typed unseen and never shown again."""

    key: str
    word: str
    longest: int = 500
    required: bool = True
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Driver:
    """One kind of channel.

    Attributes:
        build: Makes the channel of the fields' values. Raises `BadChannel` if the values can't be right.
    """

    key: str
    word: str
    fields: tuple[Field, ...]
    build: Callable[[Mapping[str, str], Outlet], Channel]


DRIVERS = {
    driver.key: driver
    for driver in (
        Driver("wecom", "企业微信群机器人", (Field("url", "Webhook 地址", secret=True),), robots.wecom),
        Driver(
            "dingtalk",
            "钉钉群机器人",
            (
                Field("url", "Webhook 地址", secret=True),
                Field("secret", "加签密钥（SEC 开头，没有就空着）", 128, required=False, secret=True),
            ),
            robots.dingtalk,
        ),
        Driver(
            "mail",
            "邮件",
            (
                Field("server", "邮件服务器和端口，如 smtp.example.cn:465", 100),
                Field("sender", "发件地址", 100),
                Field("recipients", "收件地址，几个用逗号分开", 500),
                Field("user", "登录名（不用登录就空着）", 100, required=False),
                Field("password", "密码或授权码", 128, required=False, secret=True),
            ),
            mail.mail,
        ),
    )
}
"""By what `ChannelConfig.driver` says."""

__all__ = ["DRIVERS", "BadChannel", "Channel", "ChannelFailed", "Driver", "Field", "Message", "Outlet"]
