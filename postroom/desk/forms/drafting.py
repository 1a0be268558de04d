"""The form that discards a draft of a letter."""

from postroom.desk import drafts
from postroom.desk.forms.fields import Given
from postroom.desk.forms.form import CaseForm, Ground, Sheet
from postroom.desk.wording import letter_of, when


def _sheet(ground: Ground) -> Sheet:
    draft = drafts.draft_called(ground.session, ground.case, ground.item)
    kept = when(draft.kept_at, ground.now, ground.calendar)
    about = f"{letter_of(draft.form)}, kept by {draft.name} {kept}. Once it is discarded, nobody can bring it back."
    return Sheet((), tuple(filter(None, (about, draft.text))))


def _discard(ground: Ground, _: Sheet, __: Given) -> str:
    drafts.discard(ground.session, drafts.draft_called(ground.session, ground.case, ground.item))
    return ""


FORMS = (
    CaseForm(
        "drafts/{item}/discarding",
        "Discard the draft",
        "Discard it",
        "draft-discarded",
        _sheet,
        _discard,
        None,
        warning=True,
    ),
)
"""Forms about what is not sent yet."""
