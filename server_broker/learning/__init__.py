"""Packs that go out and attempts that come in."""
