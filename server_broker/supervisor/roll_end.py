"""What somebody has to check by hand after a county was restored: up to which day its roll of stations reaches."""

from server_broker.platform.home import CountyHome
from server_broker.trust.journal import StationJournal


def roll_ends(home: CountyHome) -> str:
    """Return what to check by hand, in Chinese: the journal of stations says nothing of what came after its last line.

    A copy of the database leaves the journal alone. An image of the machine, and a copy on the backup disk, take it
    back with them; then nothing in the county knows whom somebody has revoked since.
    """
    roll = StationJournal(home).read()
    if not roll.days:
        return "站点名册是空的：请重新登记各站点"
    revoked = f"，到那天为止吊销了 {len(roll.revoked)} 个站点" if roll.revoked else "，里面没有吊销过的站点"
    return (
        f"站点名册最后写于 {max(roll.days)}{revoked}。名册若也是从旧备份或整机镜像恢复的："
        "那以后吊销的站点又能接入，请对照纸上的记录逐个重新吊销（cunhui-server revoke）；那以后接入的站点须重新登记"
    )
