"""Every known attack on a token: on its header, its signature and its claims."""

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from forging import (
    EC_KEYS,
    GOOD,
    NOW,
    RSA_KEY,
    SECRET,
    authorizer,
    b64,
    forge,
    hs,
    key_file,
    pem,
    refuses,
    secrets_of,
)

from servey_core.claims import ClaimRules
from servey_core.errors import SettingsError
from servey_core.jwt import (
    MAX_TOKEN,
    JwtAuthorizer,
)
from servey_core.keys import secret_key

# --- Attacks on the header and the signature ------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["none", "None", "NoNe", "", None, 0, ["HS256"], {}, "HS512"])
def test_attack_another_algorithm(algorithm):
    sign = hs("sha512") if algorithm == "HS512" else hs()
    assert refuses(authorizer(), forge(sign=sign, alg=algorithm), "header")


def test_attack_alg_left_out():
    assert refuses(authorizer(), forge(header={"typ": "JWT"}), "header")


@pytest.mark.parametrize("algorithm", ["HS", "256", "S256", "HS2"])
def test_attack_part_of_the_algorithms_name(algorithm):
    assert refuses(authorizer(), forge(alg=algorithm), "header")


def test_attack_unsigned():
    head, body, _ = forge(alg="none").split(".")
    for token in (f"{head}.{body}.", f"{head}.{body}"):
        assert refuses(authorizer(), token)


@pytest.mark.parametrize("form", ["pem", "der", "openssh", "der base64"])
def test_attack_public_key_as_hmac_secret(form, tmp_path):
    public = RSA_KEY.public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    der = public.public_bytes(serialization.Encoding.DER, spki)
    openssh = serialization.Encoding.OpenSSH
    key = {
        "pem": pem(RSA_KEY, private=False),
        "der": der,
        "der base64": base64.b64encode(der),
        "openssh": public.public_bytes(openssh, serialization.PublicFormat.OpenSSH),
    }[form]
    verifier = authorizer(key_file(tmp_path, pem(RSA_KEY, private=False), "RS256"))
    assert refuses(verifier, forge(sign=hs(key=key)), "header")
    assert refuses(verifier, forge(sign=hs(key=key), alg="RS256"))
    with pytest.raises(SettingsError, match="another kind"):
        secret_key(key, "HS256")


def test_attack_empty_hmac_key():
    assert refuses(authorizer(), forge(sign=hs(key=b"")))
    with pytest.raises(SettingsError, match="at least 32"):
        secret_key(b"", "HS256")


@pytest.mark.parametrize(
    "extra",
    [
        {"crit": ["exp"]},
        {"crit": ["unknown"], "unknown": 1},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": {"kty": "oct", "k": b64(SECRET)}},
        {"x5c": ["AAAA"]},
        {"zip": "DEF"},
        {"kid": 1},
        {"kid": ["a"]},
        {"typ": "logout+jwt"},
        {"typ": "JWE"},
        {"typ": None},
    ],
)
def test_attack_header_parameter(extra):
    assert refuses(authorizer(), forge(**extra), "header")


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"none","alg":"HS256"}',
        '{"alg":"HS256","kid":"a","kid":"b"}',
        '["HS256"]',
        '"HS256"',
        "null",
        "",
        "{",
        '{"alg":"HS256"}x',
        '{"alg":"HS256","x":NaN}',
        b'\xff{"alg":"HS256"}',
        b'\xef\xbb\xbf{"alg":"HS256"}',
        "[" * 500,
        '{"alg":"HS256","x":' + "[" * 300 + "]" * 300 + "}",
    ],
)
def test_attack_header_that_is_not_strict_json(header):
    assert refuses(authorizer(), forge(header=header))


def test_attack_large_header():
    assert refuses(authorizer(), forge(x="x" * 1024), "too large")


def test_attack_deep_header():
    assert refuses(authorizer(), f"{b64(b'[' * 100_000)}.e30.AA")


def test_attack_deep_payload():
    assert refuses(authorizer(), forge(f'{{"exp":{NOW + 9},"x":{"[" * 2000}{"]" * 2000}}}'))


def test_attack_token_that_is_too_long_is_not_parsed():
    padding_ = "x" * (MAX_TOKEN - 300)
    assert authorizer().authorize(forge({**GOOD, "x": "x" * 5000})).subject == "ann"
    assert len(forge({**GOOD, "x": padding_})) > MAX_TOKEN
    assert refuses(authorizer(), forge({**GOOD, "x": padding_}))


def test_attack_encrypted_token():
    head = b64(b'{"alg":"dir","enc":"A256GCM","zip":"DEF"}')
    assert refuses(authorizer(), f"{head}..AAAA.AAAA.AAAA")
    assert refuses(authorizer(), f"{head}.AAAA.AAAA.AAAA.AAAA")


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "a.b.c",
        "é.é.é",
        "\ud800.a.a",
        "\x00",
        "null",
        b"a.b.c",
        None,
        7,
    ],
)
def test_attack_no_token_at_all(token):
    assert refuses(authorizer(), token)


@pytest.mark.parametrize("junk", ["\n", " ", "=", "==", "!", "\x00", "%"])
def test_attack_junk_in_the_encoding(junk):
    token = forge()
    head, body, tail = token.split(".")
    for other in (f"{junk}{token}", token + junk, f"{head}{junk}.{body}.{tail}"):
        assert refuses(authorizer(), other)


def test_attack_changed_part():
    head, body, tail = forge().split(".")
    other = forge({**GOOD, "scope": "admin"}, sign=hs(key=b"x" * 64)).split(".")
    assert refuses(authorizer(), f"{head}.{other[1]}.{tail}")
    assert refuses(authorizer(), f"{head}.{body}.{other[2]}")
    assert refuses(authorizer(), f"{head}.{body}.{tail[:-4]}")


def test_attack_signature_of_zeros(tmp_path):
    keys = key_file(tmp_path, pem(EC_KEYS["ES256"]), "ES256")
    assert refuses(authorizer(keys), forge(sign=lambda _: bytes(64), alg="ES256"))


# --- Attacks on the claims ------------------------------------------------------------------------


def test_attack_expired():
    assert refuses(authorizer(), forge({**GOOD, "exp": NOW}), "expired")
    assert authorizer().authorize(forge({**GOOD, "exp": NOW + 0.5})).subject == "ann"


def test_attack_not_yet_valid():
    assert refuses(authorizer(), forge({**GOOD, "nbf": NOW + 31}), "not valid yet")


def test_attack_issued_in_the_far_future():
    assert refuses(authorizer(), forge({**GOOD, "iat": NOW + 31}), "not valid yet")


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_an_issuer_whose_clock_is_a_little_ahead_is_believed(claim):
    moment = int(datetime.now(UTC).timestamp())
    subject = JwtAuthorizer(secrets_of((None, SECRET)), ClaimRules())
    found = subject.authorize(forge({**GOOD, claim: moment + 20, "exp": moment + 60}))
    assert found.holds_now()


def test_attack_no_expiry():
    assert refuses(authorizer(), forge({"sub": "ann"}), "no expiry")
    assert authorizer(require_expiry=False).authorize(forge({"sub": "ann"})).expires_at is None


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value",
    ["1e400", "-1e400", "1e309", "1e20", "-1e20", "9" * 400, "9" * 400 + ".0", "9" * 4400,
     '"1900000000"', '"9999999999999"', "true", "false", "null", "[1900000000]", "{}", "NaN",
     "Infinity"],
)  # fmt: skip
def test_attack_time_that_is_no_time(claim, value):
    members = {"exp": str(NOW + 60), claim: value}
    text = ",".join(f'"{name}":{text}' for name, text in members.items())
    assert refuses(authorizer(), forge(f"{{{text}}}"))


def test_a_time_that_is_no_time_is_named():
    assert refuses(authorizer(), forge(f'{{"exp":{NOW + 9},"nbf":1e20}}'), "'nbf'")


def test_attack_time_that_is_no_time_where_no_expiry_is_required():
    assert refuses(authorizer(require_expiry=False), forge({"exp": "9999999999"}), "'exp'")


@pytest.mark.parametrize("claim", ["scope", "exp", "sub", "aud"])
def test_attack_claim_given_twice(claim):
    text = json.dumps(GOOD)[:-1] + f', "{claim}": "a", "{claim}": "b"}}'
    assert refuses(authorizer(), forge(text))


@pytest.mark.parametrize("text", ["[]", '"x"', "null", "1", "", "{", b"\xff"])
def test_attack_claims_that_are_no_object(text):
    assert refuses(authorizer(), forge(text))


@pytest.mark.parametrize(
    "claims",
    [{"sub": 7}, {"sub": ["ann"]}, {"sub": True}, {"scope": ["read"]}, {"scope": None},
     {"scope": 1}, {"scope": {"read": 1}}],
)  # fmt: skip
def test_attack_claim_of_a_wrong_type(claims):
    assert refuses(authorizer(), forge({**GOOD, **claims}), "right type")


def test_only_a_space_separates_scopes():
    found = authorizer().authorize(forge({**GOOD, "scope": "  a  b\tadmin\u00a0root "}))
    assert found.scopes == {"a", "b\tadmin\u00a0root"}


@pytest.mark.parametrize(
    "audience",
    [None, [], "other", ["other"], "ap", "api2", {"api": 1}, ["api", 7], 7, [["api"]]],
)
def test_attack_meant_for_another_audience(audience):
    claims = {**GOOD} if audience is None else {**GOOD, "aud": audience}
    assert refuses(authorizer(audience="api"), forge(claims), "aud")


@pytest.mark.parametrize("audience", ["api", ["api"], ["other", "api"]])
def test_the_right_audience(audience):
    assert authorizer(audience="api").authorize(forge({**GOOD, "aud": audience})).subject == "ann"


@pytest.mark.parametrize("audience", ["api", ["api"], [], None])
def test_attack_audience_where_this_service_has_no_name(audience):
    assert refuses(authorizer(), forge({**GOOD, "aud": audience}), "aud")


@pytest.mark.parametrize("claims", [{}, {"iss": "evil"}, {"iss": ["us"]}, {"iss": None}])
def test_attack_of_another_issuer(claims):
    subject = authorizer(issuer="us")
    assert refuses(subject, forge({**GOOD, **claims}), "issuer")
    assert subject.authorize(forge({**GOOD, "iss": "us"})).subject == "ann"
