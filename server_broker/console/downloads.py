"""Files that a page hands out."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SANDBOX = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
"""Headers of a file that somebody else has made: whatever is in it, it runs and loads nothing."""


def xlsx(content: bytes, name: str) -> HttpResponse:
    """Respond with an Excel file of that name."""
    return attached(content, name, XLSX)


def attached(content: bytes | str, name: str, content_type: str) -> HttpResponse:
    """Respond with a file to keep, of that name."""
    disposition = content_disposition_header(as_attachment=True, filename=name)
    headers = {"Content-Disposition": disposition or "attachment"}
    return HttpResponse(content, content_type=content_type, headers=headers)
