"""The two pages of every import: upload a file and see what it would change; then confirm exactly these changes."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from server_broker.accounts.powers import account_of
from server_broker.accounts.scope import scope
from server_broker.console import parameters
from server_broker.sheets import pending
from server_broker.sheets.changes import Changes
from server_broker.sheets.declared import SheetPlan
from server_broker.sheets.importing import (
    Import,
    ImportRefused,
    OtherThanShown,
    RenamesUnconfirmed,
    import_seat,
    preview,
    take,
)
from server_broker.sheets.reading import MAX_FILE_BYTES
from server_broker.sheets.row_errors import RowError

PAGE_SIZE = 200
MOST_ERRORS_SHOWN = 500
MOST_RENAMES = 200
"""A person checks each one. If a file renames more, a column has most likely slipped by some rows."""
_NO_REGION = "您的账号还没有分配县、镇或村，不能导入。请系统管理员为您分配。"
_NO_FILE = "请先选择一个 .xlsx 或 .csv 文件。"


@dataclass(frozen=True, slots=True)
class ImportPages[P: SheetPlan, K]:
    """What differs between imports: how a file is read, and the words and addresses of the two pages."""

    of: Import[P, K]
    read: Callable[[HttpRequest, str, bytes], P]
    """Gets the file's name and bytes. May raise `ImportRefused`."""
    form: str
    """Name of the form's address; that of the confirmation is the same with ``-confirm``."""
    done: str
    """Name of the address to which somebody goes after the import."""
    section: str
    templates: tuple[str, str]
    context: Callable[[HttpRequest], dict[str, Any]]
    """What the form's template needs besides."""

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Show the form. Take a file, and lead on to the preview of its changes, or show all its errors at once."""
        if request.method != "POST":
            return self._form(request)
        own, file = scope(request.user), request.FILES.get("file")
        if own is None or not isinstance(file, UploadedFile):
            messages.error(request, _NO_REGION if own is None else _NO_FILE)
            return redirect(self.form)
        try:
            with import_seat():
                # One byte more than allowed tells that the file is too large, without the rest in memory.
                plan = self.read(request, file.name or "", file.read(MAX_FILE_BYTES + 1))
                changes = preview(self.of, plan, scope=own)
        except ImportRefused as refusal:
            return self._form(request, refusal.errors)
        if len(changes.renames) > MOST_RENAMES:
            too_many = (
                f"这个文件会给 {len(changes.renames)} 个已有的编号改名，超过一次核对得过来的 {MOST_RENAMES} 个。"
                "多半是编号列和姓名列错开了行：请核对，或分成几个文件上传"
            )
            return self._form(request, (RowError("", 0, too_many),))
        # The county keeps the plan itself, so that nobody can change it between the preview and the confirmation.
        token = pending.keep(self.of.book, plan, account=account_of(request), now=timezone.now())
        return redirect(f"{self.form}-confirm", token=token)

    def confirm(self, request: HttpRequest, token: uuid.UUID) -> HttpResponse:
        """Show which changes a file would make. The button makes exactly these changes, or none."""
        own, account = scope(request.user), account_of(request)
        plan = pending.kept(self.of.book, token, account=account, now=timezone.now())
        if plan is None or own is None:
            messages.error(request, "这份预览已经用过、过期或被新的文件代替，请重新上传文件。")
            return redirect(self.form)
        try:
            with import_seat():
                if request.method == "POST":
                    try:
                        done = take(
                            self.of,
                            plan,
                            scope=own,
                            actor=account.get_username(),
                            account=account,
                            shown=request.POST.get("shown", ""),
                            renames_confirmed=request.POST.get("renames") == "confirmed",
                        )
                    # Nothing was imported. The page is shown again with what the file would change now.
                    except OtherThanShown:
                        messages.error(
                            request, "没有导入：名单在您核对期间有了变化。下面是现在会改的内容，请再核对一次。"
                        )
                    except RenamesUnconfirmed:
                        messages.error(request, "没有导入：有编号会改名。请逐个核对，确认是同一个人之后在下面打勾。")
                    else:
                        pending.drop(account)
                        counts = "；".join(f"{sheet}：{count}" for sheet, count in done.counts().items())
                        messages.success(request, f"导入完成。{counts}")
                        return redirect(self.done)
                changes = preview(self.of, plan, scope=own)
        except ImportRefused as refusal:
            return self._form(request, refusal.errors)
        return self._preview(request, plan, changes)

    def _form(self, request: HttpRequest, errors: tuple[RowError, ...] = ()) -> HttpResponse:
        context = {
            **self._addresses(),
            **self.context(request),
            "errors": errors[:MOST_ERRORS_SHOWN],
            "error_count": len(errors),
        }
        return render(request, self.templates[0], context, status=422 if errors else 200)

    def _preview(self, request: HttpRequest, plan: P, changes: Changes) -> HttpResponse:
        # Renames have a list of their own, because a person must check each of them.
        others = [change for change in changes.changed if not change.renames]
        others.sort(key=lambda change: change.is_new)  # changed rows first: they replace something, new ones only add
        context = {
            **self._addresses(),
            "counts": changes.counts(),
            "renames": changes.renames,
            "page": Paginator(others, PAGE_SIZE).get_page(parameters.page_number(request.GET)),
            "notes": [*plan.notes, *changes.warnings],
            "shown": changes.digest(),
            "nothing": not changes.changed,
        }
        return render(request, self.templates[1], context)

    def _addresses(self) -> dict[str, Any]:
        return {"section": self.section, "form_url": reverse(self.form), "done_url": reverse(self.done)}
