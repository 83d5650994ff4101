"""Servers for the tests of manifests and chart, as fixtures."""

pytest_plugins = ["harness.fixtures"]
