"""Settle attendance by docs/rules.md, from plain values alone: no database, no clock, no other room."""
