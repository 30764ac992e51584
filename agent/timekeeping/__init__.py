"""What time it is at the station, how well that is known, and who may say so."""
