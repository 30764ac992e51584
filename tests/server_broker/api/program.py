"""A program that reads the county by a token, as Django's test client."""

from typing import Any

from django.test import Client

ROOT = "/api/v1/"


class Program:
    """Reads with one token; with none if it is empty."""

    def __init__(self, token: str = "") -> None:
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, path: str, **query: str) -> Any:
        """Return the answer, whatever its status."""
        return Client().get(path if path.startswith("/") else ROOT + path, query or None, headers=self._headers)

    def status(self, path: str, **query: str) -> int:
        """Return the status of the answer."""
        return int(self.ask(path, **query).status_code)

    def page(self, path: str, **query: str) -> dict[str, Any]:
        """Return a page that must come."""
        answer = self.ask(path, **query)
        assert answer.status_code == 200, answer.content.decode()
        page: dict[str, Any] = answer.json()
        return page

    def rows(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Return the rows of all pages."""
        page = self.page(path, **query)
        rows = list(page["rows"])
        while page["next"]:
            page = self.page(page["next"])
            rows += page["rows"]
        return rows

    def refusal(self, path: str, **query: str) -> tuple[int, str]:
        """Return status and sentence of an answer that says no."""
        answer = self.ask(path, **query)
        return int(answer.status_code), str(answer.json()["detail"])
