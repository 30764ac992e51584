"""A page of the console as a test reads it: its HTML, and the words in the cells of one row."""

import re

from django.test import Client


def text_of(client: Client, path: str) -> str:
    """Return the HTML of a page that must open."""
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def cells_of(html: str, row: str) -> list[str]:
    """Return the words of each cell of the table row with the id ``row``."""
    [inner] = re.findall(rf'<tr id="{re.escape(row)}">(.*?)</tr>', html, re.DOTALL)
    return [
        " ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td.*?>(.*?)</td>", inner, re.DOTALL)
    ]
