"""The beginning of the `postroom` command, and of `python -m postroom`."""

import gc
import os

OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Modules make hundreds of thousands of objects and none of them goes: to look through them every 700 objects, as is
usual, takes an eighth of the start."""


def main() -> None:
    """Load the commands and do the one that was asked for."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    # Postroom has no plugins of pydantic, which would look through every installed package for them.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from postroom.cli import app

    app()


if __name__ == "__main__":
    main()
