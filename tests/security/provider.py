"""A company's own sign-in for tests: a provider of OpenID Connect that may also lie."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from security.world import World
from serving import free_port, serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "station-dashboard", "invented for one test"
HOUR_S, DAY_S = 3600, 86_400
START_S = 20
Token = tuple[dict[str, Any], dict[str, Any]]
"""Header and claims."""


class Keys:
    """A pair of RSA keys."""

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65_537, key_size=2048)

    def sign(self, words: bytes) -> bytes:
        return self._private.sign(words, padding.PKCS1v15(), hashes.SHA256())

    @property
    def public(self) -> dict[str, str]:
        numbers = self._private.public_key().public_numbers()
        n, e = (value.to_bytes((value.bit_length() + 7) // 8) for value in (numbers.n, numbers.e))
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "n": coded(n), "e": coded(e)}

    @property
    def pem(self) -> bytes:
        return self._private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def coded(words: bytes) -> str:
    return base64.urlsafe_b64encode(words).rstrip(b"=").decode()


def token_of(token: Token, sign: Callable[[bytes], bytes]) -> str:
    words = ".".join(coded(json.dumps(part).encode()) for part in token)
    return f"{words}.{coded(sign(words.encode()))}"


@dataclass
class Provider:
    """Who signs in next, and how the next id tokens are wrong; all that it was asked."""

    url: str
    back: str
    subject: str = "subject-of-nobody"
    fault: str = ""
    keys: Keys = field(default_factory=Keys)
    own: Keys = field(default_factory=Keys)
    asked: list[dict[str, str]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.metadata),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.jwks),
                Route("/forged", self.forged),
            ]
        )

    async def metadata(self, _request: Request) -> Response:
        careless = ["RS256", "HS256", "none"] if self.fault.startswith("careless") else ["RS256"]
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": careless,
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def jwks(self, _request: Request) -> Response:
        return JSONResponse({"keys": [self.keys.public | {"kid": "1"}]})

    async def forged(self, request: Request) -> Response:
        """Offer the forger's own key to whoever follows a token's `jku` or `x5u`."""
        self.fetched.append(request.url.path)
        return JSONResponse({"keys": [self.own.public | {"kid": "1"}]})

    async def authorize(self, request: Request) -> Response:
        """Let `subject` in without a question, as if he had typed his password."""
        told = dict(request.query_params)
        self.asked.append(told)
        right = {"client_id": CLIENT, "redirect_uri": self.back, "response_type": "code"}
        if right.items() - told.items() or told.get("code_challenge_method") != "S256":
            return PlainTextResponse("bad request", status_code=400)
        code = secrets.token_urlsafe(16)
        self.codes[code] = told
        answer = {"code": code, "state": told["state"]}
        if self.fault == "refused over there":
            answer = {"error": "access_denied", "state": told["state"]}
        return RedirectResponse(f"{self.back}?{urlencode(answer)}", status_code=302)

    async def token(self, request: Request) -> Response:
        form = {key: value[0] for key, value in parse_qs((await request.body()).decode()).items()}
        told = self.codes.pop(form.get("code", ""), None)
        who = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            told is None
            or request.headers.get("authorization") != f"Basic {who}"
            or form["redirect_uri"] != self.back
            or coded(verifier) != told["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer"}
        return JSONResponse(answer | self._id_token(told["nonce"]))

    def _id_token(self, nonce: str) -> Mapping[str, str]:
        now_s = int(time.time())
        header = {"alg": "RS256", "kid": "1"}
        claims = {"iss": self.url, "sub": self.subject, "aud": CLIENT, "nonce": nonce}
        claims |= {"iat": now_s, "exp": now_s + HOUR_S}  # type: ignore[dict-item]
        if self.fault == "no id token":
            return {}
        return {"id_token": self._told((header, claims))}

    def _told(self, token: Token) -> str:
        header, claims = token
        fault = self.fault.removeprefix("careless ")
        if fault in CLAIMS:
            return token_of((header, CLAIMS[fault](claims)), self.keys.sign)
        if fault in HEADERS:
            added = HEADERS[fault](self)
            return token_of((header | added, claims), self.own.sign)
        if fault == "alg none":
            return token_of((header | {"alg": "none"}, claims), lambda _: b"")
        if fault.startswith("HS256"):
            key = self.keys.pem if "PEM" in fault else json.dumps(self.keys.public).encode()
            return token_of(
                (header | {"alg": "HS256"}, claims),
                lambda words: hmac.digest(key, words, "sha256"),
            )
        return token_of(token, self.keys.sign)


Claims = dict[str, Any]
CLAIMS: dict[str, Callable[[Claims], Claims]] = {
    "expired": lambda told: told | {"exp": told["iat"] - HOUR_S},
    "not yet valid": lambda told: told | {"nbf": told["iat"] + HOUR_S},
    "issued in the future": lambda told: told | {"iat": told["iat"] + HOUR_S},
    "issued an hour ago": lambda told: told | {"iat": told["iat"] - HOUR_S},
    "for another client": lambda told: told | {"aud": "another-client"},
    "for another client, passed on": lambda told: told | {"aud": ["another-client"], "azp": CLIENT},
    "for others too, passed on by another": lambda told: (
        told | {"aud": [CLIENT, "another-client"], "azp": "another-client"}
    ),
    "of another issuer": lambda told: told | {"iss": "https://elsewhere.example"},
    "another nonce": lambda told: told | {"nonce": "0123456789"},
    "no nonce": lambda told: without(told, "nonce"),
    "no expiry": lambda told: without(told, "exp"),
    "no subject": lambda told: without(told, "sub"),
    "an empty subject": lambda told: told | {"sub": ""},
    "a subject that is none": lambda told: told | {"sub": None},
    "a subject that is a list": lambda told: told | {"sub": [told["sub"]]},
}
"""Id tokens signed by the provider's own key that say what they must not say."""
HEADERS: dict[str, Callable[[Provider], dict[str, Any]]] = {
    "another key": lambda _: {},
    "another key, unknown": lambda _: {"kid": "2"},
    "its own key in jwk": lambda at: {"jwk": at.own.public},
    "its own key in jwk, unknown": lambda at: {"jwk": at.own.public, "kid": "2"},
    "its own key in jku": lambda at: {"jku": f"{at.url}/forged"},
    "its own key in jku, unknown": lambda at: {"jku": f"{at.url}/forged", "kid": "2"},
    "its own key in x5u": lambda at: {"x5u": f"{at.url}/forged"},
    "its own key in x5c": lambda at: {"x5c": [base64.b64encode(at.own.pem).decode()]},
}
"""What the header of an id token adds that a forger signed with a key of his own."""
OTHER_FAULTS = (
    "alg none",
    "HS256 under the public key in PEM",
    "HS256 under the public key as JWK",
    "careless alg none",
    "careless HS256 under the public key in PEM",
    "careless HS256 under the public key as JWK",
    "no id token",
    "refused over there",
)
"""In the careless ones the provider itself lists `none` and HS256 among its algorithms."""


def without(claims: Claims, key: str) -> Claims:
    return {name: value for name, value in claims.items() if name != key}


@contextmanager
def providing(back: str) -> Iterator[Provider]:
    """Yield a provider that sends people back to one address only, and stop it at the end."""
    port = free_port()
    provider = Provider(f"http://localhost:{port}", back)
    server = uvicorn.Server(
        uvicorn.Config(provider.app(), host="127.0.0.1", port=port, log_level="warning")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_S
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join(timeout=START_S)


@contextmanager
def serving_for_company(archive: World, *, hours: int = 12) -> Iterator[tuple[str, Provider]]:
    """Yield a dashboard that lets the company's own sign-in in, and the provider it asks."""
    port = free_port()
    config = archive.folder / "config.yaml"
    config.write_text(f"sign_in: {{oidc: true, session_hours: {hours}}}\n", encoding="utf-8")
    with providing(f"http://127.0.0.1:{port}/oauth2callback") as provider:
        write_file(archive.folder, provider)
        with serving(archive.url, config=config, port=port) as url:
            yield url, provider


def write_file(folder: Path, provider: Provider) -> Path:
    """Write what an administrator writes for this provider, as he does."""
    file = folder / "company.toml"
    file.touch(mode=0o600)
    file.write_text(
        f'server_metadata_url = "{provider.url}/.well-known/openid-configuration"\n'
        f'redirect_uri = "{provider.back}"\n'
        f'client_id = "{CLIENT}"\n'
        f'client_secret = "{SECRET}"\n',
        encoding="utf-8",
    )
    return file
