"""axe-core, which finds what keeps people from a page. npm brings it (`npm ci`)."""

from pathlib import Path

from playwright.sync_api import Page

_SCRIPT = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults(page: Page) -> list[str]:
    """What is wrong for WCAG 2.2 AA in the page as it stands now, each with the elements that it is about."""
    page.evaluate(_SCRIPT.read_text())
    found = page.evaluate("rules => axe.run({runOnly: rules})", _RULES)
    return [f"{each['id']}: {[node['target'] for node in each['nodes']]}" for each in found["violations"]]
