"""Tests of the county service."""
