"""What browser tests ask of a page: no axe violation, no CSP violation, no sideways scroll."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
AXE = Path(__file__).parent.parent / "vendor" / "axe.min.js"
DESKTOP = {"width": 1440, "height": 1000}
PHONE = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 640}
ZOOMED = {"width": 720, "height": 500}
"""The desktop at 200 %."""

PATIENCE = 60_000
"""Milliseconds a page may take on a machine that does other things too."""

OF_COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe whose answer a scheme changes."""

_RUN_AXE = """async (rules) => {
  const only = rules.length ? {runOnly: {type: "rule", values: rules}} : {};
  const found = await axe.run(document, {resultTypes: ["violations"], ...only});
  return found.violations.map(v => ({
    id: v.id, impact: v.impact, help: v.help,
    nodes: v.nodes.slice(0, 5).map(n => `${n.target.join(" ")} :: ${n.failureSummary}`),
  }));
}"""
_WIDER = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.body.querySelectorAll("*")]
    .filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest(".scroll"))
    .slice(0, 5)
    .map(e => `${e.tagName}.${e.className} ${Math.round(e.getBoundingClientRect().right)}px`);
}"""
_LISTEN = """() => {
  window.__violations = [];
  document.addEventListener("securitypolicyviolation", e => window.__violations.push(
    `${e.violatedDirective}: ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
}"""

_NOTE = """() => {
  const begun = (goes) => {
    window.__leaving = true;
    setTimeout(() => { window.__leaving = goes(); });
  };
  addEventListener("submit", e => {
    const form = e.target.dataset;  // one that saves first is sent after, one that was sent is
    begun(() => !e.defaultPrevented || "autosave" in form || "sent" in form);
  }, true);
  addEventListener("click", e => {
    const link = e.target.closest?.("a[href]");
    if (!link || link.target || link.hasAttribute("download")) return;
    const stays = link.hash && link.href.split("#")[0] === location.href.split("#")[0];
    if (!stays) begun(() => !e.defaultPrevented);
  }, true);
}"""
"""Notes on a page that it is about to go: a link was followed, a form was sent."""

# Chromium keeps inherited light-dark() colours when the emulated scheme changes: lay out anew.
_DRAWN = """() => {
  document.body.hidden = true;
  document.body.getBoundingClientRect();
  document.body.hidden = false;
  return new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
}"""


@dataclass
class Watch:
    """Collects what a context's pages complain about: CSP violations, errors, failed responses."""

    messages: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Fail where anything was complained about."""
        assert not self.messages, "\n".join(self.messages)
        assert not self.failures, "\n".join(self.failures)


def attend(context: BrowserContext) -> BrowserContext:
    """Make a context of a person who waits: for slow pages, and for the page a click leads to."""
    context.set_default_timeout(PATIENCE)
    context.add_init_script(f"({_NOTE})()")
    return context


def settled(page: Page) -> None:
    """Wait until the page that was asked for is there, all of it.

    A click returns when the next page may not have begun. Until it has, the old one answers.
    """
    until(page, lambda: not page.evaluate("() => window.__leaving"), "the next page")
    page.wait_for_load_state()


def until(page: Page, holds: Callable[[], object], what: str) -> None:
    """Wait until `holds`, which a test asks while the browser goes on; `what` names it."""
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        with contextlib.suppress(Error):  # asked of a page that went meanwhile
            if holds():
                return
        page.wait_for_timeout(20)
    raise AssertionError(f"{what} did not come: {page.url}")


def watch(context: BrowserContext) -> Watch:
    """Listen to every page of `context`, from now on."""
    seen = Watch()

    def hear(message: ConsoleMessage) -> None:
        text = message.text
        expected = "Failed to load resource" in text  # the status of a page we asked for
        if message.type == "error" and not expected:
            seen.messages.append(f"{message.page.url if message.page else ''}: {text}")

    context.add_init_script(f"({_LISTEN})()")
    context.on("console", hear)
    context.on("weberror", lambda error: seen.messages.append(str(error.error)))
    context.on(
        "response",
        lambda r: seen.failures.append(f"{r.status} {r.url}") if r.status >= 500 else None,
    )
    return seen


def axe(page: Page, *rules: str) -> list[dict[str, Any]]:
    """The violations axe finds on the page as it is now, by these rules, or by all.

    The script is evaluated through the debugger, which the page's CSP does not govern.
    """
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate(_RUN_AXE, list(rules))
    return found


def check_page(page: Page, *, schemes: tuple[Scheme, ...] = SCHEMES) -> None:
    """Assert: no axe violation in any scheme, no CSP violation, no sideways scroll.

    A scheme changes colours alone: in another than the first, the rules about them are asked.
    """
    for scheme in schemes:
        show(page, scheme)
        violations = axe(page, *(() if scheme == schemes[0] else OF_COLOURS))
        assert not violations, f"{page.url} ({scheme})\n{json.dumps(violations, indent=1)}"
    check_policy(page)
    check_width(page)


def show(page: Page, scheme: Scheme) -> None:
    """Switch the device's scheme and wait until the page is drawn in it."""
    settled(page)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(_DRAWN)


def check_policy(page: Page) -> None:
    """Assert that the Content-Security-Policy refused nothing on this page."""
    refused = page.evaluate("() => window.__violations ?? []")
    assert not refused, f"{page.url}\n" + "\n".join(refused)


def check_width(page: Page) -> None:
    """Assert that the page does not scroll sideways."""
    wider = page.evaluate(_WIDER)
    assert not wider, f"{page.url} at {page.viewport_size}: " + "; ".join(wider)


def check_sizes(page: Page, *, sizes: tuple[dict[str, int], ...] = (DESKTOP, SMALLEST)) -> None:
    """`check_page` at each size, the width zoomed too; leaves the page at the first one."""
    for size in sizes:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        check_page(page)
    page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    page.evaluate(_DRAWN)
    check_width(page)
    page.set_viewport_size(sizes[0])  # type: ignore[arg-type]


def screenshot(
    page: Page,
    folder: Path,
    name: str,
    *,
    size: dict[str, int] = DESKTOP,
    scheme: Scheme = "light",
    full: bool = True,
) -> Path:
    """Save `<name>-<width>-<scheme>.png` of the page into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size(size)  # type: ignore[arg-type]
    show(page, scheme)
    path = folder / f"{name}-{size['width']}-{scheme}.png"
    page.screenshot(path=path, full_page=full)
    return path


def sign_in(page: Page, base_url: str, login: str, password: str) -> None:
    """Sign in by the form, as a person does."""
    page.goto(f"{base_url}/accounts/login/")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", password)
    page.click("main form button:not([type=button])")
    settled(page)
