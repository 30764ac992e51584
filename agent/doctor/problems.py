"""What can be wrong with a station. Each problem has a number that is easy to say on the telephone, and a remedy."""

from collections.abc import Iterable

from msgspec import Struct


class KnownProblem(Struct, frozen=True):
    """``remedy`` is one sentence for the technician at the station."""

    title: str
    remedy: str


NOT_ENROLLED, COUNTY_AWAY, PORT_BLOCKED, OUTBOX_IN_USE = 12, 22, 27, 52
"""Codes on which the examination itself depends."""

PROBLEMS: dict[int, KnownProblem] = {
    11: KnownProblem("配置文件有错", "改正 station.toml，再运行 cunhui-agent config check 核对。"),
    12: KnownProblem("还没有接入县里", "向县里要接入码，运行 sudo cunhui-agent setup。"),
    13: KnownProblem("身份文件坏了或读不到", "先用 sudo 再试；还是这样就导出记录，再重新接入。"),
    14: KnownProblem("证书已过期", "让站点连上网，会自动换发；三天不好请县里重发接入码。"),
    15: KnownProblem("证书快到期还没换发", "让站点连上网，会自动换发。"),
    21: KnownProblem("县里的网址查不到", "检查网线或 4G 卡；再核对 station.toml 里的 url。"),
    22: KnownProblem("县里连不上", "检查网线或 4G 卡是否欠费；别的网站能开就报县里。"),
    23: KnownProblem("对方不是县里", "核对 url 和 ca 文件；网络要求登录的话先登录。"),
    24: KnownProblem("时间不对，证书验不过", "和手机上的时间不同，联网等五分钟再试；相同就是县里的不对，报县里。"),
    25: KnownProblem("县里不认本站的证书", "问县里：换了新机器的收走本机，吊销的换编号，都不是才要新码再接入。"),
    26: KnownProblem("程序没有连上县里", "等五分钟再试；还是这样请把全部代码报给县里。"),
    27: KnownProblem("上传的端口被挡住", "请网络管理员放行这个端口，或换手机热点试试。"),
    28: KnownProblem("另一台机器在用本站编号", "找到拷了本站存储卡的机器，关掉它；找不到照《装机手册-救援》办。"),
    31: KnownProblem("不知道时间", "让站点连上网，会自动校时；打卡照常，时间以后补。"),
    32: KnownProblem("县里没有授时", "不用查网：等五分钟再查，还是这样就请县里的管理员看县服务器的时间。"),
    41: KnownProblem("站点程序没有运行", "先处理别的代码，再运行 sudo systemctl restart cunhui-agent。"),
    42: KnownProblem("站点程序不回答", "运行 sudo systemctl restart cunhui-agent。"),
    43: KnownProblem("没有权限问站点程序", "用 sudo 再运行一次自检。"),
    44: KnownProblem("大屏没有连上", "看大屏的电源和线，再运行 sudo systemctl restart cunhui-kiosk。"),
    51: KnownProblem("记录文件坏了", "别删文件；启动站点程序会自动抢救，然后报县里。"),
    52: KnownProblem("记录文件被别的程序占用", "程序也许正在启动：等一分钟再试；还是这样就重启本机。"),
    53: KnownProblem("记录文件是别的站点的", "别删文件；照《装机手册-救援》的“换站点编号”导出、移开、再接入。"),
    54: KnownProblem("磁盘快满", "请县里远程清理；常常这样就换更大的卡。"),
    55: KnownProblem("存储卡快到寿命", "准备一张新卡：先导出记录，再换卡重新接入。"),
    61: KnownProblem("读卡器用不了", "拔下读卡器再插紧；还不行照《装机手册-读卡器》查。"),
    62: KnownProblem("指示灯用不了", "检查灯和蜂鸣器的接线和 station.toml 里的引脚。"),
    63: KnownProblem("摄像头拍不出", "检查摄像头的排线或 USB 线；打卡不受影响。"),
    64: KnownProblem("门磁或人体感应没有信号", "检查接线和 station.toml 里的引脚。"),
    65: KnownProblem("摄像头画面异常", "看镜头盖和镜头前有没有东西挡着；打卡不受影响。"),
    66: KnownProblem("少装了程序库", "运行 sudo apt-get install --reinstall cunhui-station。"),
    67: KnownProblem("喇叭不响", "检查喇叭的线，照《装机手册-喇叭》查；打卡不受影响。"),
    71: KnownProblem("供电电压不足", "换 5V/3A 的电源和短而粗的线，别用手机充电头。"),
    72: KnownProblem("过热", "让机箱通风，别放在窗台、暖气或电视机上。"),
    81: KnownProblem("本月流量不足", "核对流量套餐，或请县里提高上限；打卡照常上传。"),
}
"""By code: the tens say the part (1 identity, 2 county, 3 clock, 4 program, 5 disk, 6 devices, 7 power, 8 traffic)."""


class Finding(Struct, frozen=True):
    """What was found of one part of a station. ``well`` is None if the part could not be examined."""

    part: str
    says: str
    well: bool | None = True
    code: int = 0

    @property
    def remedy(self) -> str:
        """What to do; empty if nothing is wrong."""
        return PROBLEMS[self.code].remedy if self.code else ""


def all_well(findings: Iterable[Finding]) -> bool:
    """Return whether nothing was found wrong. What could not be examined does not count."""
    return all(one.well is not False for one in findings)


def problem_finding(part: str, code: int, says: str = "") -> Finding:
    """Return the finding of a problem by its code. Without ``says`` the finding has the problem's own words."""
    return Finding(part, says or PROBLEMS[code].title, well=False, code=code)
