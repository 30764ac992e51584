"""Text, pictures and colours in the cells of a terminal."""
