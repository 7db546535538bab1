"""One key: what fits an algorithm, and what is no secret."""

import base64
import random
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jose import constants

from servey_core.errors import SettingsError
from servey_core.keys import (
    ALGORITHMS,
    Key,
    KeySet,
    asymmetric_key,
    base64_bytes,
    key_hint,
    secret_key,
)

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
SPKI, PKCS1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
PKCS8 = serialization.PrivateFormat.PKCS8
TRADITIONAL = serialization.PrivateFormat.TraditionalOpenSSL
PLAIN = serialization.NoEncryption()
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def plain_id(value):
    """Name a test for its texts alone: keys are made anew in each process."""
    return value if isinstance(value, str) else type(value).__name__


def certificate():
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, EC_KEY.public_key(), 1, day, day)
    return builder.sign(EC_KEY, hashes.SHA256())


PUBLISHED = {
    "RSA public DER": RSA_KEY.public_key().public_bytes(DER, SPKI),
    "RSA public PKCS1 DER": RSA_KEY.public_key().public_bytes(DER, PKCS1),
    "RSA private DER": RSA_KEY.private_bytes(DER, PKCS8, PLAIN),
    "EC public DER": EC_KEY.public_key().public_bytes(DER, SPKI),
    "EC private DER": EC_KEY.private_bytes(DER, TRADITIONAL, PLAIN),
    "Ed25519 public DER": ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(DER, SPKI),
    "certificate DER": certificate().public_bytes(DER),
    "certificate PEM": certificate().public_bytes(PEM),
    "RSA public PEM": RSA_KEY.public_key().public_bytes(PEM, SPKI),
    "RSA public PKCS1 PEM": RSA_KEY.public_key().public_bytes(PEM, PKCS1),
    "EC private PEM": EC_KEY.private_bytes(PEM, TRADITIONAL, PLAIN),
    "SSH2": b"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n",
    "OpenSSH": EC_KEY.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    ),
    "JWK": b'{"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx"}',
}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_what_others_may_know_is_no_secret(kind):
    with pytest.raises(SettingsError, match="another kind"):
        secret_key(PUBLISHED[kind], "HS256")


@pytest.mark.parametrize("kind", [kind for kind in PUBLISHED if kind.endswith("DER")])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.encodebytes, base64.urlsafe_b64encode])
def test_nor_is_its_base64(kind, encode):
    with pytest.raises(SettingsError, match="another kind"):
        secret_key(encode(PUBLISHED[kind]), "HS256")


@pytest.mark.parametrize(("algorithm", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_is_as_long_as_the_hash(algorithm, size):
    assert secret_key(b"s" * size, algorithm).signer
    with pytest.raises(SettingsError, match=rf"at least {size} bytes.*token_urlsafe"):
        secret_key(b"s" * (size - 1), algorithm)


def test_random_secrets_are_accepted():
    dice = random.Random(1)
    for _ in range(2000):
        secret_key(dice.randbytes(32), "HS256")
        secret_key(b"0" + dice.randbytes(63), "HS256")
        secret_key(base64.b64encode(dice.randbytes(64)), "HS256")


def test_the_algorithms_are_those_that_the_library_signs_with():
    jose = constants.ALGORITHMS
    assert set(ALGORITHMS) == jose.HMAC | jose.RSA_DS | jose.EC_DS


@pytest.mark.parametrize(
    ("algorithm", "key", "reason"),
    [
        ("RS256", EC_KEY, "at least 2048 bits"),
        ("RS256", rsa.generate_private_key(public_exponent=65537, key_size=1024), "2048 bits"),
        ("RS256", ed25519.Ed25519PrivateKey.generate(), "2048 bits"),
        ("ES256", RSA_KEY, "the curve P-256"),
        ("ES256", ec.generate_private_key(ec.SECP384R1()), "the curve P-256"),
        ("ES256", ec.generate_private_key(ec.SECP256K1()), "the curve P-256"),
        ("ES512", EC_KEY, "the curve P-521"),
    ],
    ids=plain_id,
)
@pytest.mark.parametrize("private", [True, False])
def test_a_key_of_the_wrong_kind_is_refused(algorithm, key, reason, private):
    data = key.private_bytes(PEM, PKCS8, PLAIN)
    if not private:
        data = key.public_key().public_bytes(PEM, SPKI)
    with pytest.raises(SettingsError, match=reason):
        asymmetric_key(data, algorithm)


def test_a_private_key_verifies_with_its_public_half_alone():
    key = asymmetric_key(EC_KEY.private_bytes(PEM, PKCS8, PLAIN), "ES256", "a")
    assert key.signer
    assert key.verifier.is_public()
    assert asymmetric_key(EC_KEY.public_key().public_bytes(PEM, SPKI), "ES256").signer is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"-----BEGIN PUBLIC KEY-----\ncanary\n-----END PUBLIC KEY-----",
        RSA_KEY.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"canary")),
        {"kty": "RSA"},
        {"kty": "RSA", "n": "canary!", "e": "AQAB"},
        {"kty": "RSA", "n": 7, "e": "AQAB"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "canary"},
        ["canary"],
    ],
    ids=plain_id,
)
def test_a_broken_key_is_refused_and_not_shown(data):
    with pytest.raises(SettingsError, match=r"not a readable key|2048 bits") as caught:
        asymmetric_key(data, "RS256")
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_keys_are_not_shown():
    key = secret_key(b"canary" * 8, "HS256", "k1")
    assert repr(key) == "Key(kid='k1')"
    assert "canary" not in repr(KeySet("HS256", (key,)))


def test_a_key_is_found_by_its_exact_name():
    named, other, nameless = Key("a", 1, 1), Key("b", 2, None), Key(None, 3, 3)
    several = KeySet("HS256", (other, named))
    assert several.find("a") is named
    assert several.find("A") is several.find("") is several.find(None) is None
    assert several.signing is named
    assert KeySet("HS256", (named,)).find(None) is named
    assert KeySet("HS256", (named,)).find("b") is None
    assert KeySet("HS256", (nameless,)).find("b") is nameless
    assert KeySet("HS256", ()).find(None) is KeySet("HS256", ()).signing is None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_hint_is_for_the_algorithm(algorithm):
    hint = key_hint(algorithm)
    assert ("token_urlsafe" in hint, "RSA" in hint, "EC" in hint) == (
        algorithm[0] == "H",
        algorithm[0] == "R",
        algorithm[0] == "E",
    )


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("_-8", b"\xff\xef"),
        ("/+8=", b"\xff\xef"),
        (b"YQ==", b"a"),
        ("YQ", b"a"),
        ("Y", None),
        ("", None),
        ("Y Q", None),
        ("YQ\n", None),
        ("é", None),
    ],
)
def test_base64_is_read_strictly(text, raw):
    assert base64_bytes(text) == raw
