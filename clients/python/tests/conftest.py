"""Every test talks to the scripted stand-in of clients/testing; the real sidecar is tested in Tests/process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parents[2]
sys.path.insert(0, str(CLIENTS / "python"))

from onbehalf import OnBehalf  # noqa: E402

STAND_IN = [sys.executable, str(CLIENTS / "testing" / "stand_in.py")]


@pytest.fixture
def stand_in() -> list[str]:
    return STAND_IN


@pytest.fixture
def ob() -> Iterator[OnBehalf]:
    with OnBehalf(command=STAND_IN) as client:
        yield client
