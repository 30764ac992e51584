"""Samples of a person's month and requests, in the bundle and on the kiosk socket."""

import msgspec

from protocol import bundle_contents, kiosk, kiosk_months, kiosk_requests, months
from tests.golden.vectors import AT, EPOCH
from tests.golden.vectors_1_1 import ID, PERSON

_MORNING, _DAY = 1_795_478_760_000, "2026-11-24"
_VISIT = ID[:8].hex()

MESSAGES: dict[str, msgspec.Struct] = {
    "month-touches": bundle_contents.Month(
        person=PERSON,
        month="2026-11",
        as_of=AT.wall,
        streams=[EPOCH],
        touches=[
            months.MonthTouch(at=_MORNING + 3_600_000, direction="out", by_number=True, where="演示村"),
            months.MonthTouch(at=_MORNING, state="corrected", direction="in", touch=months.OfStream(stream=0, seq=7)),
        ],
        held=[months.OfStream(stream=0, seq=9)],
        requests=[
            months.MonthRequest(
                request=ID,
                kind="objection",
                code="time",
                made=AT.wall,
                begin=_MORNING,
                about=months.OfStream(stream=0, seq=7),
                state="accepted",
                answer="已核对，按 8:06 算。",
                answered=AT.wall,
            ),
            months.MonthRequest(request=bytes(16), kind="correction"),
        ],
    ),
    "month-swaps": bundle_contents.Month(
        person=PERSON,
        month="2026-11",
        as_of=AT.wall,
        requests=[
            months.MonthRequest(request=ID, kind="leave", code="annual", begin=_MORNING, end=_MORNING + 43_200_000),
            months.MonthRequest(request=bytes(16), kind="swap", begin=_MORNING, whom="李示例"),
        ],
        swaps=[
            months.MonthSwap(request=ID, name="赵示例", begin=_MORNING, end=_MORNING + 12_600_000, window="上午坐班")
        ],
    ),
    "month-settled": bundle_contents.Month(
        person=PERSON,
        month="2026-11",
        as_of=AT.wall,
        settled=months.MonthResults(
            through="2026-11-15",
            told=AT.wall,
            results=[
                months.MonthResult(day=_DAY, start=510, result="awaiting", why="8:20 到；没有离岗。", waits=["演示村"]),
                months.MonthResult(
                    day=_DAY,
                    start=840,
                    result="late",
                    late=12,
                    early=20,
                    why="14:12 到，迟 12 分钟；17:10 走，早 20 分钟。",
                ),
                months.MonthResult(day="2026-11-12", start=510, result="leave", kind="sick"),
            ],
        ),
    ),
}

LINES: dict[str, kiosk.ToKiosk | kiosk.ToAgent] = {
    "month": kiosk_months.MonthShown(
        visit=_VISIT,
        page=0,
        pages=2,
        begins="2026-11-01",
        lines=[
            kiosk_months.MonthLine(
                line=0, state="counted", day=_DAY, minute=486, direction="in", request="123456", request_state="open"
            ),
            kiosk_months.MonthLine(line=1, state="undated", by_number=True, where="演示村"),
        ],
        lacking=[kiosk_months.WindowLacks(window="上午坐班", marks=["arrival", "departure"])],
        days=[_DAY],
    ),
    "requests": kiosk_months.RequestsShown(
        visit=_VISIT,
        page=0,
        pages=1,
        requests=[
            kiosk_months.OwnRequest(
                request=ID.hex(),
                number="123456",
                kind="objection",
                code="time",
                state="refused",
                made=_DAY,
                day=_DAY,
                minute=486,
                answer="已核对，时间没有错。",
                answered=_DAY,
                listed=True,
            ),
            kiosk_months.OwnRequest(request=ID.hex(), number="123456", kind="correction", state="open"),
        ],
    ),
    "request": kiosk_months.RequestTaken(visit=_VISIT, number="123456", state="open", undated=True),
    "open_month": kiosk_months.OpenMonth(visit=_VISIT, page=1),
    "open_requests": kiosk_months.OpenRequests(visit=_VISIT),
    "make_request": kiosk_months.MakeRequest(visit=_VISIT, kind="objection", code="time", line=3),
    "month-windows": kiosk_months.MonthShown(
        visit=_VISIT,
        page=0,
        pages=1,
        days=[_DAY],
        windows=[kiosk_months.DayWindow(day=_DAY, start=510, end=720, window="上午坐班")],
    ),
    "requests-under-way": kiosk_months.RequestsShown(
        visit=_VISIT,
        page=0,
        pages=1,
        requests=[
            kiosk_months.OwnRequest(request=ID.hex(), number="123456", kind="correction", state="open", received=False),
            kiosk_months.OwnRequest(
                request=ID.hex(), number="123456", kind="correction", state="accepted", received=True, taken_back=True
            ),
        ],
    ),
    "make_request-window": kiosk_months.MakeRequest(
        visit=_VISIT, kind="correction", code="arrival", day=_DAY, start=510
    ),
    "make_request-missing": kiosk_months.MakeRequest(visit=_VISIT, kind="correction", code="arrival", day=_DAY),
    "asking": kiosk_requests.AskingShown(
        visit=_VISIT,
        today=_DAY,
        turns=[kiosk_months.DayWindow(day=_DAY, start=510, end=720, window="上午坐班")],
        people=[kiosk_requests.Colleague(person=PERSON, name="李示例")],
        swaps=[kiosk_requests.SwapAsked(request=ID.hex(), name="赵示例", day=_DAY, start=1_080, end=1_920)],
    ),
    "open_asking": kiosk_requests.OpenAsking(visit=_VISIT),
    "ask_for": kiosk_requests.AskFor(visit=_VISIT, kind="leave", code="annual", first=_DAY, last=_DAY, until_noon=True),
    "ask_for-swap": kiosk_requests.AskFor(visit=_VISIT, kind="swap", first=_DAY, start=510, substitute=PERSON),
    "agree": kiosk_requests.Agree(visit=_VISIT, request=ID.hex(), agrees=True),
    "requests-away": kiosk_months.RequestsShown(
        visit=_VISIT,
        page=0,
        pages=1,
        requests=[
            kiosk_months.OwnRequest(
                request=ID.hex(),
                number="123456",
                kind="leave",
                code="annual",
                state="open",
                day=_DAY,
                until=_DAY,
                from_noon=True,
                whom="李示例",
            )
        ],
    ),
    "withdraw": kiosk_months.Withdraw(visit=_VISIT, request=ID.hex()),
    "open_results": kiosk_months.OpenResults(visit=_VISIT, page=1),
    "results": kiosk_months.ResultsShown(
        visit=_VISIT,
        page=0,
        pages=1,
        through="2026-11-15",
        told=_DAY,
        lines=[
            kiosk_months.ResultLine(
                day=_DAY,
                start=510,
                end=720,
                window="上午坐班",
                result="missing",
                late=12,
                why="8:42 到，迟 12 分钟；没有离岗。",
                may_report=True,
                request="123456",
                request_state="open",
            ),
            kiosk_months.ResultLine(day=_DAY, start=840, result="awaiting", waits=["演示村"]),
            kiosk_months.ResultLine(day=_DAY, start=1_080, result="leave", kind="sick", early=5),
        ],
    ),
}
