"""Files of keys: which are read, which are refused and why, and how they are read again."""

import base64
import json
import logging
import os
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwk

from servey_core.errors import SettingsError
from servey_core.key_files import FixedKeys, KeyFile, read_keys
from servey_core.keys import KeySet, key_hint

NOW = 1_800_000_000
PEM, PLAIN = serialization.Encoding.PEM, serialization.NoEncryption()
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
FORMS = serialization.PrivateFormat
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_PEM = RSA_KEY.private_bytes(PEM, FORMS.PKCS8, PLAIN)
EC_PEM = EC_KEY.private_bytes(PEM, FORMS.TraditionalOpenSSL, PLAIN)
EC_PARAMETERS = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
K = base64.urlsafe_b64encode(b"canary" * 6).decode()


def jwk_of(pem, algorithm, **members):
    found = jwk.construct(pem, algorithm).to_dict()
    text = {name: v if isinstance(v, str) else v.decode() for name, v in found.items()}
    del text["alg"]
    return text | members


def oct_key(kid=None, **members):
    return {"kty": "oct", "k": K} | ({} if kid is None else {"kid": kid}) | members


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.json"


@pytest.fixture
def write(path):
    def write(*keys):
        path.write_text(json.dumps({"keys": keys}))

    return write


def plain_id(value):
    """Name a test for its texts alone: keys are made anew in each process."""
    return value if isinstance(value, str) else type(value).__name__


def kids(keys):
    return [key.kid for key in keys.keys]


@pytest.mark.parametrize(
    ("algorithm", "text"),
    [
        ("RS256", RSA_PEM),
        ("RS256", b"\n\n" + RSA_PEM + b"\n\n"),
        ("RS512", RSA_KEY.private_bytes(PEM, FORMS.TraditionalOpenSSL, PLAIN)),
        ("RS384", RSA_KEY.public_key().public_bytes(PEM, SPKI)),
        ("RS256", RSA_KEY.public_key().public_bytes(PEM, serialization.PublicFormat.PKCS1)),
        ("ES256", EC_PEM),
        ("ES256", EC_PARAMETERS + EC_PEM),
        ("ES256", EC_KEY.private_bytes(PEM, FORMS.PKCS8, PLAIN)),
        ("ES256", EC_KEY.public_key().public_bytes(PEM, SPKI)),
    ],
    ids=plain_id,
)
def test_one_key_in_pem_form(path, algorithm, text):
    path.write_bytes(text)
    (key,) = read_keys(path, algorithm).keys
    assert key.kid is None
    assert (key.signer is not None) == (b"PRIVATE" in text)


def test_a_set_of_keys_of_which_some_are_for_something_else(path, write):
    write(
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "a"},
        {"kty": "quantum"},
        {"kid": "no kty"},
        jwk_of(RSA_PEM, "RS256", kid="rsa"),
        jwk_of(RSA_PEM, "RS256", kid="rs256", alg="RS256"),
        jwk_of(RSA_PEM, "RS256", kid="rs512", alg="RS512"),
        jwk_of(RSA_PEM, "RS256", kid="enc", use="enc"),
        jwk_of(RSA_PEM, "RS256", kid="sig", use="sig", key_ops=["verify"]),
        jwk_of(RSA_PEM, "RS256", kid="wrap", key_ops=["wrapKey"]),
        jwk_of(RSA_PEM, "RS256", kid="ops", key_ops="verify"),
        jwk_of(EC_PEM, "ES256", kid="p256"),
        {"kty": "EC", "crv": "P-999", "x": "", "y": "", "kid": "p999"},
        oct_key("oct"),
    )
    assert kids(read_keys(path, "RS256")) == ["rsa", "rs256", "sig"]
    assert kids(read_keys(path, "RS512")) == ["rsa", "rs512", "sig"]
    assert kids(read_keys(path, "ES256")) == ["p256"]
    assert kids(read_keys(path, "ES384")) == []
    assert kids(read_keys(path, "HS256")) == ["oct"]


@pytest.mark.parametrize(
    ("algorithm", "text", "reason"),
    [
        ("HS256", RSA_PEM, "SERVEY_JWT_ALGORITHM"),
        ("RS256", RSA_PEM + RSA_PEM, "There are 2 PEM keys"),
        ("RS256", b"-----BEGIN CERTIFICATE-----\ncanary", "A CERTIFICATE is not read"),
        ("RS256", b"-----BEGIN OPENSSH PRIVATE KEY-----\ncanary", "OPENSSH PRIVATE KEY is not"),
        ("RS256", b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nx", "ENCRYPTED PRIVATE KEY is not"),
        ("RS256", b"-----BEGIN PRIVATE KEY-----\ncanary", "not a readable key"),
        ("RS256", EC_PEM, "needs an RSA key"),
        ("RS256", b"-----BEGIN \xff", "There are 0 PEM keys"),
        ("RS256", b"", "neither a JWK Set nor a PEM key"),
        ("RS256", RSA_KEY.public_key().public_bytes(serialization.Encoding.DER, SPKI), "openssl"),
        ("RS256", b"ssh-rsa AAAA canary", "ssh-keygen"),
        ("HS256", b"canary" * 9, "neither a JWK Set nor a PEM key"),
        ("HS256", b"{", "The JSON cannot be read"),
        ("HS256", b'{"keys": [], "keys": []}', "The JSON cannot be read"),
        ("HS256", json.dumps(oct_key("a")).encode(), "no JWK Set"),
        ("HS256", b'{"keys": {}}', "no JWK Set"),
        ("HS256", b'{"keys": ["canary"]}', r"keys\[0\]: This is not an object"),
        ("HS256", b'{"keys": [{"kty": "oct"}]}', "not base64url"),
        ("HS256", b'{"keys": [{"kty": "oct", "k": 7}]}', "not base64url"),
        ("HS256", b'{"keys": [{"kty": "oct", "k": "canary!"}]}', "not base64url"),
        ("HS256", b'{"keys": [{"kty": "oct", "k": "canary"}]}', "at least 32 bytes"),
        ("HS256", json.dumps({"keys": [oct_key(kid=7)]}).encode(), '"kid" is not a string'),
        ("HS256", json.dumps({"keys": [oct_key("a"), oct_key("a")]}).encode(), "of its own"),
        ("HS256", json.dumps({"keys": [oct_key("a"), oct_key()]}).encode(), "of its own"),
        (
            "RS256",
            b'{"keys": [{}, {"kty": "RSA", "n": "canary"}]}',
            r"keys\[1\]: .* not a readable",
        ),
        ("HS256", b'{"keys": []}', "none is for HS256"),
        ("ES384", json.dumps({"keys": [oct_key("a")]}).encode(), "none is for ES384"),
    ],
    ids=plain_id,
)
def test_a_file_that_does_not_do_says_which_and_why(path, algorithm, text, reason):
    path.write_bytes(text)
    with pytest.raises(SettingsError, match=reason) as caught:
        KeyFile(path, algorithm)
    assert str(path) in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_der_public_key_in_a_set_is_no_secret(path, write):
    der = RSA_KEY.public_key().public_bytes(serialization.Encoding.DER, SPKI)
    write(oct_key("a", k=base64.urlsafe_b64encode(der).decode()))
    with pytest.raises(SettingsError, match="another kind"):
        read_keys(path, "HS256")


def test_a_file_that_is_not_there_or_not_a_file(tmp_path):
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(SettingsError, match=f"The keys in {path}: "):
            KeyFile(path, "HS256")


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "ES512"])
def test_the_hints_command_makes_a_key_that_is_read(path, algorithm):
    command = key_hint(algorithm).removeprefix("Make one: ").split()
    path.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
    assert read_keys(path, algorithm).signing


# --- Reading again --------------------------------------------------------------------------------


def test_the_file_is_looked_at_now_and_then(path, write):
    write(oct_key("a"))
    source = KeyFile(path, "HS256")
    first = source.current(NOW)
    assert kids(first) == ["a"]
    write(oct_key("b"), oct_key("a"))
    assert source.current(NOW + 4.9) is first
    assert kids(source.current(NOW + 5)) == ["b", "a"]


def test_a_file_that_has_not_changed_is_not_read_again(path, write):
    write(oct_key("a"))
    source = KeyFile(path, "HS256")
    assert source.refresh(NOW) is source.refresh(NOW + 100) is source.current(NOW + 200)


def test_a_change_is_seen_at_once_where_it_is_asked_for(path, write):
    write(oct_key("a"))
    source = KeyFile(path, "HS256")
    source.current(NOW)
    write(oct_key("b"), oct_key("a"))
    assert kids(source.refresh(NOW)) == kids(source.current(NOW)) == ["b", "a"]


def test_a_change_that_keeps_size_and_time_is_seen(path, write, tmp_path):
    write(oct_key("a"))
    source = KeyFile(path, "HS256")
    before = path.stat()
    other = tmp_path / "other"
    other.write_text(path.read_text().replace('"a"', '"b"'))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    assert kids(source.current(NOW)) == ["b"]


def test_a_clock_that_is_set_back_does_not_stop_the_looking(path, write):
    write(oct_key("a"))
    source = KeyFile(path, "HS256")
    source.current(NOW)
    write(oct_key("b"), oct_key("a"))
    assert kids(source.current(NOW - 86_400)) == ["b", "a"]


@pytest.mark.parametrize(
    "text", ['{"keys": [', "", '{"keys": [{"kty": "oct", "k": "canary"}]}', None]
)
def test_a_broken_file_leaves_the_keys_as_they_were(path, write, text, caplog):
    write(oct_key("a"))
    source = KeyFile(path, "HS256")
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    with caplog.at_level(logging.ERROR, "servey.keys"):
        assert kids(source.refresh(NOW)) == kids(source.refresh(NOW + 9)) == ["a"]
    assert len(caplog.records) == 1, "said once for each change"
    assert str(path) in caplog.text
    assert "canary" not in caplog.text
    write(oct_key("b"))
    assert kids(source.refresh(NOW + 10)) == ["b"]


def test_an_empty_set_takes_every_key_away(path, write):
    write(oct_key("a"))
    source = KeyFile(path, "HS256")
    write()
    assert kids(source.refresh(NOW)) == []


def test_fixed_keys_stay():
    keys = KeySet("HS256", ())
    assert FixedKeys(keys).current(NOW) is FixedKeys(keys).refresh(NOW) is keys
