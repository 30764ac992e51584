"""What a person types and where they look, in a county that systemd's units run and in one that runs by ``up``."""

from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.platform.invocation import command_line

SYSTEMCTL = "/usr/bin/systemctl"
TARGET = "cunhui-county.target"
UNITS = {
    "postgres": "cunhui-postgres.service",
    "mosquitto": "cunhui-broker.service",
    "ingest": "cunhui-ingest.service",
    "chores": "cunhui-chores.service",
    "notifier": "cunhui-notifier.service",
    "web": "cunhui-web.service",
    "front-door": "cunhui-front-door.service",
}
"""The unit of each part."""
PART_WORDS = {
    "postgres": "数据库",
    "mosquitto": "消息服务",
    "ingest": "接收进程",
    "chores": "维护进程",
    "notifier": "通知进程",
    "web": "网页",
    "front-door": "手机入口",
}
"""What people call each part, in the doctor as in the state of the county."""


def part_names(config: CountyConfig) -> tuple[str, ...]:
    """Return the parts that this county has, in the order of their start."""
    there = {
        "postgres": config.database is None,
        "mosquitto": config.broker is None,
        "front-door": config.front_door is not None,
    }
    return tuple(part for part in UNITS if there.get(part, True))


def start_line(home: CountyHome) -> str:
    """Return the command line that starts the county."""
    return f"systemctl start {TARGET}" if home.by_units else command_line(home, "up")


def restart_line(home: CountyHome, part: str) -> str:
    """Return what a person does to have a part started anew."""
    return f"systemctl restart {UNITS[part]}" if home.by_units else f"重新启动 {command_line(home, 'up')}"


def mend_line(home: CountyHome, part: str, *, runs: bool) -> str:
    """Return what a person does about a part that does not work; ``runs``: its process is there all the same."""
    if not home.by_units:
        return f"查看 {log_of(home, part)}"  # `up` starts a part that has ended by itself
    again = f"systemctl {'restart' if runs else 'start'} {UNITS[part]}"
    return f"运行 {again}；还是这样，查看 {log_of(home, part)}"


def log_of(home: CountyHome, part: str) -> str:
    """Return where a part's log is read."""
    return f"journalctl -u {UNITS[part]}" if home.by_units else f"logs/{part}.log"
