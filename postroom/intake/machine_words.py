"""The words in which autoresponders, receipts, calendars and filters speak, in the languages of this country and of
those who write to it. Pure. A second line behind the headers, so all of it is anchored: "Your Out of Office hours are
wrong" is a person."""

import re

_COLON = r"\s*[:\uff1a]"


def _any_of(*forms: str) -> re.Pattern[str]:
    return re.compile("|".join(forms), re.IGNORECASE)


_BEFORE_A_SUBJECT = (
    r"(?:auto(?:matic|mated)?[- ]?(?:reply|response|answer)|out of (?:the )?office(?: auto ?reply| reply)?"
    r"|absence notification|vacation (?:message|reply|response)|ateb awtomatig|allan o['’]r swyddfa"
    r"|automatische (?:antwort|abwesenheitsnotiz)|abwesenheits(?:notiz|nachricht)|abwesend"
    r"|r[ée]ponse automatique|absence du bureau|(?:message|notification) d['’]absence"
    r"|respuesta autom[áa]tica|fuera de la oficina|risposta automatica|fuori (?:sede|ufficio)"
    r"|resposta autom[áa]tica|ausência temporária|automatisch antwoord|afwezigheids(?:bericht|melding)"
    r"|automatisch (?:antwoord|afwezigheidsbericht)"
    r"|odpowied[źz] automatyczna|automatyczna odpowied[źz]|autoodpowied[źz]"
    r"|automatick[áa] odpov[ěe][dď]|automatikus válasz|răspuns automat|raspuns automat|automatski odgovor"
    r"|autosvar|automatisk[t]? svar|frånvaro|fravær|automaattinen vastaus|poissaoloilmoitus|automaatvastus"
    r"|automātiskā atbilde|automatinis atsakymas|otomatik yanıt|αυτόματη απάντηση"
    r"|автоматический ответ|автоматична відповідь|автоматичен отговор|автоответ"
    r"|自动(?:回复|答复)|自動(?:回覆|応答|返信)|자동 회신|رد تلقائي|תשובה אוטומטית)"
)
_AUTOMATIC_ANSWER = _any_of(
    rf"\s*\[(?:auto[- ]?reply|auto[- ]?generated|{_BEFORE_A_SUBJECT})\]",
    rf"\s*{_BEFORE_A_SUBJECT}{_COLON}",
    r"\s*(?:out of office(?: auto ?reply| reply)?|auto(?:matic)?[- ]?reply|abwesenheitsnotiz|réponse automatique)"
    r"\s*[.!]?\s*\Z",
    r"\s*(?:re|aw)\s*:\s.{0,300}[(\[]auto(?:matic|mated)?[- ]?(?:reply|response)[)\]]\s*\Z",
)
"""What Exchange and its like put before the subject that they answer, or behind it."""
_DOMINO_AWAY = re.compile(r"\s*AUTO: .{1,200} is out of (?:the )?office\.? \(", re.DOTALL)
_DOMINO_TEXT = re.compile(
    r"\s*I will be out of the office starting\s+\d\S* and will not return until\s+\d", re.IGNORECASE
)
_READ = _any_of(
    r"\s*(?:not )?read:|\s*read[- ]receipt|\s*return receipt(?: \((?:displayed|deleted)\))?",
    r"\s*(?:darllenwyd|heb ei ddarllen|gelesen|nicht gelesen|ungelesen gelöscht|(?:non )?lu|(?:no )?le[íi]do"
    r"|(?:non )?letto"
    rf"|(?:niet )?gelezen|(?:não )?lida|läst|læst|lest|luettu|przeczytano|přečteno|olvasva|citit|прочитано){_COLON}",
    r"\s*(?:lesebestätigung|confirmation de lecture|conferma di lettura|confirmación de lectura|leesbevestiging)",
    r"\s*(?:empfangsbestätigung|accusé de réception|ricevuta di ritorno|acuse de recibo|ontvangstbevestiging)[ :(]",
)
_READ_TEXT = re.compile(
    r"\s*(?:Your message\s.{0,2000}?\swas (?:read|deleted without being read) on\s"
    r"|This is a (?:Return Receipt|receipt) for the mail (?:that )?you sent to\s)",
    re.IGNORECASE | re.DOTALL,
)
_REPORT = _any_of(
    r"\s*Report domain:\s*\S+\s+Submitter:\s*\S+\s+Report-ID:",
    r"\s*email feedback report for IP \d",
    r"\s*complaint about message from \[?\d",
)
_CALENDAR_ANSWER = _any_of(
    r"\s*(?:accepted|declined|tentative(?:ly accepted)?|new time proposed|derbyniwyd|gwrthodwyd"
    r"|zugesagt|akzeptiert|abgelehnt|vorläufig zugesagt|mit vorbehalt|accepté|refusé|provisoire"
    r"|aceptad[oa]|rechazad[oa]|provisional|accettat[oa]|rifiutat[oa]|geaccepteerd|geweigerd|voorlopig"
    rf"|aceit[oe]|recusado|zaakceptowano|odrzucono){_COLON}",
)
_CHALLENGE = _any_of(
    r"\s*Your email requires verification verify#[\w-]{10,}",
    r"\s*(?:re:\s*)?authorization required to post to\s\S",
)


def is_automatic_answer(subject: str) -> bool:
    """Whether `subject` is that of an autoresponder."""
    return _AUTOMATIC_ANSWER.match(subject) is not None


def is_domino_away(subject: str, text: str) -> bool:
    """Whether Domino's out-of-office agent wrote it."""
    return bool(_DOMINO_AWAY.match(subject)) or bool(_DOMINO_TEXT.match(text[:400]))


def read_subject(subject: str) -> bool:
    """Whether `subject` is that of a read receipt. "Read: my complaint" may be a person all the same."""
    return _READ.match(subject) is not None


def read_text(text: str) -> bool:
    """Whether `text` begins as Outlook's and Thunderbird's receipts do."""
    return _READ_TEXT.match(text[:4_000]) is not None


def is_report_about_mail(subject: str) -> bool:
    """Whether `subject` is that of a report on DMARC (RFC 7489 7.2.1.1), or of a provider's list of complaints."""
    return _REPORT.match(subject) is not None


def is_calendar_answer(subject: str) -> bool:
    """Whether `subject` is what calendars put before that of an invitation which they answer."""
    return _CALENDAR_ANSWER.match(subject) is not None


def is_challenge(subject: str) -> bool:
    """Whether a mail filter asks the sender to prove that a person wrote."""
    return _CHALLENGE.match(subject) is not None
