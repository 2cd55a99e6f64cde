"""From rendered text to a formatted module."""
