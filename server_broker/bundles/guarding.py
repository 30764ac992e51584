"""Keep what must not be published out of bundles that people publish."""

from collections.abc import Iterator, Sequence

from protocol.plain_text import is_clean
from server_broker.bundles.drafts import Draft, NotPublished
from server_broker.guard.contents import Texts, find_in_texts, texts_in
from server_broker.guard.county import county_for
from server_broker.guard.finding import County, Finding
from server_broker.guard.telling import told

_READ_AS_TEXT = ("text/", "application/json", "application/xml")
_COMPUTED = ("", "service")
"""Authors of what the county computes for its stations, and of what an upgrade takes over. Nobody typed it: it is for
one station alone, or was published before."""


class GuardStopped(NotPublished):
    """Something in it must not be published. ``findings`` says what and where."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(told(findings))


def findings_in(draft: Draft) -> list[Finding]:
    """Return what must not be published of a draft: of its title, its content, and of items that are text.

    What pictures, sounds and clips show nobody looks at here.
    """
    return findings_in_draft(draft, county_for(draft.regions))


def findings_in_draft(draft: Draft, county: County) -> list[Finding]:
    """Return the same by what a county has decided."""
    found = find_in_texts((*_words_beside(draft), *texts_in(draft.content)), county)
    for item in draft.items:
        if item.media_type.startswith(_READ_AS_TEXT):
            text = item.source.read_bytes().decode("utf-8", "replace")
            found += find_in_texts([(f"附件“{item.name}”", text)], county)
    return found


def _words_beside(draft: Draft) -> Iterator[Texts]:
    yield "标题", draft.title
    for item in draft.items:
        yield "附件名", item.name


def let_pass(draft: Draft, *, author: str) -> None:
    """Check that nothing in a draft must be kept from the public.

    Raises:
        GuardStopped: There is.
        NotPublished: It has signs that nobody sees, or that turn text round.
        OSError: An item can't be read.
    """
    if author not in _COMPUTED:
        found = findings_in(draft)
        if found:
            raise GuardStopped(found)
        _check_clean(draft)


def _check_clean(draft: Draft) -> None:
    for where, what in (*_words_beside(draft), *texts_in(draft.content)):
        texts = [what] if isinstance(what, str) else [cell for row in what for cell in row]
        if not all(map(is_clean, texts)):
            raise NotPublished(f"{where or '正文'}里有看不见的字符，或一个字上叠了太多符号，请重新打一遍这一处")
