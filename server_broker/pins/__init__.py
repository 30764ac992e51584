"""PINs of people: which the county accepts, how often each was mistyped at kiosks, and who may begin anew."""
