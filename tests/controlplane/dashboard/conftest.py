"""Pages of the dashboard, on both databases."""

import pytest

from tests.controlplane.dashboard.client import Pages
from tests.controlplane.scenes import Scene, make_scene


@pytest.fixture
def pages() -> Pages:
    """A browser in which nobody is logged in."""
    return Pages()


@pytest.fixture
def scene() -> Scene:
    """An organisation with its admin, a project and one environment."""
    return make_scene()


@pytest.fixture
def admin(scene: Scene) -> Pages:
    """The browser of the scene's admin."""
    return Pages(scene.admin)
