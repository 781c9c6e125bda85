"""The one exception of this package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional


class OnBehalfError(Exception):
    """A call that failed. Switch on `kind`; show `str(error)`, which says what happened and what to do next.

    The sidecar's own kinds are listed in protocol/errors.json. Code 1800 marks what this client found out itself:
    `sidecar_not_found`, `sidecar_exited`, `sidecar_garbled`, `sidecar_incompatible`, `client_closed`.
    """

    def __init__(
        self,
        message: str,
        code: int,
        kind: str,
        hint: Optional[str] = None,
        retryable: bool = False,
        retry_after_ms: Optional[int] = None,
        detail: Optional[Mapping[str, Any]] = None,
        causes: Sequence[Any] = (),
    ) -> None:
        super().__init__(message, code, kind, hint, retryable, retry_after_ms, detail, causes)
        self.message = message
        self.code = code
        self.kind = kind
        self.hint = hint
        self.retryable = retryable
        self.retry_after_ms = retry_after_ms
        self.detail: Mapping[str, Any] = detail or {}
        self.causes = causes

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message

    @classmethod
    def from_wire(cls, error: Any) -> OnBehalfError:
        """The `error` member of an answer, whatever a stranger in the sidecar's place has put there."""
        error = error if isinstance(error, dict) else {}
        data = error.get("data")
        data = data if isinstance(data, dict) else {}
        return cls(
            message=error.get("message", "The sidecar answered with an error that says nothing."),
            code=error.get("code", -32603),
            kind=data.get("kind", "internal"),
            hint=data.get("hint"),
            retryable=data.get("retryable", False),
            retry_after_ms=data.get("retryAfterMs"),
            detail=data.get("detail"),
            causes=data.get("causes") or (),
        )


def client_error(kind: str, message: str, hint: str) -> OnBehalfError:
    return OnBehalfError(message, code=1800, kind=kind, hint=hint)
