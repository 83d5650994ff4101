"""Options; the servers are those that other tests share, too."""

import pytest

pytest_plugins = ["harness.fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record", action="store_true", help="take the Event Router's records as expected"
    )
