"""The family of failures. Each carries the one decision that its caller makes: try again, or not.

PostroomError
├── Permanent             trying again can't help
│   ├── ConfigurationError    the council's configuration is wrong; the start stops
│   ├── ImpossibleMove        casework refuses a change to a case, and says why
│   ├── NotFound              what was asked for does not exist
│   ├── LoginRefused          a mailbox does not let us in: somebody must set the password, or the right, straight
│   └── ModelRefused          a triage model whose digest or version is not what it says
└── Temporary             the same call may go through later
    ├── NotStored             the row could not be written
    └── Unreachable           a mail server or mailbox did not answer
        ├── Throttled         it answered that it has had enough of us for now
        └── Unanswered        it was given a mail and said nothing: the mail may have gone out
"""

from typing import ClassVar


class PostroomError(Exception):
    """Any failure that Postroom foresaw. `permanent` says whether trying again is useless."""

    permanent: ClassVar[bool] = True


class Permanent(PostroomError):
    permanent: ClassVar[bool] = True


class Temporary(PostroomError):
    permanent: ClassVar[bool] = False


class ConfigurationError(Permanent):
    """The configuration is wrong. `problems` holds one line each: file, path within it, what was expected."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ImpossibleMove(Permanent):
    """A change that the case's state does not allow; the text is shown to the officer."""


class NotFound(Permanent):
    """What was asked for does not exist, or no longer."""


class LoginRefused(Permanent):
    """A mailbox, or the server that gives tokens for it, does not let us in. Trying often may lock the account."""


class ModelRefused(Permanent):
    """The triage model on disk is not the one that its manifest describes."""


class NotStored(Temporary):
    """The row could not be written; the sender must keep the message and try again."""


class Unreachable(Temporary):
    """A server did not answer, or answered that it can't now."""


class Throttled(Unreachable):
    """A server asks for fewer requests. `seconds` is the pause it named, None where it named none."""

    def __init__(self, text: str, seconds: float | None = None) -> None:
        super().__init__(text)
        self.seconds = seconds


class Unanswered(Unreachable):
    """A server was given the whole of a mail and did not say that it took it. It may have."""
