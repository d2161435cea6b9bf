"""The live page in a real browser, beside real traffic: what it shows is what the metrics and the commands say."""

import json
import os
import pathlib
import random
import subprocess
import time
import urllib.parse

import pytest

from harness.configs import KEY, config, listener, rule, upstream
from harness.metrics import DATAGRAMS, DROPS
from harness.process import binary
from harness.udp import free_port
from harness.wait import until

webdriver = pytest.importorskip("selenium.webdriver", reason="python3-selenium and chromium-driver are not there")

IMAGES = pathlib.Path(__file__).parents[2] / "docs" / "images"
UPDATE = os.environ.get("STEVEDORE_UPDATE_GOLDEN") == "1"
PERIOD = 2   # seconds between probes
REFRESH = 1  # of the page
PROBE = {"periodSeconds": PERIOD, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 1, "expect": "Reply",
         "payload": "0x70696e67"}


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                 "--disable-background-networking", "--window-size=1280,1000"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    from selenium.webdriver.chrome.service import Service
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_page_load_timeout(20)
    yield driver
    driver.quit()


class Page:
    """The page of a proxy in the browser."""

    def __init__(self, browser, proxy):
        self.browser, self.proxy = browser, proxy
        browser.get(f"http://{proxy.metrics_address}/")
        until("the page is filled", lambda: self.text("#state") == "running")

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).innerText", selector)

    def table(self, selector, which=0):
        """Rows of [shown text]; a cell with an exact number gives that."""
        return self.run("""
            const table = document.querySelectorAll(arguments[0] + " table")[arguments[1]];
            return table ? [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => {
              const exact = cell.querySelector("[title]");
              return exact ? Number(exact.title) : cell.innerText;
            })) : []""", selector, which)

    def peers(self, name):
        """{address: [probe, share, reply]} of an upstream; an address has its role behind it, unless it is ready."""
        return {row[0].replace("\n", " "): row[1:] for row in self.table(f'[data-upstream="{name}"]')}

    def explain(self, port, payload):
        self.run("""
            document.querySelector("#explain-listener").value = arguments[0];
            document.querySelector("#explain-hex").value = arguments[1];
            document.querySelector("#explained").textContent = "";
            document.querySelector("#explain").requestSubmit()""", str(port), payload.hex(" "))
        return until("an explanation", lambda: self.text("#explained"), interval=0.02)


@pytest.fixture
def traffic(peer_process, load, client, proxy):
    """A proxy with rules, hashing, a backup peer, drops, and what was sent through it."""
    peers = [peer_process(name) for name in "abc"]
    port = free_port()
    rules = [rule("game/kcp/version-1", "game/kcp/v1", (0, 1, "==", "0x01")),
             rule("game/kcp/debug", "deny", (0, 1, "&=", "0b10000000"))]
    wanted = config(
        [listener(port, "game/kcp", default="game/kcp/v2", rules=rules)],
        [upstream(peers[:2], "game/kcp/v1", backup=peers[2:], healthCheck=PROBE, **KEY),
         upstream(peers[2:], "game/kcp/v2", algorithm="RoundRobin")])
    running = proxy(wanted)
    flows = [{"socket": number % 4, "header": f"{1 + number % 2:02x}{number:06x}"} for number in range(16)]
    load(port, flows, rate=1000, datagrams=3000).wait()
    one = client(port)
    for _ in range(7):
        one.send(b"\x80denied")
    until("they are denied", lambda: running.metrics().sum(DROPS, reason="denied") == 7)
    return running, port, peers, wanted


def test_numbers_are_those_of_the_metrics(browser, traffic):
    running, _, _, _ = traffic
    running.check_conservation()
    page = Page(browser, running)
    metrics = running.metrics()
    rows = dict(zip(("client_in", "upstream_out", "upstream_in", "client_out"),
                    page.table('[data-listener="game/kcp"]')))
    for direction, row in rows.items():
        assert row[1] == metrics.sum(DATAGRAMS, listener="game/kcp", direction=direction) > 0, direction
        assert row[3] == metrics.sum("stevedore_proxy_bytes_total", listener="game/kcp", direction=direction)
    hits = {row[0].splitlines()[0]: row[1] for row in page.table('[data-listener="game/kcp"]', 1)}
    for name, target in (("version-1", "game/kcp/v1"), ("debug", "deny")):
        assert hits[f"game/kcp/{name} → {target}"] == metrics.value("stevedore_proxy_rule_matches_total", rule=name) > 0
    assert page.table("#drops") == [["game/kcp", "to peers", "denied", 7, "0"]]
    assert running.status()["digest"] in page.text("#config")

    state = json.loads(running.get("/state.json")[1])
    assert state["listeners"][0]["datagrams"]["clientIn"] == rows["client_in"][1]
    addresses = {labels["peer"]: value for labels, value in metrics.select("stevedore_proxy_peer_up")}
    for shown in state["upstreams"]:
        for peer in shown["peers"]:
            assert peer["usable"] <= addresses[peer["address"]]
    assert [entry["level"] for entry in browser.get_log("browser")] == []


def test_rates_under_traffic(browser, traffic, load):
    running, port, _, _ = traffic
    page = Page(browser, running)
    flowing = load(port, [{"socket": 0, "header": "01000000"}], rate=500, datagrams=4000)
    until("the rate of 500/s is shown", lambda: 400 <= float(page.table('[data-listener="game/kcp"]')[0][2]) <= 600,
          timeout=8, interval=0.2)
    until("the curve grows", lambda: page.run(
        """return document.querySelector('[data-listener="game/kcp"] polyline').points.length""") > 2, interval=0.2)
    assert flowing.wait()["lost"] == 0


def test_a_killed_peer_turns_red_within_a_period(browser, traffic):
    running, _, peers, _ = traffic
    page = Page(browser, running)
    addresses = [f"{peer.config()['address']}:{peer.config()['port']}" for peer in peers]
    until("all are up and have answered", lambda: all(
        row[0] == "up" and row[2].endswith(" ms") for row in page.peers("game/kcp/v1").values()), timeout=10)
    assert {name: row[1] for name, row in page.peers("game/kcp/v1").items()} == {
        addresses[0]: "50 %", addresses[1]: "50 %", f"{addresses[2]} backup": "0.0 %"}

    killed = time.monotonic()
    peers[0].close()
    until("it is red", lambda: page.peers("game/kcp/v1")[addresses[0]][0] == "down", interval=0.05)
    took = time.monotonic() - killed
    assert took <= PERIOD + PROBE["timeoutSeconds"] + REFRESH, "the probe's period, its timeout and the page's own second"
    print(f"red after {took:.2f} s with a period of {PERIOD} s")
    color = page.run("""return getComputedStyle(document.querySelector('[data-upstream="game/kcp/v1"] .dot.bad')).color""")
    assert color == page.run("return getComputedStyle(document.querySelector('.bad')).color")
    assert page.peers("game/kcp/v1")[addresses[1]][1] == "100 %"
    assert list(page.peers("game/kcp/v1"))[0] == addresses[0], "who fails comes first"


def explained_by_the_command(path, port, payload):
    done = subprocess.run([binary("stevedore-proxy"), "explain", "-c", path, "--listener", str(port), "--hex",
                           payload.hex()], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_box_explains_as_the_command_does(browser, traffic):
    running, port, _, _ = traffic
    page = Page(browser, running)
    dice = random.Random(7)
    verdicts = set()
    for _ in range(25):
        payload = bytes([dice.choice((1, 2, 0x80))]) + dice.randbytes(dice.randrange(12))
        said = page.explain(port, payload)
        wanted = explained_by_the_command(running.config_path, port, payload).replace(
            "usable (probes taken as passing)", "usable by what their probes say")
        assert said.split() == wanted.split()
        verdicts.add(said.splitlines()[-1])
    assert len(verdicts) >= 4, verdicts
    page.run('document.querySelector("#explain-hex").value = "0"; document.querySelector("#explain").requestSubmit()')
    until("the mistake is told", lambda: page.text("#explained").strip() ==
          'hex "0": must be pairs of hex digits')


def test_a_refused_config_and_a_proxy_that_is_gone_are_told(browser, traffic):
    running, _, _, wanted = traffic
    page = Page(browser, running)
    running.overwrite('{ "version": 1, "listeners": 5 }')
    until("it is told", lambda: page.text("#state").startswith("the newest config was refused"), interval=0.1)
    running.apply(wanted)
    until("all is well again", lambda: page.text("#state") == "running", interval=0.1)
    running.process.stop()
    until("nobody answers", lambda: "no answer from the proxy" in page.text("#state"), interval=0.1)


@pytest.mark.parametrize("name, width, height, scheme", [
    ("light", 1280, 1000, "light"), ("dark", 1280, 1000, "dark"), ("phone", 390, 844, "light")])
def test_it_is_readable(browser, traffic, load, name, width, height, scheme):
    running, port, _, _ = traffic
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": name == "phone"})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": scheme}]})
    page = Page(browser, running)
    page.explain(port, b"\x01\x00\x00\x05kcp")
    assert page.run("return document.documentElement.scrollWidth") <= width, "nothing to scroll sideways"
    text, ground = (page.run(f"return getComputedStyle(document.body).{what}") for what in ("color", "backgroundColor"))
    assert contrast(text, ground) >= 7, "WCAG 2.1, 1.4.6"
    loaded = page.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert loaded and {urllib.parse.urlsplit(address).netloc for address in loaded} == {running.metrics_address}
    if UPDATE:
        IMAGES.mkdir(exist_ok=True)
        load(port, [{"socket": each % 40, "header": f"{1 + each % 2:02x}{each:06x}"} for each in range(80)], seconds=30,
             rate=2000)
        until("there is something to see", lambda: len(page.run(
            """return document.querySelector('[data-listener="game/kcp"] polyline').points""")) > 15, timeout=25)
        size = page.run("return document.documentElement.scrollHeight")
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": size, "deviceScaleFactor": 1, "mobile": name == "phone"})
        browser.save_screenshot(str(IMAGES / f"live-page-{name}.png"))


def contrast(first, second):
    """WCAG 2.1's contrast ratio of two "rgb(r, g, b)"."""
    def luminance(color):
        parts = [int(part) / 255 for part in color.removeprefix("rgb(").removesuffix(")").split(",")]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_it_can_be_switched_off(proxy, echo):
    running = proxy(config([listener(free_port())], [upstream([echo("a")])]), flags=["--no-live-page"])
    assert [running.get(path)[0] for path in ("/", "/page.js", "/state.json", "/explain", "/metrics", "/healthz")] == [
        404, 404, 404, 404, 200, 200]
