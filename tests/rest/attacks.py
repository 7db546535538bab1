"""What attackers send, as bytes, and how it is refused; to the application of `test_attacks`."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from raw_http import HOST, JSON, chunked, get, post, request

ECHO = "/actions/echo"
GUARDED = "/actions/guarded"
CACHED = "/actions/cached"

KIND_STATUS = {
    "bad-request": 400,
    "unauthorized": 401,
    "not-found": 404,
    "method-not-allowed": 405,
    "payload-too-large": 413,
    "uri-too-long": 414,
    "unsupported-media-type": 415,
    "invalid-input": 422,
    "headers-too-large": 431,
}


@dataclass(frozen=True)
class Attack:
    """What is sent, and the kind of problem that it is answered with.

    Attributes:
        name: What is tried.
        sent: The bytes.
        kind: The end of the problem's type.
        closes: Whether the connection ends, since it cannot be known where the next request begins.
    """

    name: str
    sent: bytes
    kind: str
    closes: bool = False


@dataclass(frozen=True)
class Oddity:
    """What looks like an attack, and is none: it is read as if it were not odd.

    Attributes:
        name: What is odd.
        sent: The bytes.
        result: The action's result.
        closes: Whether the connection ends.
    """

    name: str
    sent: bytes
    result: Any
    closes: bool = False


def echoed(**arguments: Any) -> dict[str, Any]:
    """What the action `echo` returns."""
    defaults = {"text": "", "number": 0, "ratio": 0.0, "flag": False, "anything": None}
    return {**defaults, **arguments}


SMUGGLED = get("/actions/smuggled")


def bodies(kind: str, texts: Mapping[str, bytes]) -> list[Attack]:
    return [Attack(f"body: {name}", post(ECHO, text), kind) for name, text in texts.items()]


def queries(kind: str, texts: Mapping[str, str]) -> list[Attack]:
    return [Attack(f"query: {name}", get(f"{ECHO}?{text}"), kind) for name, text in texts.items()]


def paths(kind: str, *targets: str) -> list[Attack]:
    return [Attack(f"path: {target}", get(target), kind) for target in targets]


def heads(texts: Mapping[str, bytes]) -> list[Attack]:
    """What is no HTTP, or no good one; what follows it is never read."""
    return [
        Attack(f"head: {name}", text + SMUGGLED, "bad-request", closes=True)
        for name, text in texts.items()
    ]


def framings(texts: Mapping[str, tuple[bytes, ...]], body: bytes = b"0\r\n\r\n") -> list[Attack]:
    """Bodies whose end two servers could see at two places, and a request for the second."""
    return [
        Attack(
            f"framing: {name}",
            request("POST", ECHO, HOST, JSON, *fields, body=body + SMUGGLED),
            "bad-request",
            closes=True,
        )
        for name, fields in texts.items()
    ]


def chunks(texts: Mapping[str, bytes]) -> list[Attack]:
    """Bodies in chunks that are none."""
    return [
        Attack(f"chunks: {name}", chunked(ECHO, text + SMUGGLED), "bad-request", closes=True)
        for name, text in texts.items()
    ]


def hosts(texts: Mapping[str, tuple[bytes, ...]]) -> list[Attack]:
    return [
        Attack(f"host: {name}", request("GET", ECHO, *fields), "bad-request")
        for name, fields in texts.items()
    ]


ATTACKS = [
    *bodies(
        "bad-request",
        {
            "a name twice": b'{"text": "a", "text": "b"}',
            "a name twice, once escaped": b'{"text": "a", "te\\u0078t": "b"}',
            "a name twice, further in": b'{"anything": {"a": 1, "b": {"c": 1, "c": 2}}}',
            "NaN": b'{"ratio": NaN}',
            "Infinity": b'{"ratio": Infinity}',
            "-Infinity": b'{"anything": -Infinity}',
            "1e999": b'{"ratio": 1e999}',
            "-1e999, further in": b'{"anything": [-1e999]}',
            "1e400 for an int": b'{"number": 1e400}',
            "5000 digits": b'{"number": %b}' % (b"1" * 5000),
            "5000 digits for anything": b'{"anything": %b}' % (b"1" * 5000),
            "a million digits": b'{"number": %b}' % (b"1" * 1_000_000),
            "a leading zero": b'{"number": 01}',
            "a plus": b'{"number": +1}',
            "hexadecimal": b'{"number": 0x1}',
            "an underscore": b'{"number": 1_000}',
            "100 000 open brackets": b'{"anything": ' + b"[" * 100_000,
            "100 000 open braces": b'{"anything": ' + b'{"a":' * 100_000,
            "900 deep": b'{"anything": %b%b}' % (b"[" * 900, b"]" * 900),
            "900 deep, unknown": b'{"other": %b%b}' % (b"[" * 900, b"]" * 900),
            "no UTF-8": b'{"text": "\xff"}',
            "no UTF-8 in a name": b'{"\xff": 1}',
            "an overlong slash": b'{"text": "\xc0\xaf"}',
            "a surrogate in UTF-8": b'{"text": "\xed\xa0\x80"}',
            "a byte order mark": b'\xef\xbb\xbf{"text": "a"}',
            "UTF-16": '{"text": "a"}'.encode("utf-16"),
            "a lone surrogate": b'{"text": "\\ud800"}',
            "a lone surrogate in a name": b'{"\\ud800": 1}',
            "a lone surrogate, further in": b'{"anything": {"\\udc00": 1}}',
            "surrogates the wrong way round": b'{"text": "\\udc00\\ud800"}',
            "a bare NUL": b'{"text": "\0"}',
            "a comment": b'{"text": "a"} // or so',
            "two texts": b'{"text": "a"}{"text": "b"}',
        },
    ),
    *bodies(
        "invalid-input",
        {
            "true for an int": b'{"number": true}',
            "a text for an int": b'{"number": "5"}',
            "a float for an int": b'{"number": 5.5}',
            "1e-2 for an int": b'{"number": 1e-2}',
            "an integer of 65 bits": b'{"number": 9223372036854775808}',
            "an integer of 400 digits": b'{"number": %b}' % (b"7" * 400),
            "1 for a bool": b'{"flag": 1}',
            "a text for a bool": b'{"flag": "true"}',
            "a number for a text": b'{"text": 5}',
            "null for a text": b'{"text": null}',
            "an unknown name": b'{"other": 1}',
            "a prototype": b'{"__proto__": {"admin": true}, "constructor": 1}',
            "a dunder": b'{"__class__": "os.system"}',
            "a list": b"[]",
            "60 000 unknown names": b"{%b}" % b",".join(b'"k%d":1' % n for n in range(60_000)),
        },
    ),
    *queries(
        "invalid-input",
        {
            "an unknown name": "other=1",
            "another case": "TEXT=a",
            "a name twice": "text=a&text=b",
            "a method": "_method=DELETE",
            "an underscore in an int": "number=1_000",
            "Arabic digits": "number=%D9%A1%D9%A2",
            "a space before an int": "number=%201",
            "5000 digits": "number=" + "1" * 5000,
            "NaN": "ratio=NaN",
            "1e999": "ratio=1e999",
            "a field of no object": "text[a]=1",
            "20 000 empty ones": "a&" * 20_000,
            "10 000 unknown names": "&".join(f"{n}=" for n in range(10_000)),
            "10 000 of one name": "&".join(["text="] * 10_000),
            "brackets": "[" * 30_000,
        },
    ),
    *queries(
        "bad-request",
        {
            "NUL": "text=%00",
            "NUL in a name": "te%00xt=a",
            "no UTF-8": "text=%FF",
            "an overlong slash": "text=%C0%AF",
            "a surrogate": "text=%ED%A0%80",
        },
    ),
    Attack("query: beside a body", post(f"{ECHO}?text=a", b"{}"), "invalid-input"),
    *paths("bad-request", "/boxes/a%00b", "/boxes/%FF", "/boxes/%C0%AF", "/boxes/%ED%A0%80"),
    *paths(
        "not-found",
        "//actions/echo",
        "/actions//echo",
        "/./actions/echo",
        "/actions/./echo",
        "/x/../actions/echo",
        "/actions/x/%2e%2e/echo",
        "/actions/echo/",
        "/actions/echo%20",
        "/actions/echo%00",
        "/actions/echo%2f",
        "/actions/echo%0d%0aX:y",
        "/actions/echo;a=b",
        "/actions/echo.json",
        "/actions/Echo",
        "/actions\\echo",
        "/..;/actions/echo",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/docs/assets/x/..%2f..%2f..%2fetc%2fpasswd",
        "/boxes/",
        "/.env",
        "/.git/config",
        "/%",
    ),
    Attack("path: 60 000 bytes", get("/" + "a" * 60_000), "not-found"),
    Attack("path: 100 000 bytes", get("/" + "a" * 100_000), "uri-too-long", closes=True),
    Attack("query: 100 000 bytes", get("/?" + "a" * 100_000), "uri-too-long", closes=True),
    *(
        Attack(f"content type: {kind!r}", post(ECHO, b"{}", content_type=kind), refusal)
        for kind, refusal in {
            None: "unsupported-media-type",
            b"Content-Type:": "unsupported-media-type",
            b"Content-Type: text/plain": "unsupported-media-type",
            b"Content-Type: text/json": "unsupported-media-type",
            b"Content-Type: application/json, text/plain": "unsupported-media-type",
            b"Content-Type: application/json; charset=utf-7": "unsupported-media-type",
            b"Content-Type: application/x-www-form-urlencoded": "unsupported-media-type",
            b"Content-Type: application/json\r\nContent-Type: text/plain": "bad-request",
        }.items()
    ),
    *(
        Attack(f"coding: {coding!r}", post(ECHO, body, coding), "unsupported-media-type")
        for coding, body in {
            b"Content-Encoding: gzip": gzip.compress(b'{"text": "%b"}' % (b"a" * 900_000)),
            b"Content-Encoding: GZIP": b"{}",
            b"Content-Encoding: br": b"{}",
            b"Content-Encoding: gzip, gzip": b"{}",
        }.items()
    ),
    *(
        Attack(f"method: {method}", request(method, ECHO, HOST), "method-not-allowed")
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "PURGE")
    ),
    *heads(
        {
            "no method": b"FOO /actions/echo HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "a method in small letters": b"get /actions/echo HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "a long method": request("G" * 10_000, ECHO, HOST),
            "HTTP/0.9": b"GET /actions/echo\r\n\r\n",
            "HTTP/1.2": b"GET /actions/echo HTTP/1.2\r\nHost: localhost\r\n\r\n",
            "HTTP/2.0": b"GET /actions/echo HTTP/2.0\r\nHost: localhost\r\n\r\n",
            "HTTP/1.10": b"GET /actions/echo HTTP/1.10\r\nHost: localhost\r\n\r\n",
            "http/1.1": b"GET /actions/echo http/1.1\r\nHost: localhost\r\n\r\n",
            "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
            "SSH": b"SSH-2.0-OpenSSH_9.9\r\n",
            "NULs": b"\0" * 100,
            "a space in the target": b"GET /actions/ech o HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "tabs": b"GET\t/actions/echo\tHTTP/1.1\r\nHost: localhost\r\n\r\n",
            "no carriage returns": b"GET /actions/echo HTTP/1.1\nHost: localhost\n\n",
            "no line feeds": b"GET /actions/echo HTTP/1.1\rHost: localhost\r\r",
            "no target": b"GET  HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "a bare NUL in the query": get(f"{ECHO}?text=a\0b"),
            "bare bytes in the query": get(f"{ECHO}?text=\xe9"),
            "bare bytes in the path": get("/boxes/\xe9"),
            "a fragment": get(f"{ECHO}#/../guarded"),
            "a fragment in a URL": get(f"http://localhost{ECHO}#/../guarded"),
            "another host in the target": get(f"http://evil.example{ECHO}"),
            "a user in the target": get(f"http://user:word@localhost{ECHO}"),
            "another scheme": get(f"ftp://localhost{ECHO}"),
            "a file": get("file:///etc/passwd"),
            "a script": get("javascript:alert(1)"),
            "an authority": request("CONNECT", "localhost:80", HOST),
            "an authority to get": get("localhost:80"),
            "no slash": get("actions/echo"),
            "no colon": get(ECHO, b"X-A"),
            "no name": get(ECHO, b": a"),
            "a space in a name": get(ECHO, b"X A: a"),
            "a space before the colon": request("GET", ECHO, b"Host : localhost"),
            "no ASCII in a name": get(ECHO, "X-Ünicode: a".encode()),
            "a NUL in a field": get(ECHO, b"X-A: a\0b"),
            "an escape in a field": get(ECHO, b"X-A: a\x1b[2Jb"),
            "a carriage return in a field": get(ECHO, b"X-Request-ID: abcdefgh\rX-Evil: 1"),
            "a folded field": get(ECHO, b"X-A: a\r\n b"),
            "a folded Host": request("GET", ECHO, b"Host:\r\n\tlocalhost"),
            "a space before the first field": request("GET", ECHO, b" Host: localhost"),
        }
    ),
    Attack(
        "head: 200 KB in one field",
        get(ECHO, b"X-Big: " + b"x" * 200_000),
        "headers-too-large",
        closes=True,
    ),
    Attack(
        "head: 20 000 fields",
        get(ECHO, *[b"X: x"] * 20_000),
        "headers-too-large",
        closes=True,
    ),
    *hosts(
        {
            "none": (),
            "two": (HOST, HOST),
            "two, another second": (HOST, b"Host: evil.example"),
            "two, another first": (b"Host: evil.example", HOST),
            "empty": (b"Host:",),
            "a space": (b"Host: local host",),
            "a user": (b"Host: localhost@evil.example",),
            "a path": (b"Host: localhost/../evil",),
            "a query": (b"Host: localhost?evil",),
            "a list": (b"Host: localhost, evil.example",),
            "a large port": (b"Host: localhost:99999999",),
            "no port": (b"Host: localhost:evil",),
            "no ASCII": (b"Host: \xe9vil.example",),
            "a quote": (b'Host: "><script>',),
        }
    ),
    *framings(
        {
            "length and chunks": (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
            "chunks and length": (b"Transfer-Encoding: chunked", b"Content-Length: 5"),
            "length and unknown": (b"Content-Length: 5", b"Transfer-Encoding: xchunked"),
            "two lengths": (b"Content-Length: 5", b"Content-Length: 0"),
            "one length twice": (b"Content-Length: 5", b"Content-Length: 5"),
            "a list of lengths": (b"Content-Length: 5, 5",),
            "a negative length": (b"Content-Length: -5",),
            "a length with a plus": (b"Content-Length: +5",),
            "a hexadecimal length": (b"Content-Length: 0x5",),
            "a length with a space": (b"Content-Length: 5 5",),
            "an empty length": (b"Content-Length:",),
            "a length beyond 64 bits": (b"Content-Length: 99999999999999999999999",),
            "a length in Arabic": ("Content-Length: ٥".encode(),),  # noqa: RUF001
            "unknown": (b"Transfer-Encoding: xchunked",),
            "identity": (b"Transfer-Encoding: identity",),
            "gzip": (b"Transfer-Encoding: gzip",),
            "gzip, then chunks": (b"Transfer-Encoding: gzip, chunked",),
            "chunks, then identity": (b"Transfer-Encoding: chunked, identity",),
            "chunks in chunks": (b"Transfer-Encoding: chunked, chunked",),
            "chunks twice": (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
            "chunks and identity": (b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
            "unknown and chunks": (b"Transfer-Encoding: cow", b"Transfer-Encoding: chunked"),
            "a comma before": (b"Transfer-Encoding: ,chunked",),
            "a comma behind": (b"Transfer-Encoding: chunked,",),
            "a parameter": (b"Transfer-Encoding: chunked;a=b",),
            "quotes": (b'Transfer-Encoding: "chunked"',),
            "empty": (b"Transfer-Encoding:",),
            "a space before the colon": (b"Transfer-Encoding : chunked",),
            "a tab before the colon": (b"Transfer-Encoding\t: chunked",),
            "a vertical tab": (b"Transfer-Encoding: \x0bchunked",),
            "a NUL": (b"Transfer-Encoding: chunked\0",),
            "folded": (b"Transfer-Encoding:\r\n chunked",),
            "after a bare line feed": (b"X: y\nTransfer-Encoding: chunked",),
            "after a bare carriage return": (b"X: y\rTransfer-Encoding: chunked",),
        }
    ),
    Attack(
        "framing: chunks in HTTP/1.0",
        chunked(ECHO, b"0\r\n\r\n" + SMUGGLED).replace(b"HTTP/1.1", b"HTTP/1.0", 1),
        "bad-request",
        closes=True,
    ),
    *(
        Attack(
            f"framing: an upgrade to {protocol} with a body, {framing!r}",
            request(
                "POST",
                ECHO,
                HOST,
                JSON,
                b"Connection: Upgrade, HTTP2-Settings",
                f"Upgrade: {protocol}".encode(),
                b"Sec-WebSocket-Version: 13",
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                framing,
                body=b"0\r\n\r\n" + SMUGGLED,
            ),
            "bad-request",
            closes=True,
        )
        for protocol in ("websocket", "h2c")
        for framing in (b"Content-Length: 5", b"Transfer-Encoding: chunked")
    ),
    *chunks(
        {
            "a hexadecimal prefix": b"0x2\r\n{}\r\n0\r\n\r\n",
            "a negative size": b"-2\r\n{}\r\n0\r\n\r\n",
            "a plus": b"+2\r\n{}\r\n0\r\n\r\n",
            "a space": b"2 \r\n{}\r\n0\r\n\r\n",
            "an underscore": b"0_2\r\n{}\r\n0\r\n\r\n",
            "no size": b"\r\n{}\r\n0\r\n\r\n",
            "no digit": b"g\r\n{}\r\n0\r\n\r\n",
            "a full-width digit": "２\r\n{}\r\n0\r\n\r\n".encode(),  # noqa: RUF001
            "a size beyond 64 bits": b"f" * 17 + b"\r\n{}\r\n0\r\n\r\n",
            "no carriage returns": b"2\n{}\n0\n\n",
            "no line feeds": b"2\r{}\r0\r\r",
            "nothing after the data": b"2\r\n{}0\r\n\r\n",
            "more data than was said": b"2\r\n{}{}\r\n0\r\n\r\n",
            "a line feed in an extension": b"2;a\nb\r\n{}\r\n0\r\n\r\n",
            "a length among the trailers": b"2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n",
        }
    ),
    Attack(
        "body: 50 MB to come, to be let on",
        request("POST", ECHO, HOST, JSON, b"Content-Length: 52428800", b"Expect: 100-continue"),
        "payload-too-large",
        closes=True,
    ),
    *(
        Attack(f"credentials: {name}", get(GUARDED, b"Authorization: " + field), "unauthorized")
        for name, field in {
            "60 000 bytes": b"Bearer " + b"a" * 60_000,
            "60 000 dots": b"Bearer " + b"." * 60_000,
            "none": b"Bearer",
            "a space": b"Bearer  ",
            "no ASCII": b"Bearer \xff",
            "another scheme": b"Basic cm9vdDpyb290",
            "two tokens": b"Bearer a, Bearer b",
        }.items()
    ),
    Attack("credentials: in the query", get(f"{GUARDED}?access_token=a"), "unauthorized"),
    Attack("credentials: in a cookie", get(GUARDED, b"Cookie: Authorization=a"), "unauthorized"),
    Attack(
        "credentials: twice",
        get(GUARDED, b"Authorization: Bearer a", b"Authorization: Bearer b"),
        "bad-request",
    ),
    Attack(
        "credentials: by a rewritten path",
        get(GUARDED, b"X-Original-URL: /actions/echo", b"X-Rewrite-URL: /actions/echo"),
        "unauthorized",
    ),
]

ODDITIES = [
    Oddity("a NUL, escaped", post(ECHO, b'{"text": "\\u0000"}'), echoed(text="\0")),
    Oddity("an integer with a point", post(ECHO, b'{"number": 5.0}'), echoed(number=5)),
    Oddity("an integer with an exponent", post(ECHO, b'{"number": 1e2}'), echoed(number=100)),
    Oddity(
        "runs of 299 digits",
        post(ECHO, b'{"anything": [%b]}' % b",".join([b"1" * 299] * 3000)),
        echoed(anything=[int("1" * 299)] * 3000),
    ),
    Oddity(
        "names whose hashes might collide",
        post(ECHO, b'{"anything": {%b}}' % b",".join(b'"k%d":1' % n for n in range(60_000))),
        echoed(anything={f"k{n}": 1 for n in range(60_000)}),
    ),
    Oddity("a percent sign alone", get("/boxes/%"), "%"),
    Oddity("a path in a path", get("/boxes/..%2f..%2fetc%2fpasswd"), "../../etc/passwd"),
    Oddity("an escaped letter", get("/actions/%65cho"), echoed()),
    Oddity("the host in the target", get(f"http://LOCALHOST{ECHO}"), echoed()),
    Oddity(
        "another method in a header",
        get(ECHO, b"X-HTTP-Method-Override: DELETE", b"X-HTTP-Method: DELETE"),
        echoed(),
    ),
    Oddity("another path in a header", get(ECHO, b"X-Original-URL: /actions/guarded"), echoed()),
    Oddity("another host in a header", get(ECHO, b"X-Forwarded-Host: evil.example"), echoed()),
    Oddity("an underscore in a name", get(ECHO, b"Content_Length: 5"), echoed()),
    Oddity("a body that is not asked for", get(ECHO, b"Content-Length: 2") + b"{}", echoed()),
    Oddity("no body, in chunks", chunked(ECHO, b"0\r\n\r\n"), echoed()),
    Oddity("a chunk's extension", chunked(ECHO, b"2;a=b\r\n{}\r\n0\r\n\r\n"), echoed()),
    Oddity("a chunk's size in zeros", chunked(ECHO, b"0" * 99 + b"2\r\n{}\r\n0\r\n\r\n"), echoed()),
    Oddity("line breaks before a request", b"\r\n\r\n" + get(ECHO), echoed()),
    Oddity("HTTP/1.0", get(ECHO).replace(b"1.1", b"1.0"), echoed(), closes=True),
    Oddity("an offer of HTTP/2", get(ECHO, b"Connection: Upgrade", b"Upgrade: h2c"), echoed()),
    Oddity(
        "a wish to be let on", post(ECHO, b"{}", b"Expect: 100-continue"), echoed(), closes=True
    ),
    Oddity("nothing after the last", get(ECHO, b"Connection: close") + SMUGGLED, echoed(), True),
    Oddity("a part of it", get(ECHO, b"Range: bytes=0-0"), echoed()),
    Oddity(
        "8000 parts of it",
        get(ECHO, b"Range: bytes=" + b",".join([b"0-0"] * 8000)),
        echoed(),
    ),
    Oddity("tags", get(CACHED, b"If-None-Match: " + b'"a",' * 15_000), "x"),
    Oddity("quotes", get(CACHED, b"If-None-Match: " + b'"' * 60_001), "x"),
    Oddity("weak marks", get(CACHED, b"If-None-Match: " + b"W/" * 30_000), "x"),
    Oddity("no date", get(CACHED, b"If-Modified-Since: " + b"9" * 60_000), "x"),
    Oddity("what is accepted", get(ECHO, b"Accept: " + b"a/b;q=0," * 7000 + b"*/*"), echoed()),
    Oddity("cookies", get(ECHO, b"Cookie: " + b"a=b;" * 15_000), echoed()),
    Oddity("proxies", get(ECHO, b"X-Forwarded-For: " + b"1.1.1.1," * 7000), echoed()),
    Oddity("no proxy", get(ECHO, b"X-Forwarded-For: <\x85>", b"X-Forwarded-Proto: x:"), echoed()),
    Oddity("12 000 fields", get(ECHO, *[b"a:"] * 12_000), echoed()),
]
