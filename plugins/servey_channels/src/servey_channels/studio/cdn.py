"""Where the renderer comes from where it is not bundled: the same version, from a CDN.

A browser runs a file only where its digest is the one that is given here (Subresource Integrity,
W3C).
"""

CDN = "https://cdn.jsdelivr.net"

_PACKAGE = f"{CDN}/npm/@asyncapi/react-component@3.2.1"

SCRIPT = (
    f"{_PACKAGE}/browser/standalone/without-parser.js",
    "sha384-sXQoomcvhrsPmd7P2aBlZf3Pg3nwcedYtaEUlYlM5cgbju2EuoDj+69WaGnAO0Qd",
)
"""The renderer's URL and digest."""

STYLE = (
    f"{_PACKAGE}/styles/default.min.css",
    "sha384-oo9RoQcacP++XdMX6CjTucTvASEORHX3chFik0/V2kHcsHiVboGyWZztGeq/0bum",
)
"""The URL and digest of its style sheet."""
