"""Tokens: the round trip, several keys, what is remembered, and the settings."""

import base64
import json
import math
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from forging import (
    EC_KEYS,
    GOOD,
    NOW,
    RSA_KEY,
    SECRET,
    Clock,
    authorizer,
    b64,
    es,
    forge,
    hs,
    key_file,
    oct_set,
    pem,
    refuses,
    rs,
    secrets_of,
)

from servey_core.authorization import Authorization
from servey_core.errors import ConfigurationError, SettingsError
from servey_core.jwt import (
    MAX_REMEMBERED,
    build_jwt_authorizer,
    jwt_factory,
)
from servey_core.keys import ALGORITHMS
from servey_core.settings import Settings


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Settings from given variables alone."""
    monkeypatch.chdir(tmp_path)

    def load(env="production", **variables):
        for name in ("SERVEY_JWT_SECRET_KEY", "JWT_SECRET_KEY", "SERVEY_JWT_KEYS"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("SERVEY_ENV", env)
        for name, value in variables.items():
            monkeypatch.setenv(f"SERVEY_{name.upper()}", value)
        return Settings.load()

    return load


# --- What is good ---------------------------------------------------------------------------------


def test_a_token_becomes_an_authorization():
    found = authorizer().authorize(forge({**GOOD, "nbf": NOW - 5, "iat": NOW, "x": [1]}))
    assert found == Authorization(
        "ann",
        frozenset({"read", "write"}),
        datetime.fromtimestamp(NOW - 5, UTC),
        datetime.fromtimestamp(NOW + 60, UTC),
    )


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+JWT"])
def test_the_types_of_access_tokens_are_accepted(kind):
    assert authorizer().authorize(forge(typ=kind)).subject == "ann"


def test_a_token_may_name_nobody_and_no_scope():
    assert authorizer().authorize(forge({"exp": NOW + 1})) == Authorization(
        expires_at=datetime.fromtimestamp(NOW + 1, UTC)
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_signs_and_verifies(algorithm, tmp_path):
    if algorithm.startswith("HS"):
        keys, sign = secrets_of((None, SECRET), algorithm=algorithm), hs(f"sha{algorithm[2:]}")
    elif algorithm.startswith("RS"):
        keys, sign = key_file(tmp_path, pem(RSA_KEY), algorithm), rs(algorithm)
    else:
        keys, sign = key_file(tmp_path, pem(EC_KEYS[algorithm]), algorithm), es(algorithm)
    subject = authorizer(keys)
    assert subject.authorize(forge(sign=sign, alg=algorithm)).subject == "ann"
    moment = datetime.fromtimestamp(NOW + 60, UTC)
    given = Authorization("ann", frozenset({"b", "a"}), expires_at=moment)
    assert subject.authorize(subject.issue(given)) == given
    assert refuses(subject, forge(sign=hs("sha256", b"x" * 64), alg=algorithm))


def test_an_issued_token_says_what_it_should():
    subject = authorizer(secrets_of(("k1", SECRET)), issuer="us", audience="them")
    given = Authorization(
        "ann",
        frozenset({"write", "read"}),
        datetime.fromtimestamp(NOW - 1.5, UTC),
        datetime.fromtimestamp(NOW + 9.5, UTC),
    )
    token = subject.issue(given)
    header, claims, _ = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    assert json.loads(header) == {"alg": "HS256", "typ": "JWT", "kid": "k1"}
    claims = json.loads(claims)
    assert len(claims.pop("jti")) == 22
    assert claims == {
        "sub": "ann",
        "scope": "read write",
        "iat": NOW,
        "nbf": NOW - 2,
        "exp": NOW + 9,
        "iss": "us",
        "aud": "them",
    }
    assert subject.authorize(token).subject == "ann"
    assert subject.issue(given) != token


def test_no_token_without_expiry_is_issued():
    with pytest.raises(ValueError, match="needs an expiry"):
        authorizer().issue(Authorization("ann"))
    subject = authorizer(require_expiry=False)
    assert subject.authorize(subject.issue(Authorization("ann"))) == Authorization("ann")


@pytest.mark.parametrize("scope", ["a admin", "", "a\tb", 'a"b', "ä"])
def test_a_scope_that_would_be_read_as_another_is_not_issued(scope):
    moment = datetime.fromtimestamp(NOW + 9, UTC)
    with pytest.raises(ValueError, match="scope"):
        authorizer().issue(Authorization("ann", frozenset({scope}), expires_at=moment))


def test_no_token_is_issued_that_would_be_refused_for_its_size():
    scopes = frozenset(f"scope-{number}" for number in range(1000))
    moment = datetime.fromtimestamp(NOW + 9, UTC)
    with pytest.raises(ValueError, match="longer"):
        authorizer().issue(Authorization("ann", scopes, expires_at=moment))


def test_public_keys_verify_and_do_not_sign(tmp_path):
    subject = authorizer(key_file(tmp_path, pem(RSA_KEY, private=False), "RS256"))
    assert subject.authorize(forge(sign=rs("RS256"), alg="RS256")).subject == "ann"
    with pytest.raises(ConfigurationError, match="private key"):
        subject.issue(Authorization("ann", expires_at=datetime.now(UTC)))


# --- Several keys ---------------------------------------------------------------------------------

OTHER = b"other-" + SECRET


def test_attack_unknown_kid():
    subject = authorizer(secrets_of(("a", SECRET), ("b", OTHER)))
    assert subject.authorize(forge(kid="a")).subject == "ann"
    assert subject.authorize(forge(kid="b", sign=hs(key=OTHER))).subject == "ann"
    for kid in ("c", "A", "", "a ", "../a", "a' OR 1=1"):
        assert refuses(subject, forge(kid=kid), "not known")
    assert refuses(subject, forge(kid="b"))


def test_attack_no_kid_where_there_are_several_keys():
    assert refuses(authorizer(secrets_of(("a", SECRET), ("b", OTHER))), forge(), "not known")


def test_the_only_key_is_found_without_a_kid_and_not_by_a_wrong_one():
    subject = authorizer(secrets_of(("a", SECRET)))
    assert subject.authorize(forge()).subject == "ann"
    assert refuses(subject, forge(kid="b"), "not known")
    assert authorizer().authorize(forge(kid="whatever")).subject == "ann"


def test_keys_are_changed_without_a_restart(tmp_path):
    clock, old = Clock(), forge(kid="a")
    subject = authorizer(key_file(tmp_path, oct_set(("a", SECRET))), clock)
    assert subject.authorize(old).subject == "ann"

    (tmp_path / "keys").write_text(oct_set(("b", OTHER), ("a", SECRET)))
    new = forge(kid="b", sign=hs(key=OTHER))
    assert subject.authorize(new).subject == "ann", "an unknown kid is looked for at once"
    assert subject.authorize(old).subject == "ann"
    issued = subject.issue(Authorization("x", expires_at=datetime.fromtimestamp(NOW + 60, UTC)))
    assert json.loads(base64.urlsafe_b64decode(issued.split(".")[0] + "=="))["kid"] == "b"

    (tmp_path / "keys").write_text(oct_set(("b", OTHER)))
    clock.now += 5
    assert refuses(subject, old, "not known")
    assert subject.authorize(new).subject == "ann"


def test_a_token_is_forgotten_with_its_key(tmp_path):
    clock, token = Clock(), forge(kid="a")
    subject = authorizer(key_file(tmp_path, oct_set(("a", SECRET))), clock)
    subject.authorize(token)
    (tmp_path / "keys").write_text('{"keys": []}')
    clock.now += 4.9
    assert subject.authorize(token).subject == "ann"
    clock.now += 0.1
    assert refuses(subject, token, "not known")


# --- What is remembered ---------------------------------------------------------------------------


@pytest.fixture
def verified(monkeypatch):
    """The tokens whose signature was verified, in order."""
    from jose import jws

    seen, verify = [], jws.verify
    monkeypatch.setattr(
        jws, "verify", lambda token, *rest: seen.append(token) or verify(token, *rest)
    )
    return seen


def test_a_token_is_verified_once(verified):
    subject, token = authorizer(), forge()
    assert subject.authorize(token) is subject.authorize(token)
    assert verified == [token]


def test_a_remembered_token_expires_to_the_instant():
    clock = Clock()
    subject, token = authorizer(clock=clock), forge({**GOOD, "exp": NOW + 60})
    clock.now = math.nextafter(NOW + 60, 0)
    assert subject.authorize(token)
    clock.now = NOW + 60
    assert refuses(subject, token, "expired")


def test_a_remembered_token_is_not_valid_before_its_time():
    clock = Clock()
    subject, token = authorizer(clock=clock), forge({**GOOD, "nbf": NOW - 10})
    assert subject.authorize(token)
    clock.now = NOW - 41
    assert refuses(subject, token, "not valid yet")


def test_a_token_of_a_clock_that_is_ahead_is_remembered_when_its_time_has_come(verified):
    clock = Clock()
    subject, token = authorizer(clock=clock), forge({**GOOD, "nbf": NOW + 10})
    assert subject.authorize(token).not_before is None
    clock.now += 10
    assert subject.authorize(token).not_before == datetime.fromtimestamp(NOW + 10, UTC)
    assert subject.authorize(token).not_before
    assert len(verified) == 2


def test_bad_tokens_are_not_remembered(verified):
    subject, token = authorizer(), forge(sign=hs(key=b"x" * 64))
    for _ in range(2):
        assert refuses(subject, token)
    assert verified == [token, token]


def test_the_memory_is_bounded():
    subject = authorizer()
    for number in range(MAX_REMEMBERED + 100):
        subject.authorize(forge({**GOOD, "sub": str(number)}))
    assert len(subject._remembered) == MAX_REMEMBERED


def test_threads_share_one_authorizer(tmp_path):
    clock = Clock()
    path = tmp_path / "keys"
    subject = authorizer(key_file(tmp_path, oct_set(("a", SECRET)), interval=0), clock)
    wrong = []

    def use(name):
        for number in range(300):
            token = forge({**GOOD, "sub": f"{name}-{number % 40}"}, kid="a")
            if subject.authorize(token).subject != f"{name}-{number % 40}":
                wrong.append(token)

    def guarded(name):
        try:
            use(name)
        except Exception as error:  # noqa: BLE001
            wrong.append(error)

    threads = [threading.Thread(target=guarded, args=(name,)) for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    for number in range(50):
        swap = tmp_path / "swap"
        swap.write_text(oct_set(("a", SECRET), (f"b{number}", OTHER)))
        swap.replace(path)
    for thread in threads:
        thread.join()
    assert not wrong


# --- Settings -------------------------------------------------------------------------------------


def test_the_settings_make_an_authorizer(environment, tmp_path):
    (tmp_path / "key.pem").write_bytes(pem(RSA_KEY))
    settings = environment(
        jwt_keys=str(tmp_path / "key.pem"),
        jwt_algorithm="RS512",
        jwt_issuer="us",
        jwt_audience="api",
        jwt_require_expiry="false",
    )
    assert jwt_factory.name == "jwt"
    subject = jwt_factory.build(settings)
    claims = {"sub": "ann", "iss": "us", "aud": "api"}
    assert subject.authorize(forge(claims, sign=rs("RS512"), alg="RS512")).subject == "ann"
    assert refuses(subject, forge({**claims, "iss": "x"}, sign=rs("RS512"), alg="RS512"))
    assert refuses(subject, forge({**claims, "aud": "x"}, sign=rs("RS512"), alg="RS512"))


def test_development_makes_up_a_secret(environment):
    subject = build_jwt_authorizer(environment("development"))
    given = Authorization("ann", expires_at=datetime.now(UTC).replace(microsecond=0) + timedelta(1))
    token = subject.issue(given)
    assert subject.authorize(token) == given
    assert refuses(build_jwt_authorizer(environment("development")), token)


def test_production_needs_a_secret_and_says_how_to_make_one(environment):
    with pytest.raises(SettingsError, match="SERVEY_JWT_SECRET_KEY") as caught:
        build_jwt_authorizer(environment())
    command = str(caught.value).split('python -c "')[1].rstrip('"')
    made = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, check=True, text=True
    ).stdout.strip()
    assert build_jwt_authorizer(environment(jwt_secret_key=made))


@pytest.mark.parametrize("algorithm", ["none", "PS256", "EdDSA", "hs256", "HS256,RS256", "A256KW"])
def test_an_algorithm_that_is_not_supported_is_refused_with_a_list(environment, algorithm):
    with pytest.raises(SettingsError, match=r"HS256, HS384, HS512, RS256, .*ES512"):
        build_jwt_authorizer(environment(jwt_secret_key="x" * 64, jwt_algorithm=algorithm))


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        (
            {"jwt_secret_key": "canary" * 5},
            "SERVEY_JWT_SECRET_KEY: A secret for HS256 has at least",
        ),
        ({"jwt_secret_key": "canary" * 10, "jwt_algorithm": "HS512"}, "at least 64 bytes"),
        ({"jwt_secret_key": pem(RSA_KEY, private=False).decode()}, "another kind"),
        ({"jwt_secret_key": "canary" * 9, "jwt_algorithm": "RS256"}, "genpkey -algorithm RSA"),
        ({"jwt_secret_key": "canary" * 9, "jwt_algorithm": "ES384"}, "paramgen_curve:P-384"),
        ({"jwt_secret_key": "canary" * 9, "jwt_keys": "x"}, "drop one"),
        ({"jwt_keys": "missing.pem"}, "missing.pem: No such file"),
    ],
)
def test_settings_that_do_not_do_say_why(environment, variables, text):
    with pytest.raises(SettingsError) as caught:
        build_jwt_authorizer(environment(**variables))
    assert text in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_der_key_in_the_environment_is_no_secret(environment):
    der = (
        EC_KEYS["ES256"]
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    if b"\x00" in der:  # the environment cannot hold it; then nor can an attacker's secret
        der = base64.b64encode(der)
    with pytest.raises(SettingsError, match="another kind"):
        build_jwt_authorizer(environment(jwt_secret_key=der.decode(errors="surrogateescape")))


# --- Secrets, and weight --------------------------------------------------------------------------


def test_no_secret_is_in_a_repr(tmp_path):
    keys = key_file(tmp_path, oct_set(("a", SECRET)))
    shown = [repr(authorizer(keys)), repr(keys), repr(keys.current(NOW))]
    for text in shown:
        assert "canary" not in text
        assert b64(SECRET) not in text


def test_importing_it_does_not_import_the_libraries():
    code = "import sys, servey_core.jwt as _; print({m.split('.')[0] for m in sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert not {"jose", "cryptography", "ecdsa"} & set(eval(found.stdout))
