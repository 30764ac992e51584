"""Check what ``[broker]`` of ``county.toml`` names, without asking the broker itself: that is the doctor's."""

from server_broker.platform.home import CountyHome
from server_broker.platform.own_broker import OwnBroker
from server_broker.platform.processes import ServiceError
from server_broker.supervisor.reach import addresses_of


def own_broker_config_problems(home: CountyHome, rabbit: OwnBroker) -> list[str]:
    """Return in Chinese which files the county can't read or may not use, and which hosts lead nowhere."""
    problems = []
    for read in (rabbit.password, rabbit.trusted):
        try:
            read(home.root)
        except ServiceError as error:
            problems.append(str(error))
    problems += [
        f"“{host}”在本机查不到地址：请核对，或写进 /etc/hosts" for host in rabbit.hosts if not addresses_of(host)
    ]
    return [f"{home.config_file}：[broker] {words}" for words in problems]
