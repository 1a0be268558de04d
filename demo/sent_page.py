"""The desk's page "Sent mail (demo)": the mails that the sink took, and one of them with its headers and text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demo.sink import sent_mails
from postroom.desk.app import ExtraPage


def sent_page(folder: Path) -> ExtraPage:
    """The page over the sink's `folder`. The query parameter `mail` names one of its mails."""

    def context(query: Mapping[str, str]) -> dict[str, Any]:
        mails = sent_mails(folder)
        return {"mails": mails, "mail": next((mail for mail in mails if mail.name == query.get("mail")), None)}

    return ExtraPage(
        path="/sent-mail",
        title="Sent mail (demo)",
        templates=Path(__file__).parent / "templates",
        template="sent-mail.html",
        context=context,
    )
