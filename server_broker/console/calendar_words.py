"""The Chinese words for where a working day comes from, and for how a notice stands."""

import datetime as dt
from dataclasses import dataclass

from server_broker.console.words import Word
from server_broker.workdays.days import LIBRARIES, Source
from server_broker.workdays.models import LibraryTable, StopNotice, StopRecord

SOURCES = {
    Source.COUNTY: "本县定",
    Source.ANNOUNCED: "国家公布",
    Source.COMPUTED: "按法定节日推算",
    Source.WEEKDAY: "按星期",
}
PROVISIONAL = "暂定"


def source_rows(county_days: int, tables: list[LibraryTable]) -> list[tuple[str, str, str]]:
    """Return a row for each source in their order: its word, which dates it knows, and where it comes from."""
    by_name = {table.subject_id: table for table in tables}
    rows = [(SOURCES[Source.COUNTY], f"{county_days} 个日期", "本页登记或用 Excel 导入；每次改动都签名留底")]
    for source, name in LIBRARIES.items():
        word = SOURCES[source] if source == Source.ANNOUNCED else f"{SOURCES[source]}（{PROVISIONAL}）"
        table = by_name.get(name)
        if table is None:
            rows.append((word, "没有", f"程序包 {name} 还没有启用"))
        else:
            rows.append((word, f"{table.first.year}–{table.last.year} 年", f"程序包 {name} {table.version}"))
    rows.append((f"{SOURCES[Source.WEEKDAY]}（{PROVISIONAL}）", "其余日期", "周一至周五上班"))
    return rows


@dataclass(slots=True)
class NoticeShown:
    """A notice with its records that stand, in the order of time, and what the viewer may do."""

    notice: StopNotice
    records: list[StopRecord]
    may_take_back: bool
    now: dt.datetime
    is_late: bool = False
    """It was made after the last day on which it holds."""
    own_window: str = ""
    """A window of the viewer's own in it, in words: then somebody else takes it back."""

    @property
    def begin(self) -> dt.datetime:
        """When it began to hold."""
        return self.records[0].begin

    @property
    def end(self) -> dt.datetime:
        """Until when it was to hold."""
        return self.records[-1].end

    @property
    def holding(self) -> StopRecord | None:
        """For what time it stands; None: it was taken back as a whole."""
        return next((record for record in self.records if record.stands), None)

    @property
    def taken_back(self) -> StopRecord | None:
        """For what time it was taken back."""
        return next((record for record in self.records if not record.stands), None)

    @property
    def state(self) -> Word:
        """How it stands now."""
        if self.holding is None:
            return Word("✕", "已收回", "quiet")
        if self.holding.end <= self.now:
            return Word("·", "已结束", "quiet")
        return Word("…", "还没开始", "quiet") if self.holding.begin > self.now else Word("△", "停班中", "warn")

    @property
    def may_end(self) -> bool:
        """Whether there is something left to take back, and the viewer may."""
        return self.may_take_back and self.holding is not None and self.holding.end > self.now
