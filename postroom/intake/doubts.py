"""Mail that a person should see before it becomes a case: unreadable, or likely from a machine or a spammer. Pure.

No rule of machine mail is sure of these. One hint alone says little, for people write nearly everything; two of
different kinds seldom stand in a letter that a person wrote (measured on the corpus that triage learns from).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from postroom.intake.machine_mail import Verdict
from postroom.intake.parse import TOOK_TOO_LONG, ParsedMessage

HINTS = 2
"""So many make a machine likely."""
_BEGINNING, _END = 400, 3_000
_SHORT = 2_000
_SAYS_SO = re.compile(
    r"\b(?:this (?:is|was) an? (?:automat(?:ed|ic)|auto[- ]?generated|system[- ]generated|computer[- ]generated)\b"
    r"|this (?:e-?mail|message|notification) (?:is|was|has been) (?:automatically )?(?:generated|sent|created) "
    r"(?:automatically|by (?:a|an automated|the) system|from an unmonitored)"
    r"|(?:please )?do not (?:reply|respond) (?:directly )?to this (?:e-?mail|message|address)"
    r"|this (?:mailbox|inbox|e-?mail address|address|account) is (?:not|no longer|un)\s?(?:being )?monitored"
    r"|replies to this (?:e-?mail|message|address) (?:are|will) not"
    r"|neges awtomatig yw hon|peidiwch ag ateb yr e-bost hwn)",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"\b(?:i am|i'm|i will be) (?:currently |now )?(?:out of (?:the )?office|away from (?:the|my) (?:office|desk)"
    r"|on (?:annual|sick|maternity|paternity|parental|study) leave|on leave)\b|\ballan o'r swyddfa\b",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"\b(?:in my absence|until (?:i return|\d|mon|tue|wed|thu|fri|sat|sun)|(?:return(?:ing)?|back) "
    r"(?:to work |to the office |in the office )?(?:on|in) "
    r"|limited access to (?:my )?e-?mails?|urgent,? (?:please )?(?:contact|call|e-?mail))",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\bthank(?:s| you) for (?:contacting|getting in touch|your (?:e-?mail|enquiry|message|query|correspondence))\b",
    re.IGNORECASE,
)
_PROMISES = re.compile(
    r"\b(?:we (?:will|aim to|endeavou?r to|shall) (?:respond|reply|get back|be in touch|answer)"
    r"|a member of (?:our|the) team|within \w+ (?:\(\d+\) )?working days"
    r"|has been (?:received|logged)|(?:ticket|reference|case) (?:number|id|no))",
    re.IGNORECASE,
)
_UNSUBSCRIBE = re.compile(
    r"\b(?:unsubscribe|opt[- ]?out (?:of|from)|(?:manage|update|change) (?:your|my) "
    r"(?:e-?mail |mailing )?(?:preferences|subscription)|view (?:this (?:e-?mail|message)|it|online) in (?:your|a) "
    r"(?:web )?browser|you (?:are|have) receiv(?:ing|ed) this (?:e-?mail|message|newsletter) because|dad-?danysgrifio)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:out of (?:the )?office|auto(?:matic|mated)?[- ]?(?:reply|response|acknowledge?ment)|newsletter|e-?bulletin"
    r"|delivery (?:status|failure)|undeliver(?:able|ed)|notification|ateb awtomatig)\b",
    re.IGNORECASE,
)
_NO_ANSWER = re.compile(
    r"(?:[a-z0-9.+_-]*[._+-])?(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|newsletters?|marketing|mailings?|notifications?"
    r"|alerts?|updates?|bounces?|system|automated|mailer|campaigns?|offers|promo(?:tions)?)(?:[+._-].*)?"
)


@dataclass(frozen=True)
class _Hint:
    words: str
    fits: Callable[[ParsedMessage, Verdict], bool]


def why_unreadable(mail: ParsedMessage) -> str:
    """Why nothing can be made of a mail, in words; empty where something can."""
    if TOOK_TOO_LONG in mail.defects:
        return "Reading it took too long: only its headers are known."
    if "no headers" in mail.defects and mail.text.strip():
        return "It has no headers: nobody can say who wrote it, or when."
    if _is_gibberish(mail.text) and not mail.attachments:
        return "Its words can't be made out."
    return ""


def why_likely_machine(mail: ParsedMessage, verdict: Verdict) -> str:
    """Why a machine or a spammer is likely to have sent what is taken for a person's mail, in words; else empty."""
    if _is_marked_spam(mail):
        return "The council's spam filter marked it."
    found = [hint.words for hint in _HINTS if hint.fits(mail, verdict)]
    return f"A machine may have sent it: {', and '.join(found)}." if len(found) >= HINTS else ""


def _is_gibberish(text: str) -> bool:
    """Most of it is no writing: letters that could not be decoded, and signs."""
    letters = sum(map(str.isalnum, text[:20_000]))
    shown = sum(map(len, text[:20_000].split()))
    lost = text.count("\N{REPLACEMENT CHARACTER}", 0, 20_000)
    return shown >= 40 and (lost > shown / 4 or letters < shown / 4)


def _is_marked_spam(mail: ParsedMessage) -> bool:
    """By SpamAssassin or rspamd, or by Exchange, whose level is 5 and more then. Whoever writes that themselves harms
    nobody else."""
    says = (mail.header("x-spam-flag"), mail.header("x-spam-status"))
    level = mail.header("x-ms-exchange-organization-scl").strip()
    return any(value.strip().lower().startswith("yes") for value in says) or level in {"5", "6", "7", "8", "9"}


def _takes_no_answer(mail: ParsedMessage, _: Verdict) -> bool:
    return bool(_NO_ANSWER.fullmatch(mail.sender.email.rpartition("@")[0]))


def _says_that_somebody_is_away(mail: ParsedMessage, _: Verdict) -> bool:
    return len(mail.new_text) < _SHORT and bool(_AWAY.search(mail.new_text[:_BEGINNING]))


def _says_when_somebody_is_back(mail: ParsedMessage, verdict: Verdict) -> bool:
    return _says_that_somebody_is_away(mail, verdict) and bool(_BACK.search(mail.new_text))


def _thanks_for_writing(mail: ParsedMessage, _: Verdict) -> bool:
    return bool(_THANKS.search(mail.new_text[:_BEGINNING]))


def _promises_an_answer(mail: ParsedMessage, verdict: Verdict) -> bool:
    return _thanks_for_writing(mail, verdict) and bool(_PROMISES.search(mail.new_text[:_END]))


_HINTS = (
    _Hint("its address looks like one that nobody reads", _takes_no_answer),
    _Hint("it says so itself", lambda mail, _: bool(_SAYS_SO.search(mail.new_text))),
    _Hint("it says that somebody is away", _says_that_somebody_is_away),
    _Hint("it says when they are back", _says_when_somebody_is_back),
    _Hint("it thanks for writing", _thanks_for_writing),
    _Hint("it promises an answer", _promises_an_answer),
    _Hint("it offers to unsubscribe", lambda mail, _: bool(_UNSUBSCRIBE.search(mail.text[-_END:]))),
    _Hint("its subject is of the kind", lambda mail, _: bool(_SUBJECT.search(mail.subject))),
    _Hint("its return path is empty", lambda _, verdict: verdict.why_not == "its return path is empty"),
)
