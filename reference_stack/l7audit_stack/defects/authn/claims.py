"""Token verifiers that believe rightly signed but wrong claims, or read tokens carelessly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from jwt.utils import base64url_decode

from l7audit_stack.api.security.tokens import TokenRefusedError, TokenVerifier
from l7audit_stack.defects.authn.swap import verifier
from l7audit_stack.defects.defect import Defect


class IgnoresExpiry(TokenVerifier):
    def check_expiry(self, claims: Mapping[str, Any], now: float) -> None:
        self._time(claims, "exp")


class ZeroNeverEnds(TokenVerifier):
    """`if exp and exp < now`: zero is false."""

    def check_expiry(self, claims: Mapping[str, Any], now: float) -> None:
        if self._time(claims, "exp"):
            super().check_expiry(claims, now)


class WithoutExpiryForEver(TokenVerifier):
    """Compares the expiry only where there is one."""

    def check_expiry(self, claims: Mapping[str, Any], now: float) -> None:
        if claims.get("exp") is not None:
            super().check_expiry(claims, now)


class IgnoresNotBefore(TokenVerifier):
    def check_not_before(self, claims: Mapping[str, Any], now: float) -> None:
        self._time(claims, "nbf")


class IgnoresAudience(TokenVerifier):
    def check_audience(self, claims: Mapping[str, Any]) -> None:
        """Anybody's token will do."""


class ComparesAudienceByPrefix(TokenVerifier):
    def check_audience(self, claims: Mapping[str, Any]) -> None:
        if not str(claims.get("aud")).startswith(self.audience):
            super().check_audience(claims)


class FindsAudienceAmongSeveral(TokenVerifier):
    """A list of audiences that holds ours is for us, too (RFC 7519 4.1.3)."""

    def check_audience(self, claims: Mapping[str, Any]) -> None:
        named = claims.get("aud")
        if not (isinstance(named, list) and self.audience in named):
            super().check_audience(claims)


class IgnoresIssuer(TokenVerifier):
    def check_issuer(self, claims: Mapping[str, Any]) -> None:
        """Whoever has a key of ours is trusted."""


class ComparesIssuerByPrefix(TokenVerifier):
    def check_issuer(self, claims: Mapping[str, Any]) -> None:
        if not str(claims.get("iss")).startswith(self.issuer):
            super().check_issuer(claims)


class AllowsSlashAfterIssuer(TokenVerifier):
    def check_issuer(self, claims: Mapping[str, Any]) -> None:
        if claims.get("iss") != self.issuer + "/":
            super().check_issuer(claims)


class IgnoresType(TokenVerifier):
    def check_type(self, header: Mapping[str, Any]) -> None:
        """ID tokens, refresh tokens: a signature is a signature."""


class ReadsTypeLoosely(TokenVerifier):
    """Takes the type in any case and with any media-type prefix, spaces around it ignored."""

    def check_type(self, header: Mapping[str, Any]) -> None:
        kind = header.get("typ")
        if isinstance(kind, str):
            kind = kind.strip().lower().rpartition("/")[2]
        super().check_type({**header, "typ": kind})


class IgnoresCritical(TokenVerifier):
    """Checks signatures by hand and has never heard of `crit`."""

    def header(self, token: str) -> dict[str, Any]:
        try:
            return super().header(token)
        except TokenRefusedError:
            return _object(token.partition(".")[0], "crit")

    def check_critical(self, header: Mapping[str, Any]) -> None:
        """Passes over it."""

    def claims(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        if "crit" not in header:
            return super().claims(token, header)
        signed, _, signature = token.rpartition(".")
        try:
            self.key_for(header).verify(base64url_decode(signature), signed.encode())
        except (InvalidSignature, ValueError) as error:
            raise TokenRefusedError("signature") from error
        return _object(signed.partition(".")[2], "sub")


def _object(segment: str, member: str) -> dict[str, Any]:
    try:
        value = json.loads(base64url_decode(segment))
    except (ValueError, RecursionError) as error:
        raise TokenRefusedError("malformed") from error
    if not isinstance(value, dict) or member not in value:
        raise TokenRefusedError("malformed")
    return value


class TrustsTheParser(TokenVerifier):
    """Reads the header without a thought for what may stand there."""

    def header(self, token: str) -> dict[str, Any]:
        first = token.partition(".")[0]
        if token.count(".") == 2 and re.fullmatch(r"(?:[\w-]{4})+[\w-]{0,3}", first, re.ASCII):
            json.loads(base64url_decode(first)).items()
        return super().header(token)


class DropsOddCharacters(TokenVerifier):
    """Cleans up what a mail program or a copy and paste may have added."""

    def verify(self, token: str, now: float) -> dict[str, Any]:
        return super().verify(re.sub(r"[^A-Za-z0-9_.-]", "", token), now)


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authn.expiry-ignored",
        summary="Expired tokens are accepted.",
        parts=verifier(IgnoresExpiry),
    ),
    Defect(
        name="authn.expiry-zero-never-ends",
        summary="A token whose expiry is zero never ends.",
        parts=verifier(ZeroNeverEnds),
    ),
    Defect(
        name="authn.expiry-optional",
        summary="A token without an expiry never ends.",
        parts=verifier(WithoutExpiryForEver),
    ),
    Defect(
        name="authn.not-before-ignored",
        summary="Tokens are accepted before they begin.",
        parts=verifier(IgnoresNotBefore),
    ),
    Defect(
        name="authn.clock-leeway",
        summary="Times are judged with a minute's leeway for clocks that differ.",
        near_miss=True,
        parts=verifier(TokenVerifier, leeway=60.0),
    ),
    Defect(
        name="authn.audience-ignored",
        summary="Tokens for other audiences are accepted.",
        parts=verifier(IgnoresAudience),
    ),
    Defect(
        name="authn.audience-by-prefix",
        summary="An audience that begins with ours is held for ours.",
        parts=verifier(ComparesAudienceByPrefix),
    ),
    Defect(
        name="authn.audience-among-several",
        summary="A list of audiences with ours in it is accepted.",
        near_miss=True,
        parts=verifier(FindsAudienceAmongSeveral),
    ),
    Defect(
        name="authn.issuer-ignored",
        summary="Tokens of other issuers are accepted.",
        parts=verifier(IgnoresIssuer),
    ),
    Defect(
        name="authn.issuer-by-prefix",
        summary="An issuer whose name begins with ours is held for us.",
        parts=verifier(ComparesIssuerByPrefix),
    ),
    Defect(
        name="authn.issuer-with-slash",
        summary="The issuer's address is accepted with a slash at its end too.",
        near_miss=True,
        parts=verifier(AllowsSlashAfterIssuer),
    ),
    Defect(
        name="authn.type-ignored",
        summary="Tokens of every type are accepted as access tokens.",
        parts=verifier(IgnoresType),
    ),
    Defect(
        name="authn.type-written-loosely",
        summary="The type of an access token is accepted in any casing.",
        near_miss=True,
        parts=verifier(ReadsTypeLoosely),
    ),
    Defect(
        name="authn.critical-ignored",
        summary="Unknown critical extensions are passed over.",
        parts=verifier(IgnoresCritical),
    ),
    Defect(
        name="authn.malformed-token-breaks",
        summary="A token whose header is not a JSON object ends in an error of the server.",
        parts=verifier(TrustsTheParser),
    ),
    Defect(
        name="authn.odd-characters-dropped",
        summary="Characters that base64url does not have are dropped from a token.",
        parts=verifier(DropsOddCharacters),
    ),
)
