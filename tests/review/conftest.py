"""The diagnostic of these tests, published."""

from __future__ import annotations

import pytest

from tests.conftest import World
from tests.review.instrument import publish


@pytest.fixture
def package(world: World) -> str:
    return publish(world)
