"""Say of a whole blob what it is and whether it may be shown."""

from pathlib import Path

from server_broker.media.kinds import JPEG, PNG, judged_type
from server_broker.media.models import Blob
from server_broker.media.opening import DECODER, Decoder


def judge(blob: Blob, path: Path, *, decoder: Decoder = DECODER) -> None:
    """Note on ``blob``, which the caller saves, what its file is. Only a JPEG is ever shown.

    A picture counts only if it can be decoded whole, and that is tried in a process apart. Sound, film and PDF are not
    decoded in the county at all: their kind is judged by their first bytes.
    """
    found = judged_type(path, blob.purpose)
    if found in (JPEG, PNG) and not decoder.is_picture(path):
        found = ""
    blob.judged_type = found
    blob.viewable = found == JPEG


def judge_by_purpose(blob: Blob, path: Path) -> None:
    """Note the same on a blob that was judged before a fact said what it is for. Nothing is decoded again."""
    found = judged_type(path, blob.purpose)
    if found in (JPEG, PNG) and found != blob.judged_type:
        found = ""
    blob.judged_type = found
    blob.viewable = found == JPEG
