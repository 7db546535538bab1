"""What FastAPI's routes can depend on: who calls, and whether they may."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from servey_core import AccessControl, Authorization, ConfigurationError, Runtime
from servey_core.access import ALLOW_ALL, authorise
from servey_web import authorization_of


async def current_authorization(connection: HTTPConnection) -> Authorization | None:
    """Who calls, by the bearer token; None without credentials.

    For routes of routers that Servey includes:
    `caller: Annotated[Authorization | None, Depends(current_authorization)]`.

    Raises:
        Unauthorized: The token is not valid, or not in force.
        ConfigurationError: The route is in an application that is not Servey's.
    """
    runtime = getattr(connection.app.state, "servey", None)
    if not isinstance(runtime, Runtime):
        raise ConfigurationError(
            "current_authorization is for routers that Servey includes: name yours in "
            "SERVEY_FASTAPI_ROUTERS."
        )
    authorization = authorization_of(connection.scope, runtime.authorizer)
    authorise(ALLOW_ALL, authorization)
    return authorization


@dataclass(frozen=True, eq=False)
class Requirement:
    """A dependency that turns away whom an access control does not allow.

    Attributes:
        access_control: What decides, as it does for actions.
    """

    access_control: AccessControl

    async def __call__(
        self, authorization: Annotated[Authorization | None, Depends(current_authorization)]
    ) -> Authorization | None:
        """Who calls.

        Raises:
            Unauthorized: Credentials are needed.
            PermissionDenied: The credentials do not allow it.
        """
        authorise(self.access_control, authorization)
        return authorization


def requires(access_control: AccessControl) -> Requirement:
    """Guard a route: `dependencies=[Depends(requires(ScopeAccessControl("read")))]`.

    Args:
        access_control: What decides.
    """
    return Requirement(access_control)
