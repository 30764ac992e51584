"""Documents for stations: published or computed here, signed, named in each station's index, and fetched over HTTPS."""
