"""Signing in by the council's own OpenID Connect provider: the code flow with PKCE, a state that one browser alone may
bring back, and a nonce (OpenID Connect Core 3.1, RFC 7636, RFC 9700). The libraries are loaded when somebody comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete
from sqlmodel import Session, col, select

from postroom.desk.desk_record import note
from postroom.desk.officers import add_officer
from postroom.desk.sessions import digest, new_token
from postroom.models.database import open_session
from postroom.models.failures import ConfigurationError, ImpossibleMove, Unreachable
from postroom.models.officer import Officer, Role
from postroom.models.settings import Settings
from postroom.models.sign_in import ForeignAccount, ForeignSignIn
from postroom.models.sign_in_settings import Provider

BACK_WITHIN = timedelta(minutes=10)
CLOCKS_DIFFER_SECONDS = 60
CALLBACK = "/sign-in/provider/back"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"]
"""Signatures by a key of the provider; never "none", never one by our own secret."""


class NotTaken(ImpossibleMove):
    """The provider's answer does not sign anybody in; says why in words for them."""


@dataclass(frozen=True)
class Claims:
    """What the provider says of somebody."""

    issuer: str
    subject: str
    email: str
    name: str
    vouched: bool


def leave(engine: Engine, settings: Settings, *, browser: str, after: str, now: datetime) -> str:
    """The provider's address to send a browser to; `browser` is the secret of its cookie. Raises `Unreachable`."""
    provider = _provider(settings)
    found, state, nonce, verifier = _discovered(provider), new_token(), new_token(), new_token() + new_token()
    with _client(provider, settings) as client:
        address, _ = client.create_authorization_url(
            found["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
        )
    with open_session(engine) as session:
        session.connection().execute(delete(ForeignSignIn).where(col(ForeignSignIn.began_at) < now - BACK_WITHIN))
        session.add(
            ForeignSignIn(
                state_digest=digest(state),
                browser_digest=digest(browser),
                nonce=nonce,
                verifier=verifier,
                after=after,
                began_at=now,
            )
        )
        session.commit()
    return str(address)


def come_back(
    engine: Engine, settings: Settings, query: Mapping[str, str], *, browser: str, now: datetime
) -> tuple[Claims, str]:
    """What the provider says of who came back, and the page to go on to. Each state is taken once. Raises `NotTaken`,
    `Unreachable`."""
    provider = _provider(settings)
    begun = _taken(engine, query.get("state", ""), browser, now)
    if query.get("error") or not query.get("code"):
        raise NotTaken("The sign-in was ended there before it was complete. Try again.")
    found = _discovered(provider)
    if query.get("iss", provider.issuer) != found["issuer"]:
        raise NotTaken("The answer came from somebody else. Try again.")  # RFC 9207
    return _claims(provider, settings, found, query["code"], begun, now), begun.after


def officer_for(session: Session, claims: Claims, settings: Settings, now: datetime) -> Officer:
    """The officer whom the claims are of: by the account that is tied to them, else by their address, which ties it.
    The caller commits. Raises `NotTaken`."""
    provider = _provider(settings)
    tied = session.get(ForeignAccount, (claims.issuer, claims.subject))
    if tied is not None:
        return _active(session.get(Officer, tied.officer_id), claims)
    if not claims.email or not (claims.vouched or provider.vouches_for_addresses):
        raise NotTaken("Your council account names no address that it vouches for. Tell your administrator.")
    officer = session.exec(select(Officer).where(Officer.email == claims.email)).first()
    if officer is None and provider.adds_officers:
        officer = add_officer(
            session, settings, email=claims.email, name=claims.name or claims.email, role=Role.OFFICER, now=now
        )
    officer = _active(officer, claims)
    assert officer.id is not None
    other = select(ForeignAccount).where(
        ForeignAccount.officer_id == officer.id, ForeignAccount.issuer == claims.issuer
    )
    if session.exec(other).first() is not None:  # an address that was given to somebody else since
        raise NotTaken("Another council account is tied to this address. Tell your administrator.")
    session.add(ForeignAccount(issuer=claims.issuer, subject=claims.subject, officer_id=officer.id, tied_at=now))
    note(session, "sign-in", f"{officer.name}'s council account was tied", by=officer.id, about=officer.id, now=now)
    return officer


def _active(officer: Officer | None, claims: Claims) -> Officer:
    if officer is None or not officer.active:
        raise NotTaken(f"Nobody with the address {claims.email or 'of your account'} may use this desk.")
    return officer


def _provider(settings: Settings) -> Provider:
    if settings.desk.sign_in.provider is None:
        raise NotTaken("This desk has no provider to sign in by.")
    return settings.desk.sign_in.provider


def _taken(engine: Engine, state: str, browser: str, now: datetime) -> ForeignSignIn:
    """The row of a state, which is gone with this. Raises `NotTaken` where it is unknown, old or another browser's."""
    with open_session(engine) as session:
        row = session.get(ForeignSignIn, digest(state), with_for_update=True)
        if row is not None:
            session.delete(row)
            session.commit()
    if row is None or row.began_at < now - BACK_WITHIN or not browser or row.browser_digest != digest(browser):
        raise NotTaken("That sign-in was not begun here, or too long ago. Try again.")
    return row


def _client(provider: Provider, settings: Settings) -> Any:
    from authlib.integrations.requests_client import OAuth2Session

    secret = provider.client_secret.read() if provider.client_secret else None
    return OAuth2Session(
        provider.client_id,
        secret,
        scope=" ".join(provider.scopes),
        redirect_uri=settings.desk.public_url + CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
        default_timeout=provider.timeout_seconds,
    )


def _discovered(provider: Provider) -> dict[str, Any]:
    """The provider's own description (OpenID Connect Discovery 4)."""
    found = _fetched(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration", provider)
    if found.get("issuer") != provider.issuer:
        raise ConfigurationError(
            [f"desk.sign_in.provider.issuer: the provider calls itself {found.get('issuer')}; got {provider.issuer}"]
        )
    return found


def _fetched(url: str, provider: Provider, token: str = "") -> dict[str, Any]:
    import requests

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = requests.get(url, timeout=provider.timeout_seconds, headers=headers, allow_redirects=False)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise Unreachable(f"{provider.issuer}: {error}") from error
    return found


def _claims(
    provider: Provider, settings: Settings, found: Mapping[str, Any], code: str, begun: ForeignSignIn, now: datetime
) -> Claims:
    import requests
    from authlib.common.errors import AuthlibBaseError
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    keys = _fetched(found["jwks_uri"], provider)
    try:
        with _client(provider, settings) as client:
            tokens = client.fetch_token(found["token_endpoint"], code=code, code_verifier=begun.verifier)
        signed = jwt.decode(tokens["id_token"], KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            {
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
                "nonce": {"essential": True, "value": begun.nonce},
            },
            {"nonce": begun.nonce, "client_id": provider.client_id, "access_token": tokens.get("access_token")},
        )
        claims.validate(now=int(now.timestamp()), leeway=CLOCKS_DIFFER_SECONDS)
    except requests.RequestException as error:
        raise Unreachable(f"{provider.issuer}: {error}") from error
    except (JoseError, AuthlibBaseError, KeyError, ValueError) as error:
        raise NotTaken(f"The answer of the provider can't be trusted ({type(error).__name__}). Try again.") from error
    said = dict(claims)
    if not said.get("email") and found.get("userinfo_endpoint"):
        more = _fetched(found["userinfo_endpoint"], provider, tokens["access_token"])
        if more.get("sub") == said["sub"]:  # OpenID Connect Core 5.3.2
            said = {**more, **said}
    return Claims(
        issuer=provider.issuer,
        subject=str(said["sub"]),
        email=str(said.get("email") or "").strip().lower(),
        name=str(said.get("name") or "").strip(),
        vouched=said.get("email_verified") is True,
    )
