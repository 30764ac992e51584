"""The stations: who they are, what they last reported, and how far the county has each of their streams."""
