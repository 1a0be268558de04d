"""Words for people: labels, dates, sureness. Pure: no database, no network, no clock."""

from collections.abc import Sequence
from datetime import date, datetime

from postroom.casework.working_days import Calendar, in_words

VERY_SURE_FROM = 0.95
FAIRLY_SURE_FROM = 0.8

_LABELS = {
    "": "Not known",
    "acknowledge": "Acknowledge",
    "auto_reply": "Automatic reply",
    "receipt": "Read or delivery receipt",
    "list": "Mailing list",
    "bulk": "Bulk mail",
    "loop": "Our own mail, come back",
    "dead": "Not delivered",
    "cancelled": "No longer due",
    "paused": "Waits for consent",
}

DONE = {
    "confirmed": "{about} is confirmed.",
    "confirmed-sealed": "{about} is confirmed. It is sealed now: only its own team can open it.",
    "confirmed-blind": "{about} is confirmed. You decided first: what was suggested stands below.",
    "corrected": "{about} is corrected.",
    "acknowledged": "The acknowledgement is recorded.",
    "responded": "The response is recorded.",
    "closed": "{about} is closed.",
    "reopened": "{about} is open again.",
    "filed-as-new": "The message is the new case {about}, which awaits confirmation.",
    "attached": "The message is now on {about}.",
    "machine": "The message is marked as machine mail.",
    "spam": "The message is marked as spam. It is kept with the machine mail.",
    "release": "The message is filed again now. If nothing has changed, it will come back here.",
    "fetch": "All of the message is fetched at the mailbox's next poll. Until it is here, the part stays here.",
    "several-new-case": "New cases made: {about}. They await confirmation.",
    "several-machine": "Messages marked as machine mail: {about}.",
    "several-spam": "Messages marked as spam: {about}.",
    "several-release": "Messages that are fetched or filed again now: {about}.",
    "read": "The new messages are marked as read.",
    "moved": "The message is now on {about}.",
    "moved-to-new": "The message is the new case {about}, which awaits confirmation.",
    "merged": "{about} is part of the other case now.",
    "out-of-sight": "It is done. {about} is no longer among the cases that you see.",
    "extended": "The new date is recorded.",
    "point-added": "The point is added.",
    "point-changed": "The point is changed.",
    "point-answered": "The answer to the point is saved.",
    "split": "The point is the case {about} now, which awaits confirmation.",
    "consent-wanted": "It is recorded that consent is wanted.",
    "consent-ended": "What came of the consent is recorded.",
    "stage-decided": "The decision on the next stage is recorded.",
    "step-done": "The step is recorded.",
    "referred": "It is recorded that the Ombudsman has the case.",
    "ombudsman-decided": "The Ombudsman's decision is recorded.",
    "assigned": "It is recorded who works on the case.",
    "reassigned": "The case is with the other team now.",
    "procedure-changed": "The procedure is changed, and the dates with it.",
    "incident-noted": "It is recorded when it happened.",
    "date-corrected": "The date is corrected.",
    "sealing": "{about} is sealed now.",
    "unsealing": "{about} is no longer sealed.",
    "action-added": "The action is added.",
    "action-done": "The action is recorded as done.",
    "payment-entered": "The amount is entered.",
    "linked": "The two cases are linked.",
    "withdrawn": "{about} is closed as withdrawn.",
    "person-named": "It is recorded whose case it is.",
    "person-changed": "What is known of the person is changed.",
    "address-added": "The email address is added.",
    "phone-added": "The telephone number is added.",
    "contact-restricted": "The restriction of contact is recorded.",
    "contact-free": "Contact is no longer restricted.",
    "advocate-named": "The advocate has a copy of each letter from now on.",
    "advocate-ended": "The advocate has no more copies.",
    "people-joined": "They are one person now.",
    "set-aside": "{about} is set aside as no feedback.",
    "taken-back": "Undone: {about} awaits confirmation again.",
    "part-split": "That part is the new case {about}, which awaits confirmation.",
    "one-matter": "It is kept as one matter.",
    "two-cases": "The second matter is the new case {about}, which awaits confirmation.",
    "several-confirmed": "Confirmed: {about}.",
    "view-saved": "The view is saved.",
    "view-removed": "The view is removed.",
    "restricted": "{about} is restricted: only the officers named there see it.",
    "restriction-lifted": "{about} is no longer restricted. It is still sealed.",
    "response-written": "The response is recorded, and the letter is on its way.",
    "letter-written": "The letter is on its way.",
    "draft-kept": "The letter is kept as a draft. Nothing is sent or recorded yet.",
    "draft-discarded": "The draft is discarded.",
    "note-added": "The note is added.",
    "trying": "The mail will be tried again.",
    "calls-trying": "Calls that will be tried again: {about}.",
    "token-revoked": "The token holds no longer.",
    "signed-out": "You are signed out.",
    "password-changed": "Your password is changed. You are signed out everywhere else.",
    "password-chosen": "Your password is kept. Sign in with it.",
    "session-ended": "Signed out there.",
    "officer-added": "The officer is added. A mail tells them how to begin.",
    "officer-changed": "The officer is changed.",
    "team-changed": "The teams are changed.",
    "officer-locked": "They can sign in no longer, and are signed out everywhere.",
    "officer-unlocked": "They can sign in again.",
    "link-sent": "A mail with a link is on its way to them.",
    "second-factor-forgotten": "Their second factor is taken away, and they are signed out.",
    "model-rolled-back": "That model suggests from now on.",
    "second-factor-removed": "The second factor is taken away. Set up another.",
}
"""What was just done, by the key that the address of the next page carries."""

CAN_BE_UNDONE = ("confirmed", "confirmed-sealed", "set-aside")
"""Of these, what its officer may take back at once."""

HELD_BECAUSE = {
    "doubtful_sender": (
        "Doubtful sender",
        "They name a case. Is this person part of it? Nothing was disclosed to them.",
    ),
    "new_matter": ("A new matter, perhaps", "They answer an old case, but may be about something else."),
    "incomplete": (
        "Not all here",
        "Only a part could be fetched. The whole is asked for again by itself, or at once where you say so.",
    ),
    "too_large": ("Too large", "Larger than the limit, but all here. The limit is intake.maximum_bytes."),
    "unreadable": (
        "Unreadable",
        "Postroom could not make sense of these. Save the original and open it in a mail program.",
    ),
    "failed": (
        "Filing failed",
        "A fault of ours, which is in the log. Try again once it is mended, or file them by hand.",
    ),
    "other": ("Others", "Each for the reason beside it."),
    "empty": ("Empty", "No subject, no words and no attachment. Most are slips or spam."),
    "likely_machine": ("Likely machine mail or spam", "Read these last."),
}
"""For each kind of reason why messages are held, its heading and what to do."""


def came_by(source: str) -> str:
    """Where a message came in, as "by SMTP" or "from the mailbox feedback"."""
    kind, _, name = source.partition(":")
    others = {"smtp": "by SMTP", "portal": "on our page for residents"}
    return f"from the mailbox {name}" if kind == "imap" else others.get(kind, f"by {kind}")


_SENDERS = {
    "pass": "The sender's address is their own",
    "fail": "Somebody else seems to have written this under the sender's address",
    "none": "Nothing proves that the sender's address is their own",
    "temperror": "Whether the sender's address is their own could not be checked, for DNS did not answer",
    "unknown": "Whether the sender's address is their own was not checked",
}


def sender_checked(result: str, details: Sequence[str] = ()) -> str:
    """What is known of the sender's address, with what it rests on."""
    found = ", ".join(details)
    return f"{_SENDERS.get(result, _SENDERS['unknown'])}{f' ({found})' if found else ''}."


_TIES = {
    "related": ("Related to", "Related to"),
    "split_from": ("Split from", "Split off:"),
    "follows": ("Follows", "Followed by"),
}


def tied(kind: str, here: bool) -> str:
    """How a case is tied to another: seen from the case that the tie was made from, or from the other."""
    return _TIES[kind][0 if here else 1]


def letters_for(*, on_paper: bool, large_print: bool, language: str) -> str:
    """How somebody wants letters, as "By post, in large print, in Polish"."""
    ways = ("By post" if on_paper else "By email", "in large print" if large_print else "")
    return ", ".join(filter(None, (*ways, f"in {language}" if language else "")))


_LETTERS = {
    "response": "The response",
    "extension": "A letter about the new date",
    "consent": "A letter about the consent",
    "refusal": "A letter about the refused stage",
    "withdrawal": "A letter about the withdrawal",
    "closing": "A last letter",
}


def letter_of(form: str) -> str:
    """What a form's letter is, by the form's path."""
    return _LETTERS.get(form.rpartition("/")[2], "A letter")


def pounds(pence: int) -> str:
    """As "£1,250.00", or "−£20.00" for what was taken back."""
    return f"{'−' if pence < 0 else ''}£{abs(pence) // 100:,}.{abs(pence) % 100:02}"


def words(label: str) -> str:
    """A label's id as words: "service_request" is "Service request"."""
    return _LABELS.get(label) or label.replace("_", " ").replace("-", " ").capitalize()


def sureness(probability: float) -> str:
    """How sure the model is: "Very sure, 97%". Below `FAIRLY_SURE_FROM` it is "Unsure"."""
    sure = "Very sure" if probability >= VERY_SURE_FROM else "Fairly sure"
    word = sure if probability >= FAIRLY_SURE_FROM else "Unsure"
    return f"{word}, {percent(probability)}"


def percent(probability: float) -> str:
    """As "97%"; what is not certain never shows as 0% or 100%."""
    rounded = round(probability * 100)
    if 0 < probability < 1:
        rounded = min(max(rounded, 1), 99)
    return f"{rounded}%"


def when(moment: datetime, now: datetime, calendar: Calendar) -> str:
    """A past moment in the council's zone: "today at 09:14", "yesterday at 16:02", "Mon 2 Mar 2026 at 10:00"."""
    local = moment.astimezone(calendar.zone)
    days = (calendar.local_day(now) - local.date()).days
    day = {0: "today", 1: "yesterday"}.get(days, in_words(local.date()))
    return f"{day} at {local:%H:%M}"


def how_long(moment: datetime, now: datetime, calendar: Calendar) -> str:
    """How long somebody has waited: "today", "1 working day", "6 working days"."""
    start, today = calendar.local_day(moment), calendar.local_day(now)
    days = calendar.days_left(today, start) if today > start else 0
    return "today" if days == 0 else _working_days(days)


def due(due_on: date, today: date, calendar: Calendar) -> str:
    """When something is due: "due tomorrow", "due in 4 working days", "3 working days late"."""
    left = calendar.days_left(due_on, today)
    if due_on < today:
        return f"{_working_days(-left)} late" if left else f"was due {in_words(due_on)}"
    if due_on == today:
        return "due today"
    if (due_on - today).days == 1:
        return "due tomorrow"
    return f"due in {_working_days(left)}" if left else f"due {in_words(due_on)}"


def urgency(due_on: date, today: date, calendar: Calendar) -> str:
    """ "late", "soon" (two working days or fewer are left) or "fine"."""
    if due_on < today:
        return "late"
    return "soon" if calendar.days_left(due_on, today) <= 2 else "fine"


def count(number: int, one: str, many: str) -> str:
    """As "1 case" or "2,040 cases"."""
    return f"{number:,} {one if number == 1 else many}"


def seconds(number: float) -> str:
    """A short time as "14 seconds" or "3 minutes"."""
    return count(round(number), "second", "seconds") if number < 120 else count(round(number / 60), "minute", "minutes")


def size(size_in_bytes: int) -> str:
    """As "312 bytes", "34 KB" or "5.1 MB" (1 KB is 1,000 bytes)."""
    if size_in_bytes < 1000:
        return count(size_in_bytes, "byte", "bytes")
    if size_in_bytes < 999_500:
        return f"{size_in_bytes / 1000:.0f} KB"
    return f"{size_in_bytes / 1_000_000:.1f} MB"


def _working_days(days: int) -> str:
    return count(days, "working day", "working days")
