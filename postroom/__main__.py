"""The beginning of the `postroom` command, and of `python -m postroom`."""

import gc

OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Modules make hundreds of thousands of objects and none of them goes: to look through them every 700 objects, as is
usual, takes an eighth of the start."""


def main() -> None:
    """Load the commands and do the one that was asked for."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    from postroom.cli import app

    app()


if __name__ == "__main__":
    main()
