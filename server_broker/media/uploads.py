"""Take a file that a person gives to the county, by the same rules as one that a station sends."""

import hashlib
from datetime import datetime

from django.db import transaction

from server_broker.accounts.models import User
from server_broker.audit.log import record
from server_broker.media.files import COUNTY, MediaFolder
from server_broker.media.judging import judge
from server_broker.media.kinds import ALLOWED
from server_broker.media.models import Blob


class UploadRefused(Exception):
    """Nothing was kept. The message is Chinese."""


def take_upload(folder: MediaFolder, data: bytes, *, purpose: str, account: User, now: datetime) -> Blob:
    """Keep a file of the county's own; the same file for the same purpose is one blob.

    Raises:
        UploadRefused: It is too large, or not what its purpose allows.
    """
    allowed = ALLOWED.get(purpose)
    if allowed is None:
        raise UploadRefused("这种用途不能上传文件")
    if not 0 < len(data) <= allowed.most_bytes:
        raise UploadRefused(f"文件是空的，或超过 {allowed.most_bytes // 2**20} MB")
    sha256 = hashlib.sha256(data).digest()
    with transaction.atomic():
        there = Blob.objects.select_for_update().filter(station=None, sha256=sha256, purpose=purpose).first()
        if there is not None and there.evicted_reason == "" and folder.has_of(COUNTY, sha256):
            return there
        folder.write(COUNTY, sha256, [(0, data)])
        if not folder.finish(COUNTY, sha256, size=len(data)):
            raise UploadRefused("文件没有存好，请再传一次")
        blob = there or Blob(origin=Blob.Origin.COUNTY, sha256=sha256, purpose=purpose, uploaded_by=account)
        blob.size, blob.ranges = len(data), [[0, len(data)]]
        blob.announced_at = blob.completed_at = now
        blob.evicted_reason = ""
        judge(blob, folder.path(sha256))
        if not blob.judged_type:
            folder.drop(COUNTY, sha256, last=not Blob.objects.filter(sha256=sha256).exclude(completed_at=None).exists())
            raise UploadRefused("文件的内容不是这种用途允许的格式，或者已损坏")
        blob.media_type = blob.judged_type
        blob.save()
        record(account.get_username(), "media.uploaded", str(blob.pk), {"purpose": purpose, "size": blob.size})
    return blob
