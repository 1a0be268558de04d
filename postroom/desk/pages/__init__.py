"""The views: each reads its arguments, calls one function and renders."""
