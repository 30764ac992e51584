"""What the county has published for this station, kept on disk: the old stays until the new is whole."""
