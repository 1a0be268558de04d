"""What signing in leaves behind: recovery codes, links for passwords, accounts elsewhere, tries, and who changed what
about people. Codes, links and addresses are kept as digests alone."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from postroom.models.columns import maybe_moment, moment


class RecoveryCode(SQLModel, table=True):
    """A code that stands in for the second factor once."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("officer_id", "digest"),)

    id: int | None = Field(default=None, primary_key=True)
    officer_id: int = Field(foreign_key="officer.id", index=True)
    digest: str = Field(description="SHA-256")
    used_at: datetime | None = maybe_moment()


class PasswordLink(SQLModel, table=True):
    """A link by which an officer chooses a password, once. The mail holds the token, the table its SHA-256."""

    __tablename__ = "password_link"

    digest: str = Field(primary_key=True)
    officer_id: int = Field(foreign_key="officer.id", index=True)
    made_at: datetime = moment()
    ends_at: datetime = moment(index=True)
    outgoing_mail_id: int | None = Field(default=None, foreign_key="outgoing_mail.id")


class ForeignAccount(SQLModel, table=True):
    """An account at the council's own OpenID Connect provider, tied to an officer when they first came with it."""

    __tablename__ = "foreign_account"

    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True, description="the provider's own lasting name for them")
    officer_id: int = Field(foreign_key="officer.id", index=True)
    tied_at: datetime = moment()


class ForeignSignIn(SQLModel, table=True):
    """A browser that was sent to the provider and has not come back yet."""

    __tablename__ = "foreign_sign_in"

    state_digest: str = Field(primary_key=True)
    browser_digest: str = Field(description="of the cookie of the browser that went, which alone may come back")
    nonce: str
    verifier: str = Field(description="RFC 7636: proves that whoever fetches the tokens is who asked")
    after: str = Field(description="the page of the desk to go on to")
    began_at: datetime = moment(index=True)


class FailedTry(SQLModel, table=True):
    """A try to sign in, or to have a link sent, that counts against the place that it came from."""

    __tablename__ = "failed_try"

    id: int | None = Field(default=None, primary_key=True)
    source_digest: str = Field(index=True, description="keyed digest of the network address; forgotten within a day")
    at: datetime = moment(index=True)


class DeskEvent(SQLModel, table=True):
    """One change about people, their rights or the desk; append-only. What happens to cases is in their histories."""

    __tablename__ = "desk_event"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = moment(index=True)
    officer_id: int | None = Field(default=None, foreign_key="officer.id", description="who did it; none: nobody known")
    about_id: int | None = Field(default=None, foreign_key="officer.id", index=True, description="whom it is about")
    kind: str
    summary: str = Field(description="one line for people")
