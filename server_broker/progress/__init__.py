"""What each person has learnt, computed of the attempts of all stations (docs/learning.md), and told to stations."""
