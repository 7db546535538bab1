"""Plans for actions that give a file, or perhaps give one."""

from starlette.types import Receive, Scope, Send

from servey_core import CacheHeaders, Context, File, Outcome
from servey_rest.downloads import Stat, file_hint, send_content, stamp_of, stat_of
from servey_rest.full_plans import FullPlan, send_whole
from servey_rest.streaming import Parts
from servey_web import (
    CONTENTLESS,
    NO_STORE,
    Answer,
    file_fields,
    from_disk,
    full_head,
    succeeds,
    with_hint,
)


class FilePlan(FullPlan):
    """How one action answers requests of one method and path, where it gives files."""

    async def _answer(
        self, outcome: Outcome, context: Context, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if not isinstance(outcome.value, File):
            await super()._answer(outcome, context, scope, receive, send)
            return
        file = outcome.value.apart()
        try:
            stat = await stat_of(file)
            status, fields, _ = self._fresh(outcome, file, stat, scope)
            head = full_head(outcome, context, status, fields)
            if head[0] in CONTENTLESS or (scope["method"] == "HEAD" and stat is None):
                await send_whole(head, b"", scope, send)
            elif stat is None:
                await send_content(file, Parts(send, lambda: head))
            else:
                assert file.path is not None  # noqa: S101 - it has a stat
                await from_disk(file.path, stat, head)(scope, receive, send)
        finally:
            file.close()

    def _fresh(self, outcome: Outcome, file: File, stat: Stat | None, scope: Scope) -> Answer:
        """The answer without its body; 304 where the caller has the file."""
        answer: Answer = self._trigger.status, file_fields(file), b""
        if not succeeds(outcome):
            answer[1].append(NO_STORE)
            return answer
        hint: CacheHeaders | None = None
        if self._hinted:
            hint = self._hint(outcome, stamp_of(file, stat))
        if self._trigger.safe and NO_STORE not in self._caching:
            hint = file_hint(hint, stat)
        if hint is None:
            answer[1].extend(self._caching)
        return with_hint(answer, hint, scope, self._vary)
