"""The forms of a case: what each asks, and the one function of casework that it calls."""
