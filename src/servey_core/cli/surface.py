"""The command line as a surface that tests call actions through."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pydantic import TypeAdapter

from servey_core.actions import Action
from servey_core.authorization import Authorization
from servey_core.cli import command_line
from servey_core.cli.application import Session
from servey_core.runtime import Runtime
from servey_core.surfaces import Caller, Reply, Surface

_AUTHORIZATION = TypeAdapter(Authorization)


def cli_surface(runtime: Runtime) -> Surface:
    """The surface `cli`: each call is a `servey run`, in this process and on this runtime."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Caller]:
        yield _Caller(runtime)

    return Surface("cli", lambda action: action.name in runtime.actions, opened)


class _Caller:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def __call__(
        self, action: Action, params: Mapping[str, Any], authorization: Authorization | None
    ) -> Reply:
        arguments = ["run", action.name, "--json", "--event", json.dumps(params)]
        if authorization is not None:
            arguments += ["--as", _AUTHORIZATION.dump_json(authorization).decode()]
        # In a thread, as the command brings an event loop of its own.
        return await asyncio.to_thread(self._run, arguments)

    def _run(self, arguments: list[str]) -> Reply:
        out, err = io.BytesIO(), io.StringIO()
        session = Session(self._runtime, out, err)
        code = command_line.main(arguments, "servey", standalone_mode=False, obj=session)
        answer = json.loads(out.getvalue())
        return Reply(problem=answer) if code else Reply(result=answer)
