"""The status page, in a real browser."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Outbox
from harness.http import Http
from harness.wait import wait_until
from selenium import webdriver
from selenium.webdriver.common.by import By

# The package is only where axe-core itself comes from.
AXE = Path(importlib.util.find_spec("axe_core_python").origin).with_name("axe.min.js")


@pytest.fixture
def http() -> Http:
    return Http()


def open_browser(width: int, scheme: str) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        f"--window-size={width},1200",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService("/usr/bin/chromedriver")
    browser = webdriver.Chrome(options=options, service=service)
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    # A window cannot be as narrow as a phone, what it shows can.
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 1200, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    return browser


@pytest.fixture(params=[(1400, "light"), (360, "dark")], ids=lambda p: f"{p[0]}-{p[1]}")
def browser(request: pytest.FixtureRequest) -> Iterator[webdriver.Chrome]:
    browser = open_browser(*request.param)
    yield browser
    browser.quit()


def sentence(browser: webdriver.Chrome) -> str:
    return browser.find_element(By.ID, "sentence").text


def text(browser: webdriver.Chrome, element: str) -> str:
    return browser.find_element(By.ID, element).text


def violations(browser: webdriver.Chrome) -> list[str]:
    browser.execute_script(AXE.read_text())
    found = browser.execute_async_script(
        "const done = arguments[0]; axe.run().then((r) => done(r.violations));"
    )
    return [f"{v['id']}: {node['html']}" for v in found for node in v["nodes"]]


def test_page_shows_what_happens(
    own_outbox: Outbox, http: Http, browser: webdriver.Chrome
) -> None:
    outbox = own_outbox
    outbox.create_slot()
    relay = outbox.streaming_relay(*http.arguments)
    browser.get(http.url)
    wait_until(lambda: sentence(browser).startswith("Streaming."), "streaming shown")
    height = browser.execute_script("return document.getElementById('state').offsetHeight")

    outbox.add_many(30)
    outbox.wait_all_confirmed()
    wait_until(lambda: text(browser, "published") == "30", "events counted")
    wait_until(lambda: outbox.topic in text(browser, "topics"), "the topic shown")
    wait_until(lambda: "reserved" in text(browser, "slot"), "the slot shown")
    assert browser.execute_script("return document.querySelector('.curve').getAttribute('d')")
    assert violations(browser) == []
    overflow = "return document.documentElement.scrollWidth > innerWidth"
    assert not browser.execute_script(overflow), "nothing is wider than the window"
    browser.find_element(By.TAG_NAME, "summary").click()
    assert http.listen in text(browser, "settings")
    # Up to here nothing was wrong; what the outages below do is their own.
    assert [e for e in browser.get_log("browser") if e["level"] != "INFO"] == []

    # An outage and its end, without a jump of what is below.
    outbox.db.close()
    outbox.postgres.stop("fast")
    wait_until(lambda: "Waiting for PostgreSQL" in sentence(browser), "outage shown")
    wait_until(lambda: "waiting for PostgreSQL" in text(browser, "log"), "warning shown")
    assert height == browser.execute_script(
        "return document.getElementById('state').offsetHeight"
    ) or browser.execute_script("return innerWidth") < 500
    assert violations(browser) == []
    outbox.postgres.start()
    wait_until(lambda: sentence(browser).startswith("Streaming."), "its end shown")
    outbox.reconnect()

    # The relay stops, and comes back.
    assert relay.terminate() == 0
    wait_until(lambda: "has not answered" in sentence(browser), "end of the relay shown")
    outbox.streaming_relay(*http.arguments)
    wait_until(lambda: sentence(browser).startswith("Streaming."), "it comes back by itself")


def test_page_moves_for_nobody_who_does_not_want_it(outbox: Outbox, http: Http) -> None:
    outbox.create_slot()
    outbox.streaming_relay(*http.arguments)
    browser = open_browser(1400, "light")
    try:
        browser.get(http.url)
        animation = "return getComputedStyle(document.querySelector('.dot')).animationName"
        wait_until(lambda: browser.execute_script(animation) == "breathe", "the dot breathes")
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]},
        )
        assert browser.execute_script(animation) == "none"
    finally:
        browser.quit()
