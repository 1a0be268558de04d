"""How mail systems say in words that a mail was not delivered, or not yet. Pure, and bounded by what is looked at.

Reports for programs (RFC 3464) came late, and many mail systems still write to people only. A person may use any of
these words: so each is a phrase of a program's, and `machine_mail.py` asks for more than one of them.
"""

import re

_LOOKED_AT = 3_000
_ADDRESS = r"[<\"'(\[]{0,2}(?:smtp:|rfc822;)?\s{0,3}[^\s<>@\"]{1,100}@[^\s<>@\"]{2,200}"
_ANY_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@.]{1,64}\.")


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


_SUBJECT = _any_of(
    r"undeliverable(?:\s*$|:| (?:mail|message|e-?mail)\b)",
    r"undelivered (?:mail|message)",
    r"message status - undeliverable",
    r"(?:nondeliverable|non-?deliver(?:able|y))(?:\s*$|:| (?:mail|message|report|notification)\b)",
    r"(?:e-?mail |mail |message )?delivery (?:has )?(?:failed|failure|problem|warning|error|delay(?:ed)?)"
    r"(?:\s*$|:| \(|,| notification\b)",
    r"delivery (?:status )?notification\b",
    r"delivery report\b",
    r"failure (?:notice|delivery)\s*$",
    r"returned (?:mail|to sender)\b",
    r"permanent delivery failure",
    r"failed mail\b",
    r"mail (?:delivery (?:failed|failure|subsystem|problem|report|status)|could not be delivered|not delivered)",
    r"mail (?:undeliverable|returned|failed, returning|system error|error\s*$)",
    r"message (?:undeliverable|could not be delivered|not delivered|delivery failure)",
    r"could not deliver",
    r"(?:automatically )?rejected mail\b",
    r"processing error\s*$",
    r"warning: (?:message .{1,60} delayed|message has not yet been delivered|could not send message)",
    r"delayed mail\b",
    r"your message to .{1,200} could not be delivered",
    r"non remis\b|non distribu|unzustellbar|nicht zustellbar|onbestelbaar|impossibile recapitare|mancato recapito",
    r"no se (?:pudo|puede) entregar|no entregado|não entregue|недоставлен|не доставлено|ваше сообщение не доставлено",
    r"邮件传输失败|系统退信|退信",
    r".{1,300}: (?:non remis|unzustellbar|undeliverable)\s*(?:\(.{1,40}\)\s*)?$",
)
_FAILED = _any_of(
    r"was(?:n't| not) able to deliver the following message|attempting to deliver a message for the following",
    r"this is a permanent error",
    r"(?:mail|message)(?: to \S{1,200})? was undeliverable",
    rf"was(?:n't|n’t| not) delivered to:? {_ADDRESS}",
    rf"(?:your )?message to {_ADDRESS}[>\"')]{{0,2}} (?:couldn't|couldn’t|could not|can't|cannot) be delivered",
    r"created automatically by (?:the )?(?:mail|smtp) delivery (?:software|system)",
    r"this is the (?:qmail-send|mail delivery|mail transport|mail system|postfix)(?: program| agent| system)? at",
    r"an error was detected while processing the enclosed message",
    r"message from interscan",
    r"message has encountered delivery problems",
    r"automatically generated delivery status notification\W.{0,80}?failed",
    r"no valid recipients were found for this message",
    r"following mail could not be delivered",
    r"message could not be delivered to (?:some|one or more)",
    r"(?:could not be delivered|could not deliver|unable to deliver|not be delivered)[^.\n]{0,60}?"
    r" to (?:one or more|(?:all|any|some) (?:of )?(?:its |the )?recipients?|the following)",
    r"delivery to the following (?:recipients?|address(?:es)?)(?:\(s\))?:? (?:has )?failed",
    r"did not reach the following recipient",
    r"following recipient(?:\(s\)|s)? (?:could|cannot|can not|was|were) not? ?be reached",
    r"following address(?:es|\(es\))? (?:had|have|has) (?:\w+ ){0,3}(?:errors?|failed)",
    r"failed (?:recipients?|addresses)(?: follow)?[ \t]{0,3}[:\-]",
    r"invalid final delivery userid",
    r"user mailbox exceeds allowed size:",
    r"rcpt to generated following response",
    r"error-for:\s{0,5}\S{1,100}@",
    r"delivery failed \d{1,3} attempts:",
    rf"unknown user: {_ADDRESS}",
    _ADDRESS
    + r"[\"'>)\]]{0,2}[ \t]{0,3}(?:\.\.\.|-|:)?[ \t]{0,3}(?:unknown host|user unknown|no such user|unknown user)",
    r"(?:could not be (?:delivered|sent) to|unable to deliver (?:your |the )?(?:message|mail) to|was not delivered to"
    r"|failed to deliver (?:your |the )?(?:message|mail) to)"
    rf"\s{{0,3}}:?\s{{1,5}}(?:the following recipients?:?\s{{1,5}}|user\s|<mailto:)?{_ADDRESS}",
    rf"(?:mail|message) to {_ADDRESS}[^\n]{{0,20}} (?:was|has been) (?:automatically )?(?:rejected|returned|refused)",
    rf"sent mail to {_ADDRESS}[\s\S]{{0,40}}not a valid user",
    r"n['’]a pas pu [eê]tre (?:d[ée]livr[ée]|remis|distribu[ée])\w{0,2} [àa]\s{1,5}" + _ADDRESS,
    r"(?:konnte|kann) (?:leider )?(?:nicht|an [^.\n]{0,80} nicht) (?:zugestellt|ausgeliefert) werden",
    r"no (?:se )?(?:ha podido|pudo|puede) (?:ser )?entrega(?:r|do)(?:se)?\b",
    r"impossibile (?:recapitare|consegnare)",
    r"kon(?:den)? niet (?:worden )?(?:bezorgd|afgeleverd|besteld)",
    r"письмо не может быть доставлено",
    r"送信できませんでした|配信できません|配送できません|宛先不明|배달하지 못",
    r"无法发送到指定的地址|无法投递",
)
"""Phrases that tell of a failure, most of them with the address that failed or with the list that follows."""
_DELAYED = _any_of(
    r"\bhas (?:been|not yet been) (?:delayed|delivered because|postponed)",
    r"\bhas not (?:yet )?been delivered(?: yet)?\b",
    r"\bdelivery (?:has been )?delayed\b",
    r"\bstill (?:being )?(?:retried|tried|trying)",
    r"\bwill (?:be retried|continue to (?:try|attempt|be made))",
    r"\bdelivery attempts will continue",
    r"\bjust a warning\b",
    r"\bmessage .{1,60} delayed\b|\bdelayed mail\b",
    r"\bnotification \(delay(?:ed)?\)",
)
_FULL = _any_of(
    r"\b(?:over|exceed(?:s|ed)?) (?:(?:its|the|his|her|their|your) )?(?:(?:disk|mail(?:box)?|storage) )?"
    r"(?:quota|allowed size)",
    r"\bquota (?:is )?(?:exceeded|full)",
    r"\b(?:mail|in)box (?:is |was )?full",
    r"\bfull mailbox|\bmailbox for .{1,100} is full",
    r"\binsufficient (?:disk|system) (?:space|storage)",
)


def subject_says_undelivered(subject: str) -> bool:
    """Whether `subject` begins as those of notices by mail systems do."""
    return _SUBJECT.match(subject.removeprefix("[Postmaster] ")) is not None


def text_says_undelivered(text: str) -> bool:
    """Whether the beginning of `text` is that of a notice: for good, or for the time being."""
    return says_failed(text) or says_delayed(text)


def names_an_address(text: str) -> bool:
    """Whether the beginning of `text` has an address, as notices have and people's letters seldom."""
    return _ANY_ADDRESS.search(text[:_LOOKED_AT]) is not None


def says_failed(text: str) -> bool:
    """Whether `text` tells that a mail did not arrive."""
    return _FAILED.search(_on_one_line(text)) is not None


def says_delayed(text: str) -> bool:
    """Whether `text` tells that a mail is still on its way."""
    return _DELAYED.search(_on_one_line(text)) is not None


def says_full(text: str) -> bool:
    """Whether the mailbox has no room: a cause that passes."""
    return _FULL.search(_on_one_line(text)) is not None


def _on_one_line(text: str) -> str:
    """The phrases go over lines."""
    return " ".join(text[:_LOOKED_AT].split())
