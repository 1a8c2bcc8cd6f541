"""Files at a portal that a table describes: found by the name that holds their hash, put once, described."""

from collections.abc import Callable
from typing import Any

from adapters.portals.http_json_calls import Calls, StepAnswer
from adapters.portals.http_json_lists import every_entry
from adapters.portals.http_json_settings import Media, When
from adapters.portals.http_json_values import ValueSpec, plain
from syncd.errors import PortalError
from syncd.ports.portal import FileToPush, PlacedFile

# answers that speak of the file, or of what the server can do with it; any other outcome is the whole post's
_FILE_REFUSED = ("too_large", "http_status", "forbidden", "conflict")


def file_values(file: FileToPush) -> dict[str, Any]:
    """What templates may name of a file."""
    return {
        "name": file.filename,
        "stem": file.filename.rpartition(".")[0],
        "type": file.content_type,
        "sha256": file.sha256,
        "size": len(file.data),
        "b64": _Base64(file.data),
        "alt": file.alt,
        "caption": file.caption,
        "title": file.name or file.filename,
    }


class _Base64:
    """Encoded when a template asks for it: most do not, and pictures are large."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __str__(self) -> str:
        import base64

        return base64.b64encode(self._data).decode()


class FilePlaces:
    """The step `media`."""

    def __init__(self, step: Media) -> None:
        self._step = step

    def put(self, calls: Calls, file: FileToPush, *, proved: Callable[[], None]) -> PlacedFile:
        """The file's place, put there unless it is found. `proved` makes sure that the portal knows us."""
        step, values = self._step, {"file": file_values(file)}
        found = self._found(calls, file, proved)
        if found is None:
            answer = self._uploaded(calls, file, proved)
            if answer is None:  # found after a login that had run out
                return self.put(calls, file, proved=proved)
            found = answer, answer.document
        answer, entry = found
        id, url = answer.value(step.id, entry), answer.value(step.url, entry)
        if not id:
            raise calls.api.fail("answered an upload without the file's id", unknown=True, hint="check portal.media.id")
        if step.describe is not None and self._is_told_otherwise(entry, file):
            calls.do(step.describe, {**values, "id": id}, writes=True, again=lambda: True)
        return PlacedFile(sha256=file.sha256, id=id, url=url, alt=file.alt, caption=file.caption)

    def _found(self, calls: Calls, file: FileToPush, proved: Callable[[], None]) -> tuple[StepAnswer, Any] | None:
        step, values = self._step.find, {"file": file_values(file)}
        if step is None:
            return None
        if not step.authenticated:
            proved()
        if step.item:
            return next(every_entry(calls, step, values), None)
        absent = step.absent if isinstance(step.absent, When) else When(status=step.absent)
        answer = calls.do(step, values, writes=False, told=(absent,))
        return None if answer is None or answer.fits(absent) else (answer, answer.document)

    def _uploaded(self, calls: Calls, file: FileToPush, proved: Callable[[], None]) -> StepAnswer | None:
        try:
            return calls.do(
                self._step,
                {"file": file_values(file)},
                writes=True,
                file=file,
                again=lambda: self._found(calls, file, proved) is None,
            )
        except PortalError as err:
            if err.kind not in _FILE_REFUSED:
                raise
            # servers take 1 or 2 MB as they come, and fail on large pictures
            raise calls.api.fail(
                f"does not take file {file.filename}: {err.message}", kind="file_refused", permanent=True, hint=err.hint
            ) from err

    def _is_told_otherwise(self, entry: Any, file: FileToPush) -> bool:
        wanted = {"alt": file.alt, "caption": file.caption}
        shown = {name: plain(ValueSpec.of(path).first(entry)) for name, path in self._step.fields.items()}
        return any(shown.get(name, "") != text for name, text in wanted.items())
