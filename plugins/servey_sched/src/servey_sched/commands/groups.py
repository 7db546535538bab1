"""A group of commands that lists, where nothing else is asked for."""

import click

from servey_core.naming import did_you_mean

_DEFAULT = "list"


class ListGroup(click.Group):
    """Runs its command `list` where none is named; suggests one where the name is wrong."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` before options that come without a command."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant, or say what could be."""
        if args[0] not in self.commands:
            hint = did_you_mean(args[0], self.commands)
            ctx.fail(f"There is no command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)
