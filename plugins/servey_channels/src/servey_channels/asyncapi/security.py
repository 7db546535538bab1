"""How clients show who they are, and which scopes it takes."""

from collections.abc import Iterable
from typing import Any

from servey_core import AccessControl, Invoker, Runtime
from servey_web import DEBUG_LOGIN_PATH, web_settings

BEARER, SUBPROTOCOL, IN_BAND, DEBUG_LOGIN = "bearer", "subprotocol", "in_band", "debug_login"

Schemes = dict[str, dict[str, Any]]


def security_schemes(runtime: Runtime, controls: Iterable[AccessControl], url: str) -> Schemes:
    """The ways to be let in, by name.

    Args:
        runtime: The application.
        controls: Who may do what, for the scopes that there are.
        url: Where the application is, as clients reach it by HTTP.
    """
    bearer: dict[str, Any] = {
        "type": "http",
        "scheme": "bearer",
        "description": "The header `Authorization: Bearer …` of the handshake, or of the request.",
    }
    if runtime.settings.core.authorizer == "jwt":
        bearer["bearerFormat"] = "JWT"
    schemes: Schemes = {
        BEARER: bearer,
        SUBPROTOCOL: {
            "type": "httpApiKey",
            "in": "header",
            "name": "Sec-WebSocket-Protocol",
            "description": "For browsers, which can send no headers of their own: offer the "
            "subprotocols `servey` and `bearer.<token>`; the first is chosen. Websockets only.",
        },
        IN_BAND: {
            "type": "apiKey",
            "in": "password",
            "description": "The message `authorize`, at any time. Websockets only.",
        },
    }
    if web_settings(runtime).debug_authenticator:
        scopes = dict.fromkeys(sorted(_scopes(controls)), "")
        flow = {"tokenUrl": url + DEBUG_LOGIN_PATH, "availableScopes": scopes}
        schemes[DEBUG_LOGIN] = {
            "type": "oauth2",
            "description": "The debug authenticator, for a token: any name, and the password of "
            "the console.",
            "flows": {"password": flow},
        }
    return schemes


def requirements(access: AccessControl, schemes: Schemes, names: Iterable[str]) -> dict[str, Any]:
    """What an operation asks for, as its member `security`: any of several; none where all may.

    Args:
        access: Who may.
        schemes: The ways to be let in.
        names: Those of them that are open here.
    """
    if access.public:
        return {}
    ways = [name for name in names if name in schemes]
    alternatives = [sorted(scopes) for scopes in access.scope_alternatives]
    return {"security": [_asked(one, name, schemes) for one in alternatives for name in ways]}


def inbound_access(invoker: Invoker) -> AccessControl:
    """Who may run an action, which may ask for a caller beside what its access control does."""
    from servey_core import ALLOW_AUTHENTICATED

    own = invoker.action.access_control
    needed = any(invoker.signature.injected.values())
    return own & ALLOW_AUTHENTICATED if own.public and needed else own


def _asked(scopes: list[str], name: str, schemes: Schemes) -> dict[str, Any]:
    if not scopes:
        return {"$ref": f"#/components/securitySchemes/{name}"}
    scheme = schemes[name]
    if scheme["type"] == "oauth2":
        return {**scheme, "scopes": scopes}
    words = " and ".join(f"`{scope}`" for scope in scopes)
    text = f"{scheme['description']} The token has the scope{'s' * (len(scopes) > 1)} {words}."
    return {**scheme, "description": text, "x-scopes": scopes}


def _scopes(controls: Iterable[AccessControl]) -> set[str]:
    alternatives = (one.scope_alternatives for one in controls)
    return {scope for several in alternatives for scopes in several for scope in scopes}
