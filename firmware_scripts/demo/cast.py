"""A plainly fictional village set: regions, people, cards, duty windows and stations, as the county's Excel sheet.

Region codes begin with 99, which the statistical code list gives to no province.
"""

import random
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook

COUNTY = "990101000000"
TOWNSHIP = "990101001000"
_VILLAGES = [("990101001201", "示例东村"), ("990101001202", "示例西村"), ("990101001203", "示例河村")]
_GIVEN = "一二三四五六七八九十"
_FAMILY = "甲乙丙丁戊己庚辛壬癸"


@dataclass(frozen=True, slots=True)
class CastPerson:
    """A fictional cadre with a card."""

    number: str
    name: str
    village: str
    uid: str


@dataclass(frozen=True, slots=True)
class CastStation:
    """A station of the set, with the people of its village."""

    id: str
    name: str
    village: str
    village_name: str
    people: tuple[CastPerson, ...]


def make_cast(*, people_per_station: int, seed: int) -> list[CastStation]:
    """Return three stations with their people; the same seed gives the same set."""
    chance = random.Random(seed)  # noqa: S311 - sample data
    stations = []
    for place, (code, village) in enumerate(_VILLAGES):
        people = tuple(
            CastPerson(
                number=f"P{place + 1}{number:03d}",
                name=f"示例{_FAMILY[number // 10 % 10]}{_GIVEN[number % 10]}" + ("" if number < 100 else str(number)),
                village=code,
                uid=f"04{chance.getrandbits(48):012x}",
            )
            for number in range(people_per_station)
        )
        stations.append(
            CastStation(
                id=f"demo-{place + 1:04d}", name=f"{village}村部", village=code, village_name=village, people=people
            )
        )
    return stations


def write_workbook(stations: list[CastStation], path: Path, *, on_duty: int = 4, weekdays: str = "1234567") -> None:
    """Write the set as the Excel workbook that ``cunhui-server import-people`` takes.

    Args:
        on_duty: How many people of each village have its windows.
    """
    book = Workbook(write_only=True)
    regions = book.create_sheet("区划")
    regions.append(["代码", "名称"])
    regions.append([COUNTY, "示例县"])
    regions.append([TOWNSHIP, "示例镇"])
    people = book.create_sheet("人员")
    people.append(["编号", "姓名", "村代码"])
    cards = book.create_sheet("卡")
    cards.append(["卡号", "人员编号", "卡号格式"])
    duty = book.create_sheet("值班")
    duty.append(["村代码", "名称", "星期", "开始", "结束", "人员编号"])
    kiosks = book.create_sheet("站点")
    kiosks.append(["站点编号", "名称", "村代码"])
    for station in stations:
        regions.append([station.village, station.village_name])
        kiosks.append([station.id, station.name, station.village])
        for person in station.people:
            people.append([person.number, person.name, person.village])
            cards.append([person.uid, person.number, "十六进制"])
        names = " ".join(person.number for person in station.people[:on_duty])
        duty.append([station.village, "上午坐班", weekdays, "08:30", "12:00", names])
        duty.append([station.village, "下午坐班", weekdays, "14:30", "17:30", names])
    book.save(path)
