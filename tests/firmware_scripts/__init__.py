"""Tests of what makes and tries stations."""
