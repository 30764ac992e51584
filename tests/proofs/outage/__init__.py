"""Proof: a station whose county was out of reach for an hour, a day or two months comes back and loses nothing."""
