"""How callers show who they are, and which scopes an action takes."""

from typing import Any

from servey_core import Runtime, Signature
from servey_core.actions import Action
from servey_web import DEBUG_LOGIN_PATH, web_settings

BEARER = "bearer"
DEBUG_LOGIN = "debug_login"


def security_schemes(runtime: Runtime, root_path: str) -> dict[str, Any]:
    """The ways to be let in: a token, and the debug authenticator where it is on."""
    bearer: dict[str, Any] = {"type": "http", "scheme": "bearer"}
    if runtime.settings.core.authorizer == "jwt":
        bearer["bearerFormat"] = "JWT"
    schemes = {BEARER: bearer}
    if web_settings(runtime).debug_authenticator:
        scopes = dict.fromkeys(sorted(_all_scopes(runtime)), "")
        flow = {"tokenUrl": root_path + DEBUG_LOGIN_PATH, "scopes": scopes}
        schemes[DEBUG_LOGIN] = {
            "type": "oauth2",
            "description": "The debug authenticator: any name, and the password of the console.",
            "flows": {"password": flow},
        }
    return schemes


def requirements(action: Action, signature: Signature, schemes: dict[str, Any]) -> list[Any]:
    """What an operation asks for: alternatives, of which an empty one asks for nothing."""
    if not action.access_control.public:
        alternatives = [sorted(scopes) for scopes in action.access_control.scope_alternatives]
    elif signature.injected:
        alternatives = [[]]
    else:
        return []
    asked = [{scheme: scopes} for scopes in alternatives for scheme in schemes]
    return asked if credentials_needed(action, signature) else [{}, *asked]


def credentials_needed(action: Action, signature: Signature) -> bool:
    """Whether a caller without credentials is turned away."""
    return not action.access_control.public or any(signature.injected.values())


def _all_scopes(runtime: Runtime) -> set[str]:
    alternatives = (one.access_control.scope_alternatives for one in runtime.actions.values())
    return {scope for several in alternatives for scopes in several for scope in scopes}
