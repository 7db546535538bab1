"""Where GraphiQL comes from where it is not bundled: its last version that needs no bundling.

A browser runs a file only where its digest is the one that is given here (Subresource Integrity,
W3C).
"""

from dataclasses import dataclass

CDN = "https://cdn.jsdelivr.net"


@dataclass(frozen=True)
class CdnFile:
    """A file of an npm package.

    Attributes:
        path: Package, version and file, as the CDN names them.
        integrity: Its digest.
    """

    path: str
    integrity: str

    @property
    def url(self) -> str:
        """Where a browser gets it."""
        return f"{CDN}/npm/{self.path}"


STYLES = (
    CdnFile(
        "graphiql@4.1.2/graphiql.min.css",
        "sha384-1el1QShFBnnXTx9x/Cprg82hZWKt0ry29OAYIXt05swbi0KcZDFoj0CWguMpopJr",
    ),
)
SCRIPTS = (
    CdnFile(
        "react@18.3.1/umd/react.production.min.js",
        "sha384-DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z",
    ),
    CdnFile(
        "react-dom@18.3.1/umd/react-dom.production.min.js",
        "sha384-gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1",
    ),
    CdnFile(
        "graphiql@4.1.2/graphiql.min.js",
        "sha384-9XdHu7ajgGJziD4J1zNBKQ842Q/+zZfDv+ib1eMhZWBH6hPAs806x+Jbcf0yNO6B",
    ),
)
