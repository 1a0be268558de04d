"""The page's number in the address of a long list."""

from typing import Annotated

from fastapi import Query

Number = Annotated[int, Query(alias="page", ge=1, le=100_000)]
