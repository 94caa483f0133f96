"""How long does a warm rerun of each page take in a real browser, beside a bare Streamlit hello?

    python -m benchmarks.pages [ARCHIVE_URL]

Without an archive the default demo network is made first. Both dashboards run under the same server
with the same options, in the same browser, in turn. Two reruns are timed. The plain one (key R)
changes nothing: the time runs to the last message that the server sends. The hard one switches the
language, after which every element is sent and drawn anew: the time runs from the click until the
title is in the other language and the page reports its script at rest.
"""

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.lapse_score import make_demo
from station.pages.front import PAGES

RUNS = 9
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
HELLO = """
import streamlit as st
st.set_page_config(layout="wide")
lang = st.segmented_control("Language", ["zh", "en"], default="en", required=True)
st.title("Hello" if lang == "en" else "你好")
st.write("Hello, world" if lang == "en" else "你好，世界")
"""
HELLO_SERVER = """
import sys, uvicorn, streamlit as st
uvicorn.run(st.App(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
"""
CLICK = """
(button) => new Promise((resolve, reject) => {
  const title = () => document.querySelector("h1")?.textContent;
  const atRest = () => document.querySelector("[data-test-script-state='notRunning']");
  const before = title(), begin = performance.now();
  const look = () => {
    if (title() && title() !== before && atRest()) resolve(performance.now() - begin);
    else if (performance.now() - begin > 20000) reject(new Error("no rerun within 20 s"));
    else requestAnimationFrame(look);
  };
  button.click();
  look();
})
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(command: list[str], port: int) -> Iterator[str]:
    process = subprocess.Popen([*command], env=os.environ | {"LANG": "C"})
    try:
        wait(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own loopback
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not answer")


def settle(page: Page) -> None:
    page.wait_for_selector("h1", timeout=120_000)
    page.wait_for_selector("[data-test-script-state='notRunning']", timeout=120_000)
    page.wait_for_timeout(700)


def reruns(page: Page, url: str) -> tuple[float, float]:
    """Return the median milliseconds of a plain rerun and of a switch of the language."""
    arrivals: list[float] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda _: arrivals.append(time.perf_counter())),
    )
    page.goto(url)
    settle(page)
    return plain(page, arrivals), switched(page)


def plain(page: Page, arrivals: list[float]) -> float:
    times = []
    for _ in range(RUNS):
        arrivals.clear()
        begin = time.perf_counter()
        page.keyboard.press("r")
        page.wait_for_timeout(900)
        times.append(1000 * (arrivals[-1] - begin))
    return statistics.median(times)


def switched(page: Page) -> float:
    times = []
    for run in range(RUNS + 2):
        buttons = page.locator("[data-testid='stButtonGroup']").first.locator("button")
        times.append(page.evaluate(CLICK, buttons.nth(run % 2).element_handle()))
        page.wait_for_timeout(300)
    return statistics.median(times[2:])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        archive = sys.argv[1] if len(sys.argv) > 1 else make_demo(Path(folder))[0]
        script = Path(folder) / "hello.py"
        script.write_text(HELLO, encoding="utf-8")
        ports = free_port(), free_port()
        hello = stack.enter_context(
            served([sys.executable, "-c", HELLO_SERVER, str(script), str(ports[0])], ports[0])
        )
        station = [sys.executable, "-m", "station", "--archive", archive, "serve", "--port"]
        ours = stack.enter_context(served([*station, str(ports[1])], ports[1]))
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path="/usr/bin/chromium", args=FLAGS
        )

        def fresh() -> Page:
            return browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-GB")

        def signed_in() -> Page:
            page = fresh()
            page.goto(f"{ours}/sign-in?lang=en")
            page.click("button[value='demo.administrator']")
            return page

        base = reruns(fresh(), hello)
        print(f"{'':12} {'plain':>10} {'x hello':>8} {'language':>10} {'x hello':>8}")
        print(f"{'hello':12} {base[0]:7.0f} ms {1:8.1f} {base[1]:7.0f} ms {1:8.1f}")
        for entries in PAGES.values():
            for name, *_ in entries:
                path = "" if name == "today" else name
                took = reruns(signed_in(), f"{ours}/{path}?lang=en")
                ratio = [mine / bare for mine, bare in zip(took, base, strict=True)]
                print(
                    f"{name:12} {took[0]:7.0f} ms {ratio[0]:8.1f} {took[1]:7.0f} ms {ratio[1]:8.1f}"
                )
        browser.close()


if __name__ == "__main__":
    main()
