"""What a touch of a card means: repeat, direction, duty window, the light and the fact."""
