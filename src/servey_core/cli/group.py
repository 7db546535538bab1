"""The command `servey`: its own commands are named in a table, and imported when they are used."""

import importlib

import click

from servey_core.cli.failures import failures_reported
from servey_core.cli.plugged import Plugged, plugged_commands
from servey_core.errors import ConfigurationError
from servey_core.naming import did_you_mean
from servey_core.plugins import Contribution

BUILTIN = {
    "actions": ("servey_core.cli.actions", "actions", "List the actions."),
    "config": ("servey_core.cli.config", "config", "List the settings, and their origins."),
    "doctor": ("servey_core.cli.doctor", "doctor", "Say what is missing, broken or unsafe."),
    "generate": ("servey_core.cli.generate", "generate", "Generate files from the actions."),
    "new": ("servey_core.cli.new", "new", "Make a project to start from."),
    "plugins": ("servey_core.cli.plugins", "plugins", "List the plugins."),
    "run": ("servey_core.cli.run", "run", "Run one action."),
    "serve": ("servey_core.cli.serve", "serve", "Serve the actions."),
}
"""Each command's module, its name there, and what it does."""

ELSEWHERE = {
    "routes": "servey-web",
    **dict.fromkeys(("enqueue", "jobs", "schedules", "worker"), "servey-sched"),
}
"""Commands that are known to come with a distribution."""

_PLUGGED = "servey_core.cli.plugged"


class ServeyGroup(click.Group):
    """The command line: commands of the core, and of plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted({*BUILTIN, *_plugged(ctx).commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None where there is none of this name."""
        if cmd_name in BUILTIN:
            module, attribute, _ = BUILTIN[cmd_name]
            return getattr(importlib.import_module(module), attribute)  # type: ignore[no-any-return]
        contribution = _plugged(ctx).commands.get(cmd_name)
        return None if contribution is None else _loaded(contribution)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant, or say what could be."""
        command = self.get_command(ctx, args[0])
        if command is None:
            ctx.fail(self._no_such_command(ctx, args[0]))
        return args[0], command, args[1:]

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what is wrong with the application is said without a traceback."""
        with failures_reported():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, without importing them."""
        plugged = _plugged(ctx)
        rows = [(name, text) for name, (_, _, text) in BUILTIN.items()]
        rows += [(name, one.record.help) for name, one in plugged.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(sorted(dict(reversed(rows)).items()))
        if plugged.troubles:
            with formatter.section("Broken"):
                formatter.write_dl([("!", trouble) for trouble in plugged.troubles])

    def _no_such_command(self, ctx: click.Context, name: str) -> str:
        if name in ELSEWHERE:
            distribution = ELSEWHERE[name]
            hint = f"It comes with {distribution}: pip install {distribution}"
        else:
            hint = did_you_mean(name, self.list_commands(ctx))
        lines = [f"There is no command {name!r}. {hint}", *_plugged(ctx).troubles]
        return "\n".join(lines)


def _plugged(ctx: click.Context) -> Plugged:
    """What plugins add, looked up once in each run of the command line."""
    found: Plugged = ctx.meta.get(_PLUGGED) or ctx.meta.setdefault(_PLUGGED, plugged_commands())
    return found


def _loaded(contribution: Contribution) -> click.Command:  # type: ignore[type-arg]
    plugin, record = contribution.plugin, contribution.record
    try:
        command = record.load()
    except ConfigurationError:
        raise
    except Exception as error:
        raise plugin.broke(f"its command {record.name!r} cannot be loaded: {error!r}") from error
    if not isinstance(command, click.Command):
        raise plugin.broke(f"its command {record.name!r} is {command!r}, and no click command.")
    return command
