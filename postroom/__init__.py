"""Postroom: a council's feedback, from the wire to the right desk and the annual report."""
