"""The JSON API: what other programs of the council read and do, by a token."""
