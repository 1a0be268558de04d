"""axe-core, which finds what keeps people from a page. npm brings it (`npm ci`)."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

_SCRIPT = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """
rules => axe.run({runOnly: rules, resultTypes: ['violations'], preload: false, iframes: false})
    .then(found => found.violations.map(each => [each.id, each.nodes.map(node => node.target)]))
"""
"""Only what is wrong is worked out to its end, no style sheet is fetched again, and frames, which show mails as HTML,
are left alone: nothing runs in them."""


def faults(page: Page) -> list[str]:
    """What is wrong for WCAG 2.2 AA in the page as it stands now, each with the elements that it is about."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_script())
    return [f"{rule}: {elements}" for rule, elements in page.evaluate(_RUN, _RULES)]


@cache
def _script() -> str:
    return _SCRIPT.read_text()
