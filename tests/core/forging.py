"""Tokens that are forged by hand, never by the code under test, and the keys for them."""

import base64
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from servey_core.claims import ClaimRules
from servey_core.errors import Unauthorized
from servey_core.jwt import (
    JwtAuthorizer,
)
from servey_core.key_files import FixedKeys, KeyFile
from servey_core.keys import KeySet, secret_key

NOW = 1_800_000_000
SECRET = b"canary-0123456789-0123456789-0123456789-0123456789-0123456789-01"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
EC_KEYS = {name: ec.generate_private_key(curve) for name, curve in CURVES.items()}
GOOD = {"sub": "ann", "scope": "read write", "exp": NOW + 60}


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def as_bytes(part):
    if isinstance(part, bytes):
        return part
    return (part if isinstance(part, str) else json.dumps(part)).encode()


def hs(digest="sha256", key=SECRET):
    return lambda message: hmac.new(key, message, digest).digest()


def rs(algorithm, key=RSA_KEY):
    digest = getattr(hashes, f"SHA{algorithm[2:]}")()
    return lambda message: key.sign(message, padding.PKCS1v15(), digest)


def es(algorithm):
    digest = getattr(hashes, f"SHA{algorithm[2:]}")()
    key = EC_KEYS[algorithm]
    size = (key.key_size + 7) // 8

    def sign(message):
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    return sign


def forge(claims=GOOD, header=None, sign=None, **parameters):
    """A token; claims and header are objects, or text or bytes to take as they are."""
    header = {"alg": "HS256", "typ": "JWT", **parameters} if header is None else header
    message = f"{b64(as_bytes(header))}.{b64(as_bytes(claims))}"
    return f"{message}.{b64((sign or hs())(message.encode()))}"


def secrets_of(*secrets, algorithm="HS256"):
    keys = [secret_key(secret, algorithm, kid) for kid, secret in secrets]
    return FixedKeys(KeySet(algorithm, tuple(keys)))


def authorizer(keys=None, clock=None, **rules):
    keys = keys or secrets_of((None, SECRET))
    return JwtAuthorizer(keys, ClaimRules(**rules), clock=clock or Clock())


def refuses(subject, token, detail=""):
    with pytest.raises(Unauthorized) as caught:
        subject.authorize(token)
    assert detail in caught.value.detail
    assert caught.value.headers == {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    assert "canary" not in f"{caught.value.detail} {caught.value!r} {caught.value.__cause__!r}"
    return True


def pem(key, *, private=True):
    if private:
        form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return key.private_bytes(serialization.Encoding.PEM, form, plain)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def oct_set(*pairs):
    keys = [{"kty": "oct", "kid": kid, "k": b64(secret)} for kid, secret in pairs]
    return json.dumps({"keys": keys})


def key_file(tmp_path, text, algorithm="HS256", **options):
    path = tmp_path / "keys"
    path.write_bytes(as_bytes(text))
    return KeyFile(path, algorithm, **options)
