"""What the home screen shows of notices has nothing that nobody sees."""

from agent.shelf.gist import NoticeLines, gist_of
from protocol.bundle_contents import Notice, Notices
from protocol.bundles import Audience, Bundle
from protocol.codec import decode, encode


def test_a_line_is_clean_and_one_of_nothing_is_left_out() -> None:
    lines = ["开\u202e会\u200b", "\u200b\u2060", "领口罩"]
    notices = [Notice(id=f"n{at}", line=line, not_after=1) for at, line in enumerate(lines)]
    bundle = Bundle(
        id="n",
        kind="notices",
        version=1,
        title="示例",
        audience=Audience(regions=["99"]),
        not_after=1,
        content=encode(Notices(notices=notices)),
    )
    gist = decode(gist_of(bundle), NoticeLines, limit=1_000)
    assert [one.line for one in gist.lines] == ["开会", "领口罩"]
