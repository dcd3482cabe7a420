"""Long walks: only when they are asked for (``make e2e``, or by path)."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if any("e2e" in argument for argument in config.args) else True
