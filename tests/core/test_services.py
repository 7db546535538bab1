"""Services in one event loop: starting together, and stopping together."""

import asyncio
import logging
import socket

import pytest
from waiting import PATIENCE

from servey_core.errors import ServiceError, SettingsError
from servey_core.services import Service, listening, run_services

GRACE = 30.0
NO_GRACE = 0.05


async def until_stop(context):
    context.started()
    await context.stop.wait()


def crashing(error):
    async def run(context):
        context.started()
        raise error

    return run


def serve(*services, grace=GRACE, **options):
    asyncio.run(asyncio.wait_for(run_services(services, grace_seconds=grace, **options), PATIENCE))


def stop_when_ready():
    """The options that stop everything once all has started."""
    stop = asyncio.Event()
    return {"stop": stop, "ready": stop.set}


def test_ready_is_called_once_all_have_started():
    calls = []
    stop = asyncio.Event()

    async def late(context):
        assert calls == []
        await asyncio.sleep(0)
        context.started()
        context.started()
        await context.stop.wait()

    def ready():
        calls.append("ready")
        stop.set()

    serve(Service("early", until_stop), Service("late", late), stop=stop, ready=ready)
    assert calls == ["ready"]


def test_a_crash_is_named_and_stops_all(caplog):
    stopped = []

    async def other(context):
        await context.stop.wait()
        stopped.append("other")

    with pytest.raises(ServiceError, match=r"'mailer' crashed: ValueError\('no route'\)"):
        serve(Service("other", other), Service("mailer", crashing(ValueError("no route"))))
    assert stopped == ["other"]
    [record] = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert record.service == "mailer"
    assert record.exc_info[1].args == ("no route",)


def test_a_crash_of_two_at_once_names_both():
    with pytest.raises(ServiceError) as caught:
        serve(
            Service("a", crashing(ValueError("first"))),
            Service("b", crashing(ValueError("second"))),
        )
    assert "'a'" in str(caught.value)
    assert "'b'" in str(caught.value)


def test_to_return_unasked_is_a_failure():
    async def run(context):
        context.started()

    with pytest.raises(ServiceError, match="'brief' ended, though nobody stopped it"):
        serve(Service("brief", run), Service("other", until_stop))


def test_to_exit_the_process_is_a_crash():
    with pytest.raises(
        ServiceError, match=r"'rude' crashed: .*would have exited the process with 3"
    ):
        serve(Service("rude", crashing(SystemExit(3))), Service("other", until_stop))


def test_a_crash_while_it_stops_is_a_failure_too():
    async def run(context):
        await until_stop(context)
        raise ValueError("cannot flush")

    with pytest.raises(ServiceError, match="'writer' crashed: ValueError"):
        serve(Service("writer", run), **stop_when_ready())


def test_what_is_under_way_is_finished():
    finished = []

    async def run(context):
        await until_stop(context)
        await asyncio.sleep(0.01)
        finished.append(context.grace_seconds)

    serve(Service("worker", run), **stop_when_ready())
    assert finished == [GRACE]


def test_what_hangs_is_cut_short(caplog):
    cut = []

    async def run(context):
        context.started()
        try:
            await asyncio.Event().wait()
        finally:
            cut.append(True)

    async def main():
        services = [Service("stuck", run)]
        await run_services(services, grace_seconds=NO_GRACE, **stop_when_ready())
        assert cut == [True]

    asyncio.run(asyncio.wait_for(main(), PATIENCE))
    [record] = caplog.records
    assert (
        record.getMessage() == "The service 'stuck' did not stop within 0.05 s, and is cut short."
    )


def test_what_refuses_to_be_cancelled_is_left_behind():
    released = None

    async def stubborn(context):
        nonlocal released
        released = asyncio.Event()
        context.started()
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    async def main():
        services = [Service("stubborn", stubborn)]
        await run_services(services, grace_seconds=NO_GRACE, **stop_when_ready())
        released.set()

    asyncio.run(asyncio.wait_for(main(), PATIENCE))


def test_to_cancel_the_whole_drains():
    drained = []

    async def run(context):
        await until_stop(context)
        drained.append(True)

    async def main():
        ready = asyncio.Event()
        services = [Service("one", run)]
        whole = asyncio.create_task(run_services(services, grace_seconds=GRACE, ready=ready.set))
        await ready.wait()
        whole.cancel()
        with pytest.raises(asyncio.CancelledError):
            await whole

    asyncio.run(main())
    assert drained == [True]


def test_each_gets_what_it_listens_on():
    seen = {}

    async def run(context):
        seen["sockets"] = context.sockets
        await until_stop(context)

    one = socket.create_server(("127.0.0.1", 0))
    services = [Service("web", run, listen=lambda: [one]), Service("other", until_stop)]
    with listening(services) as sockets:
        serve(*services, sockets=sockets, **stop_when_ready())
    assert seen == {"sockets": [one]}
    assert one.fileno() == -1


def test_where_one_cannot_listen_nothing_stays_open():
    opened = socket.create_server(("127.0.0.1", 0))

    def refuse():
        raise SettingsError("the port is taken")

    services = [
        Service("first", until_stop, listen=lambda: [opened]),
        Service("second", until_stop, listen=refuse),
    ]
    with pytest.raises(SettingsError), listening(services):
        pass
    assert opened.fileno() == -1
