"""What is said about the input while it is read: once, however often a job reads it."""

import logging
from functools import cache

log = logging.getLogger(__name__)


def tell(message: str, level: int = logging.INFO) -> None:
    """Say something; files that are copies go by the names of what was copied."""
    from .copies import named  # which needs the readers in turn

    _tell(named(message), level)


@cache
def _tell(message: str, level: int) -> None:
    log.log(level, "%s", message)
