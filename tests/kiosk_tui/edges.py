"""The states in which a screen has nothing, one thing, or something that went wrong, beside the `STATES` of `rig`.

They are drawn as the others are (`test_screens_as_drawn`), and `test_every_state_of_every_screen` asks for them.
"""

from copy import replace

from kiosk_tui.flow import RESUME_MS, Flow
from protocol.kiosk import Sorry
from protocol.kiosk_documents import ShelfShown
from protocol.kiosk_feedback import FollowedUp, HelpState
from protocol.kiosk_find import Found
from protocol.kiosk_months import RequestsShown
from protocol.kiosk_notices import NoticesShown
from tests.kiosk_tui import learning_samples, meeting_samples, rig, samples
from tests.kiosk_tui.document_samples import part, shelf
from tests.kiosk_tui.rig import NUMBER, RECEIPT, STATES, HandClock, Way

_shows, _after, _answers, _presses = rig._shows, rig._after, rig._answers, rig._presses
REFUSED = Sorry(reason="not_recorded")
EMPTY = replace(samples.HOME, duty=[], learning=False, simulated=[])
ONE = replace(samples.HOME, duty=samples.DUTY[:1])
OFFLINE = replace(samples.HOME, link="offline", waiting=3)
NOT_LET_IN = replace(OFFLINE, county_refuses=True)
SHARED = replace(OFFLINE, identity_shared=True)
NO_READER = replace(samples.HOME, reader_ready=False)
ONE_NOTICE = NoticesShown(notices=samples.NOTICE_LINES[:1])
SHELF = shelf()
_VISIT = _shows(samples.VISIT)
_MONTH, _REQUESTS = _after(_VISIT, "1"), _after(_VISIT, "2")
_OPEN_REQUESTS = _answers(_REQUESTS, samples.REQUESTS)
_RESULTS = _answers(_after(rig._SETTLED, "1"), samples.RESULTS)
_OBJECTING = _after(_answers(_MONTH, samples.MONTH), "1", "1", "1")
_SHELF = _presses("4")
_FOUND = _after(_shows(samples.HOME), "6", "2", "8")
_FOLLOWS = _presses("5", "2", *RECEIPT, "enter")


def _waiting(flow: Flow, clock: HandClock) -> None:
    """A kiosk that has taken the place of another one and has not heard yet what stood there."""
    rig._home(flow, clock)
    flow._resuming_until = clock() + RESUME_MS


EDGES: dict[str, Way] = {
    "home-empty": _shows(EMPTY),
    "home-one": _shows(ONE),
    "home-offline": _shows(OFFLINE),
    "home-refused": _shows(NOT_LET_IN),
    "home-shared": _shows(SHARED),
    "home-no-reader": _shows(NO_READER),
    "today-empty": _answers(_presses("1"), NoticesShown(notices=[])),
    "today-one": _answers(_presses("1"), ONE_NOTICE),
    "today-offline": _after(_shows(OFFLINE), "1"),
    "today-refused": _after(_shows(NOT_LET_IN), "1"),
    "today-shared": _after(_shows(SHARED), "1"),
    "today-longest": _answers(_after(rig._long_names, "1"), samples.NOTICES),
    "rest-one": rig._rests(samples.RESTING, ONE_NOTICE, samples.NOTICE),
    "duty-empty": _after(_shows(EMPTY), "1", "1"),
    "duty-one": _after(_shows(ONE), "1", "1"),
    "duty-unknown": _after(_shows(samples.TROUBLED), "1", "1"),
    "mine-asking-no-reader": _after(_shows(NO_READER), "2"),
    "touch-twelve": _shows(replace(samples.GREEN, name=samples.TWELVE)),
    "touch-minority": _shows(replace(samples.GREEN, name=samples.DOTTED)),
    "map-asked": _presses("3"),
    "map-empty": _after(_shows(EMPTY), "3"),
    "map-one": _answers(_presses("3"), learning_samples.ONE_MAP),
    "map-refused": _answers(_presses("3"), REFUSED),
    "visit-map-ahead": _answers(rig._LEARNS, learning_samples.AHEAD_MAP),
    "visit-amended-longest": _answers(
        rig._LEARNS, replace(learning_samples.MY_MAP, amended=[learning_samples.LONGEST_AMENDED])
    ),
    "pack-asked": _after(rig._MAP, "1"),
    "pack-one": _answers(rig._MAP, "1", learning_samples.ONE_PACK),
    "pack-gone": _answers(rig._MAP, "1", Sorry(reason="no_such_level", asked="open_pack")),
    "begin-again": rig._answers(rig._asks(samples.QUESTION, "1"), Sorry(reason="unknown_run")),
    "question-refused": _answers(rig._asks(samples.QUESTION, "2"), REFUSED),
    "visit-empty": _shows(replace(samples.VISIT, can=[])),
    "visit-one": _shows(replace(samples.VISIT, can=["month"])),
    "visit-twelve": _shows(replace(samples.VISIT, name=samples.TWELVE)),
    "visit-minority": _shows(replace(samples.VISIT, name=samples.DOTTED)),
    "visit-month-empty": _answers(_MONTH, samples.MONTH_UNDATED),
    "visit-month-one": _answers(_MONTH, replace(samples.MONTH, pages=1, lines=samples.MONTH.lines[:1], lacking=[])),
    "visit-month-refused": _answers(_MONTH, REFUSED),
    "visit-month-line-longest": _after(_answers(_MONTH, samples.MONTH_LONGEST), "3"),
    "visit-month-days": _after(_answers(_MONTH, samples.MONTH), "6"),
    "visit-month-writing": _after(_OBJECTING, "1"),
    "visit-results-empty": _answers(_RESULTS, replace(samples.RESULTS, pages=1, lines=[])),
    "visit-results-one": _answers(_RESULTS, replace(samples.RESULTS, pages=1, lines=samples.RESULTS.lines[:1])),
    "visit-results-nothing": _answers(_RESULTS, replace(samples.RESULTS, pages=1, lines=[], through=None, told=None)),
    "visit-results-refused": _answers(rig._after(rig._SETTLED, "1"), REFUSED),
    "visit-result-asked": _after(_RESULTS, "2"),
    "visit-result-longest": _after(_answers(_RESULTS, samples.RESULTS_LONGEST), "1"),
    "visit-requests-empty": _answers(_REQUESTS, replace(samples.REQUESTS, pages=1, requests=[])),
    "visit-requests-one": _answers(
        _REQUESTS, RequestsShown(visit=samples.VISIT.visit, page=0, pages=1, requests=samples.REQUESTS.requests[:1])
    ),
    "visit-requests-refused": _answers(_REQUESTS, REFUSED),
    "visit-request-open": _after(_OPEN_REQUESTS, "1"),
    "visit-request-withdrawing": _after(_OPEN_REQUESTS, "1", "1"),
    "wish-opening": _after(rig._CAN_ASK, "4"),
    "wish-refused": _answers(_after(rig._CAN_ASK, "4"), REFUSED),
    "wish-note": _answers(_after(rig._ASKING, "1", "2", "1"), Sorry(reason="asked_already")),
    "wish-last": _after(rig._ASKING, "3", "6", "1", "2", "0", "1", "enter", "1", "1", "3", "0", "enter"),
    "wish-late": _after(rig._ASKING, "3", "6", "1", "1", "2", "0", "enter", "enter", "3"),
    "wish-writing": _after(rig._ASKING, "6", "1"),
    "swap-writing": _after(_answers(_after(rig._CAN_ASK, "4"), samples.SWAPS), "0", "2"),
    "swap-refused": _answers(_after(rig._CAN_ASK, "4"), samples.SWAPS, "1", Sorry(reason="begun")),
    "entry-empty": rig._enters(),
    "entry-longest": rig._enters(*NUMBER[:6], *NUMBER[:6], NUMBER[0]),
    "shelf-asked": _SHELF,
    "shelf-empty": _answers(_SHELF, ShelfShown(what="all", start=0, total=0, entries=[])),
    "shelf-one": _answers(_SHELF, ShelfShown(what="all", start=0, total=1, entries=SHELF.entries[:1])),
    "shelf-many": _answers(_SHELF, shelf(total=20)),
    "shelf-longest": _answers(
        _SHELF,
        replace(SHELF, entries=[replace(one, title="很长的题目" * 12) for one in SHELF.entries]),
    ),
    "document-asked": _answers(_SHELF, SHELF, "1"),
    "document-wide": _answers(_SHELF, SHELF, "2", part("wide")),
    "document-long": _answers(_SHELF, SHELF, "3", part("long")),
    "document-picture": _answers(_SHELF, SHELF, "4", part("pictured")),
    "find-one": _answers(_FOUND, Found(digits="28", hits=samples.FOUND.hits[:1])),
    "find-unready": _answers(_FOUND, samples.FOUND_UNSORTED),
    "ask-menu": _presses("5"),
    "ask-refused": _answers(_presses("5", "1", "1", "1", "enter"), REFUSED),
    "follow-empty": _presses("5", "2"),
    "follow-typed": _presses("5", "2", *RECEIPT[:4]),
    "follow-unknown": _answers(_FOLLOWS, FollowedUp(number=samples.RECEIPT.number, known=False)),
    "follow-sent": _answers(_FOLLOWS, replace(samples.FOLLOWED, state=None, office="", text="")),
    "follow-longest": _answers(_FOLLOWS, replace(samples.FOLLOWED, text="很长的答复，" * 80, office="很长的名字" * 12)),
    "help-note": _presses("repeat"),
    "help-calling": _presses("9", "1"),
    "help-refused": _answers(_presses("9", "1"), REFUSED),
    "help-offline": _answers(
        _presses("9", "1"), replace(OFFLINE, help=HelpState(asked=OFFLINE.wall), contact=samples.CONTACT)
    ),
    "wait": _waiting,
}
DRAWN = STATES | EDGES | meeting_samples.WAYS
