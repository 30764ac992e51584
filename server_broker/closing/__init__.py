"""A village's sheet of a month on its way: shown to those concerned, closed and signed; and what changes afterwards."""
