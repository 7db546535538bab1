"""What comes in by a form: fields are texts, and mean what the annotation says."""

import enum
import socket
from dataclasses import dataclass
from typing import Any

import pytest
from raw_http import status_of
from waiting import PATIENCE

from servey_core import WebTrigger, action

SETTINGS = {"max_body_bytes": 300_000, "body_timeout": 0.3}

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=XX"


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Filter:
    name: str
    least: int = 0


@action(
    triggers=(
        WebTrigger("POST", form=True),
        WebTrigger("PUT", form=True),
        WebTrigger("POST", "/large", form=True, max_body_bytes=2_000_000),
    ),
    sync_to_thread=False,
)
def echo(
    text: str = "",
    number: int = 0,
    flag: bool = False,
    colour: Colour | None = None,
    numbers: list[int] | None = None,
    filter: Filter | None = None,  # noqa: A002 - the name is on the wire
    filters: list[Filter] | None = None,
) -> dict[str, Any]:
    return {name: value for name, value in locals().items() if value}


@action(triggers=WebTrigger("POST", "/pets/{pet_id}", form=True))
async def rename(pet_id: int, name: str) -> Any:
    return [pet_id, name]


@action(triggers=WebTrigger("POST", "/json"))
async def json_only(text: str = "") -> str:
    return text


ACTIONS = [echo, rename, json_only]
ECHO = "/actions/echo"


def parts(*fields: tuple[bytes, bytes], boundary: bytes = b"XX") -> bytes:
    """A body of plain fields."""
    head = b'Content-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    body = b"".join(b"--" + boundary + b"\r\n" + head % one for one in fields)
    return body + b"--" + boundary + b"--\r\n"


def posted(app: Any, body: bytes, content_type: str = MULTIPART, path: str = ECHO) -> Any:
    return app.post(path, body, content_type)


def errors_of(response: Any) -> list[tuple[str, str]]:
    assert response.status_code == 422, response.text
    return [(one["pointer"], one["type"]) for one in response.json()["errors"]]


FIELDS = [
    ([], {}),
    (
        [("text", "007"), ("number", "7"), ("flag", "true")],
        {"text": "007", "number": 7, "flag": True},
    ),
    ([("text", "a b&c=d+é\r\n%41")], {"text": "a b&c=d+é\r\n%41"}),
    ([("colour", "red")], {"colour": "red"}),
    ([("numbers", "1"), ("numbers", "2")], {"numbers": [1, 2]}),
    ([("filter[name]", "x"), ("filter[least]", "3")], {"filter": {"name": "x", "least": 3}}),
    ([("filter", '{"name": "x"}')], {"filter": {"name": "x", "least": 0}}),
    ([("filters", '[{"name": "x"}]')], {"filters": [{"name": "x", "least": 0}]}),
]


@pytest.mark.parametrize(("fields", "arguments"), FIELDS)
def test_fields_are_read_as_in_a_query_string(
    app: Any, fields: list[tuple[str, str]], arguments: dict[str, Any]
) -> None:
    names = dict.fromkeys(name for name, _ in fields)
    data = {name: [text for one, text in fields if one == name] for name in names}
    urlencoded = app.client.put(ECHO, data=data)
    assert (urlencoded.status_code, urlencoded.json()) == (200, arguments)
    multipart = posted(app, parts(*((name.encode(), text.encode()) for name, text in fields)))
    assert (multipart.status_code, multipart.json()) == (200, arguments)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"number=seven", [("#/number", "int_parsing")]),
        (b"number=1_000&flag=x", [("#/number", "int_parsing"), ("#/flag", "bool_parsing")]),
        (b"text=a&text=b", [("#/text", "given_twice")]),
        (b"unknown=1", [("#/unknown", "extra_forbidden")]),
        (b"filter[least]=1", [("#/filter/name", "missing")]),
        (b"numbers=1&numbers=x", [("#/numbers/1", "int_parsing")]),
    ],
)
def test_a_bad_field_is_named(app: Any, body: bytes, wrong: list[tuple[str, str]]) -> None:
    assert errors_of(posted(app, body, URLENCODED)) == wrong


def test_a_path_and_a_form_go_together(app: Any) -> None:
    assert app.client.post("/pets/7", data={"name": "Rex"}).json() == [7, "Rex"]
    response = app.client.post("/pets/x", data={"nam": "Rex"})
    assert errors_of(response) == [
        ("#/pet_id", "int_parsing"),
        ("#/name", "missing"),
        ("#/nam", "extra_forbidden"),
    ]
    query = app.client.post("/pets/7?name=Rex", data={"name": "Rex"})
    assert errors_of(query) == [("#/name", "extra_forbidden")]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("text/plain", b"text=a"),
        ("multipart/mixed; boundary=XX", parts((b"text", b"a"))),
        ("application/x-www-form-urlencoded; charset=latin-1", b"text=a"),
        ("", b"text=a"),
    ],
)
def test_another_content_type_is_refused(app: Any, content_type: str, body: bytes) -> None:
    response = posted(app, body, content_type)
    assert (response.status_code, response.json()["status"]) == (415, 415)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", URLENCODED, MULTIPART])
def test_no_body_is_an_empty_form(app: Any, content_type: str) -> None:
    assert posted(app, b"", content_type).json() == {}


@pytest.mark.parametrize(("content_type", "body"), [(URLENCODED, b"text=a"), (MULTIPART, parts())])
def test_a_form_is_no_json(app: Any, content_type: str, body: bytes) -> None:
    assert posted(app, body, content_type, "/json").status_code == 415


@pytest.mark.parametrize(
    "content_type",
    [
        "Application/X-WWW-Form-Urlencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        'application/x-www-form-urlencoded;charset="utf-8"',
    ],
)
def test_content_types_are_compared_as_http_does(app: Any, content_type: str) -> None:
    assert posted(app, b"text=%C3%A9", content_type).json() == {"text": "é"}


@pytest.mark.parametrize(
    "body",
    [b"text=%FF", b"text=\xff", b"text=%00", b"filters=[", b"text=a\0"],
)
def test_what_cannot_be_read_is_a_bad_request(app: Any, body: bytes) -> None:
    assert posted(app, body, URLENCODED).status_code == 400


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (b"a b", '"a b"'),
        (b"'()+_,-./:=?", '"\'()+_,-./:=?"'),
        (b"x" * 70, "x" * 70),
        (b"----WebKitFormBoundary7MA4YWxkTrZu0gW", "----WebKitFormBoundary7MA4YWxkTrZu0gW"),
        (b"*****", "*****"),
        (b"-", "-"),
    ],
)
def test_odd_boundaries_are_boundaries(app: Any, given: bytes, sent: str) -> None:
    body = parts((b"text", b"--%b-\r\n-%b" % (given[:-1], given)), boundary=given)
    response = posted(app, body, f"multipart/form-data; boundary={sent}")
    assert response.status_code == 200, response.text
    assert response.json()["text"].encode() == b"--%b-\r\n-%b" % (given[:-1], given)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", parts((b"text", b"a"))),
        ("multipart/form-data; boundary=", parts((b"text", b"a"), boundary=b"")),
        ('multipart/form-data; boundary=""', parts((b"text", b"a"), boundary=b"")),
        (f"multipart/form-data; boundary={'x' * 300}", parts((b"text", b"a"), boundary=b"x" * 300)),
        ("multipart/form-data; boundary=YY", parts((b"text", b"a"))),
        (MULTIPART, b"--XX\r\n"),
        (MULTIPART, parts((b"text", b"a"))[:-6]),
        (MULTIPART, b"text=a"),
        (MULTIPART, b"--XX\r\n\r\nno headers\r\n--XX--\r\n"),
        (MULTIPART, b"--XX\r\nContent-Type: text/plain\r\n\r\na\r\n--XX--\r\n"),
        (MULTIPART, b"--XX\r\nContent-Disposition: form-data\r\n\r\na\r\n--XX--\r\n"),
        (MULTIPART, b'--XX\r\nContent-Disposition: file; name="text"\r\n\r\na\r\n--XX--\r\n'),
        (MULTIPART, b'--XX\r\nContent Disposition: form-data; name="text"\r\n\r\na\r\n--XX--\r\n'),
        (MULTIPART, parts((b"text", b"\xff"))),
        (MULTIPART, parts((b"\xff", b"a"))),
        (MULTIPART, parts((b"text", b"\0"))),
        (MULTIPART, parts((b'text"\r\nContent-Disposition: form-data; name="number', b"1"))),
        (MULTIPART, parts((b'text"\r\nX: ' + b"x" * 5000 + b'\r\nY: "', b"a"))),
        (MULTIPART, parts((b'text"' + b"\r\nX: 1" * 9 + b'\r\nY: "', b"a"))),
    ],
)
def test_a_malformed_form_is_a_bad_request(app: Any, content_type: str, body: bytes) -> None:
    response = posted(app, body, content_type)
    assert (response.status_code, response.json()["title"]) == (400, "Bad request")


def test_a_part_may_say_how_it_is_encoded_if_that_is_utf_8(app: Any) -> None:
    def body(header: bytes) -> bytes:
        return parts((b'text"\r\n%b\r\nX: "' % header, b"\xc3\xa9"))

    for header in (b"Content-Type: text/plain; charset=UTF-8", b"Content-Transfer-Encoding: 8bit"):
        assert posted(app, body(header)).json() == {"text": "é"}
    for header in (
        b"Content-Type: text/plain; charset=latin-1",
        b"Content-Transfer-Encoding: base64",
    ):
        assert posted(app, body(header)).status_code == 415


def test_the_number_of_fields_is_bounded(app: Any) -> None:
    most = [(b"numbers", b"1")] * 1000
    assert len(posted(app, parts(*most)).json()["numbers"]) == 1000
    assert len(posted(app, b"&".join([b"numbers=1"] * 1000), URLENCODED).json()["numbers"]) == 1000
    for response in (
        posted(app, parts(*most, (b"text", b"a"))),
        posted(app, b"&".join([b"numbers=1"] * 1001), URLENCODED),
    ):
        assert (response.status_code, response.json()["limit"]) == (413, 1000)


def test_the_size_is_bounded_by_the_settings_or_the_trigger(app: Any) -> None:
    text = b"x" * 1_500_000
    for body, content_type in ((b"text=" + text, URLENCODED), (parts((b"text", text)), MULTIPART)):
        response = posted(app, body, content_type)
        assert (response.status_code, response.json()["limit"]) == (413, 300_000)
        large = posted(app, body, content_type, "/large")
        assert len(large.json()["text"]) == len(text)
        response = posted(app, body + b" " * 600_000, content_type, "/large")
        assert (response.status_code, response.json()["limit"]) == (413, 2_000_000)


def test_a_form_may_come_in_chunks_of_any_size(app: Any) -> None:
    body = parts((b"text", b"\r\n--X\r\n--XX-\r"), (b"filter", b'{"name": "x"}'))
    expected = {"text": "\r\n--X\r\n--XX-\r", "filter": {"name": "x", "least": 0}}
    for size in (1, 2, 3, 7, len(body)):
        chunks = (body[start : start + size] for start in range(0, len(body), size))
        response = app.client.post(ECHO, content=chunks, headers={"Content-Type": MULTIPART})
        assert response.json() == expected


def test_a_form_that_comes_too_slowly_is_cut(app: Any) -> None:
    head = f"POST {ECHO} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {MULTIPART}\r\n"
    address = (app.client.base_url.host, app.client.base_url.port)
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(f"{head}Content-Length: 100\r\n\r\n--XX\r\n".encode())
        assert status_of(connection) == 408


def test_a_method_without_a_body_has_no_form() -> None:
    with pytest.raises(ValueError, match="GET has no body"):
        WebTrigger("GET", form=True)
