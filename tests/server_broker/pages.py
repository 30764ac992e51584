"""A page of the console as a test reads it: its HTML, and the words of one part of it."""

import re

from django.test import Client


def text_of(client: Client, path: str) -> str:
    """Return the HTML of a page that must open."""
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def words_of(html: str) -> str:
    """Return what a person reads of a piece of HTML, with single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def cells_of(html: str, row: str) -> list[str]:
    """Return the words in each cell of the table row with the id ``row``."""
    [inner] = re.findall(rf'<tr id="{re.escape(row)}">(.*?)</tr>', html, re.DOTALL)
    return _cells(inner)


def cells_beside(html: str, heading: str) -> list[str]:
    """Return the words in each cell of the table row whose heading begins with ``heading``."""
    [inner] = re.findall(rf'<th scope="row">{re.escape(heading)}.*?</th>(.*?)</tr>', html, re.DOTALL)
    return _cells(inner)


def _cells(row: str) -> list[str]:
    return [words_of(cell) for cell in re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL)]
