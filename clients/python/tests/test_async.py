"""The same with `await`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Callable

import pytest

from onbehalf import AsyncOnBehalf, OnBehalfError, _client


def run(stand_in: list[str], body: Callable[[AsyncOnBehalf], Awaitable[Any]], **options: Any) -> Any:
    async def main() -> Any:
        async with AsyncOnBehalf(command=stand_in, **options) as ob:
            return await body(ob)

    return asyncio.run(main())


def test_a_run_with_progress(stand_in: list[str]) -> None:
    seen: list[Any] = []
    answer = run(
        stand_in,
        lambda ob: ob.invoke_agent(
            profile="dev5", subject="curtis.feitty", agent="PAYABLES_TEAM", message="Hello", on_progress=seen.append
        ),
    )
    assert [value["kind"] for value in seen] == ["begin", "report", "end"]
    assert answer.output == "curtis.feitty: Hello"


def test_many_at_once(stand_in: list[str]) -> None:
    async def body(ob: AsyncOnBehalf) -> Any:
        return await asyncio.gather(*(ob.call("echo", {"number": number}) for number in range(1000)))

    assert run(stand_in, body) == [{"number": number} for number in range(1000)]


def test_cancelling_a_task_cancels_the_request(stand_in: list[str]) -> None:
    async def body(ob: AsyncOnBehalf) -> Any:
        task = asyncio.ensure_future(ob.call("deaf"))
        while (await ob.call("seen"))[-2]["method"] != "deaf":
            pass
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await ob.call("seen")

    assert run(stand_in, body)[-2]["method"] == "$/cancelRequest"


def test_deadlines(stand_in: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "GRACE_MS", 100)

    async def body(ob: AsyncOnBehalf) -> Any:
        return await asyncio.gather(
            ob.call("slow", timeout_ms=50), ob.call("deaf", timeout_ms=50), return_exceptions=True
        )

    sidecars, clients = run(stand_in, body)
    assert (sidecars.kind, sidecars.message) == ("deadline_exceeded", "The deadline passed.")
    assert (clients.kind, clients.message) == ("deadline_exceeded", "The sidecar did not answer within the deadline.")


def test_a_crash(stand_in: list[str]) -> None:
    async def body(ob: AsyncOnBehalf) -> Any:
        crash = ob.call("crash", {"status": 3, "words": "error: the store is on fire"})
        return await asyncio.gather(ob.call("deaf"), crash, return_exceptions=True)

    assert {(error.kind, "on fire" in str(error)) for error in run(stand_in, body)} == {("sidecar_exited", True)}


def test_a_sidecar_that_cannot_serve_is_told_by_the_first_call(stand_in: list[str]) -> None:
    async def main() -> None:
        ob = AsyncOnBehalf(command=stand_in, env={"STAND_IN": "too-new"})
        for _ in range(2):
            with pytest.raises(OnBehalfError) as caught:
                await ob.ping()
            assert caught.value.kind == "sidecar_incompatible"
        await ob.close()

    asyncio.run(main())


def test_made_outside_the_loop_that_uses_it(stand_in: list[str]) -> None:
    ob = AsyncOnBehalf(command=stand_in)
    for _ in range(2):
        assert asyncio.run(ob.call("echo", {"a": 1})) == {"a": 1}
    asyncio.run(ob.close())


def test_cancelling_the_first_call_leaves_the_start_alone(stand_in: list[str]) -> None:
    async def main() -> Any:
        ob = AsyncOnBehalf(command=stand_in)
        first = asyncio.ensure_future(ob.ping())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        try:
            return await ob.call("echo", {"a": 1})
        finally:
            await ob.close()

    assert asyncio.run(main()) == {"a": 1}
