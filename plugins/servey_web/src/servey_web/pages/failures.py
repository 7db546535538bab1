"""What is wrong with a template, and where: its name, its file and the line."""

from types import TracebackType

from servey_core.errors import ServeyError


class TemplateFailed(ServeyError):  # noqa: N818 - it has failed
    """A template cannot be loaded or rendered.

    Attributes:
        template: Its name below the folder of templates.
        place: Its file, and the line where one is known: `/app/templates/pet.j2:3`.
        reason: What is wrong.
    """

    def __init__(self, template: str, place: str, reason: str) -> None:
        where = f" ({place})" if place else ""
        super().__init__(f"template {template!r}{where}: {reason}")
        self.template = template
        self.place = place
        self.reason = reason


def failure_of(error: BaseException, template: str) -> TemplateFailed:
    """What is told of an error that came up while a template was rendered.

    Args:
        error: The error; the last template that its traceback leads through is to blame.
        template: The name of the template that was rendered.
    """
    found = _last_template(error.__traceback__)
    name, place = found or (template, "")
    return TemplateFailed(name, place, f"{type(error).__name__}: {error}")


def _last_template(traceback: TracebackType | None) -> tuple[str, str] | None:
    found = None
    while traceback is not None:
        template = traceback.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            line = template.get_corresponding_lineno(traceback.tb_lineno)
            found = str(template.name), f"{template.filename}:{line}"
        traceback = traceback.tb_next
    return found
