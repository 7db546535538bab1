"""Who calls, on the command line: a token, or simply said."""

from dataclasses import dataclass, fields
from functools import cache

import click
from pydantic import ConfigDict, TypeAdapter, ValidationError

from servey_core.authorization import Authorization
from servey_core.runtime import Runtime


@dataclass(frozen=True, slots=True)
class _Strict(Authorization):
    __pydantic_config__ = ConfigDict(extra="forbid")


class AuthorizationType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4
    """An `Authorization`, written as JSON."""

    name = "JSON"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Authorization:
        """Read it."""
        if isinstance(value, Authorization):
            return value
        try:
            read = _adapter().validate_json(str(value))
        except ValidationError as error:
            self.fail(_reasons(error), param, ctx)
        return Authorization(**{field.name: getattr(read, field.name) for field in fields(read)})


@dataclass(frozen=True)
class Credentials:
    """What the caller gave to be known by.

    Attributes:
        token: A token, for the application's authorizer to read.
        authorization: What such a token would say; on the command line it is taken on trust.
    """

    token: str | None = None
    authorization: Authorization | None = None

    def authorize(self, runtime: Runtime) -> Authorization | None:
        """Who calls.

        Raises:
            Unauthorized: The token is not valid.
        """
        if self.token is not None:
            return runtime.authorizer.authorize(self.token)
        return self.authorization


@cache
def _adapter() -> TypeAdapter[_Strict]:
    return TypeAdapter(_Strict)


def _reasons(error: ValidationError) -> str:
    entries = error.errors(include_url=False, include_context=False, include_input=False)
    reasons = [f"{'.'.join(map(str, entry['loc'])) or 'it'}: {entry['msg']}" for entry in entries]
    return "; ".join(reasons) + "."
