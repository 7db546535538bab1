"""The routes of the actions: each web trigger, by the plan that suits its action."""

from servey_core import Binding, File, Invoker, Runtime
from servey_core.errors import ActionError
from servey_core.triggers import WebTrigger
from servey_rest.file_plans import FilePlan
from servey_rest.full_plans import FullPlan
from servey_rest.plans import RestPlan, web_bindings
from servey_rest.stream_plans import StreamPlan
from servey_web import WebRoute, check_path, path_parameters


def web_routes(runtime: Runtime) -> list[WebRoute]:
    """A route for each web trigger.

    Raises:
        ActionError: A trigger does not fit its action.
    """
    return [_route(binding, runtime) for binding in web_bindings(runtime)]


def _route(binding: Binding, runtime: Runtime) -> WebRoute:
    assert isinstance(binding.trigger, WebTrigger)  # noqa: S101 - the caller asks for these only
    action, path, methods = (
        binding.action,
        binding.trigger.path_for(binding.action),
        (binding.trigger.method,),
    )
    invoker = runtime.invoker(action.name)
    try:
        in_path = path_parameters(path)
        check_path(path, in_path, action, invoker.signature)
        if not RestPlan.suits(binding, invoker):
            plan_of = _full_plan(invoker)
            return WebRoute(path, methods, plan_of(binding, runtime, in_path), (binding,))
        plan = RestPlan(binding, runtime, in_path)
        return WebRoute(path, methods, plan, (binding,), direct=plan)
    except ValueError as error:
        raise ActionError(action.name, action.place, str(error)) from None


def _full_plan(invoker: Invoker) -> type[FullPlan]:
    if invoker.action.is_stream:
        return StreamPlan
    return FilePlan if invoker.signature.returned.may_be(File) else FullPlan
