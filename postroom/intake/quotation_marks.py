"""How mail programs introduce what they quote, in the languages that a council's residents write in. Patterns here are
for one line, or a few joined ones, of bounded length."""

import re

FORWARD_SUBJECT = re.compile(r"\s*(?:fwd?|forwarded|wg|tr|doorst|rv|enc|pd|vl|ymlaen|i)\s*:", re.IGNORECASE)
FORWARD_MARK = re.compile(
    r"[-_ ]*(?:begin forwarded message|forwarded message|forwarded mail|original message forwarded"
    r"|forwarded by\b.{0,200}|weitergeleitete nachricht|message transféré|mensaje reenviado|messaggio inoltrato"
    r"|mensagem encaminhada|doorgestuurd bericht|przekazana wiadomość|neges wedi'i hanfon ymlaen"
    r"|anfangen der weitergeleiteten (?:nachricht|e-mail)|début du message (?:transféré|réexpédié))[-_: ]*",
    re.IGNORECASE,
)
"""A forward is known by this line; it stands alone."""

_VERBS = (
    "wrote|writes|writes thus|said|schrieb|schreibt|geschreven|menulis|a écrit|écrivait|escribió|ha escrito|escreveu"
    "|ha scritto|scrive|schreef"
    "|ysgrifennodd|napisał|napisała|napisał\\(a\\)|pisze|skrev|skrifaði|kirjoitti|a scris|napsal"
    "|napsala|napísal|írta|yazdı"
    "|написал|написала|пишет|пише|написа|έγραψε|kirjutas|rakstīja|rašė|piše|napisao|schrieb am|写道"
    "|寫道|のメッセージ|작성|viết"
)
INTRODUCTION = re.compile(
    rf"(?=.*(?<!\w)(?:{_VERBS})\b).{{1,400}}[:：]\s*|.{{1,400}}(?:写道|寫道)[:：]\s*", re.IGNORECASE
)
"""Somebody wrote; the line ends with a colon."""
VERB_AT_THE_END = re.compile(rf"(?<!\w)(?:{_VERBS})(?!\w)[^,.:：]{{0,25}}[:：]\s*$", re.IGNORECASE)
"""Without a date the verb is what the line is about: "the said page, for example thus:" are somebody's words."""
QUOTING = re.compile(r"(?:quoting|zitat von|citando a|in (?:a )?message|in reply to)\s.{1,200}[:：]\s*", re.IGNORECASE)
BARE_INTRODUCTION = re.compile(
    r".{0,200}<[^<>\s]{1,100}@[^<>\s]{1,200}>\s*(?:\([^()]{1,60}\))?(?:님이 작성|sent)?[:：]\s*"
)
"""A date, a name and an address with a colon, as Gmail writes in Japanese or Russian."""
STAMPED = re.compile(
    r"\s*\d{4}[-/.]\d{1,2}[-/.]\d{1,2},? "
    r"(?:\d{1,2}:\d\d\b.{0,200}[:：]|.{0,200}<[^<>\s]{1,100}@[^<>\s]{1,200}>:?)\s*"
)
"""A line that begins with a date in numbers, as Gmail wrote once."""
RULED_INTRODUCTION = re.compile(
    r"[-‐_=]{2,}+\s*+(?:[^@]{0,200}@.{0,200}|on [^\d]{0,100}\d.{0,200}|.{1,60})?\bwrote:?\s*[-‐_=]{2,}"
    r"|>>> [^\d]{1,200}\b\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}\b.{0,12}\d\d(?:\s?[ap]m)?\s?>>>",
    re.IGNORECASE,
)
"""Somebody wrote, between dashes (Zoho, Samsung, Domino) or arrows (GroupWise): all below is older."""

ADDRESS = re.compile(r"[^\s<>@]{1,100}@[^\s<>@]{1,200}")
DIGITS_OF_A_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{1,2}:\d\d\b")
_TIME_AND_COMMA = r"\b\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\s?[ap]\.?m\.?)?(?:\s(?:uhr|[a-z]{2,5}))?(?:\s[+-]\d{4})?,?\s"
WRITTEN_BY_A_PROGRAM = re.compile(
    rf"(?:on|am|le|el|op|il(?: giorno)?|em|den|dne|ar)\b.{{4,60}}\b\d{{1,4}}\b.{{0,30}}{_TIME_AND_COMMA}.{{1,200}}",
    re.IGNORECASE,
)
"""A day, a time and a name, as no person writes them in a sentence."""

FROM_FIELD = re.compile(
    r"[* ]{0,3}(?:from|von|de|da|van|oddi wrth|od|från|fra|lähettäjä|от|от кого|feladó|gönderen"
    r"|de la|发件人|寄件者|差出人|보낸 사람)"
    r"\s?[*]{0,2}\s?[:：]",
    re.IGNORECASE,
)
DATE_FIELD = re.compile(
    r"[* ]{0,3}(?:sent|date|gesendet|datum|envoyé|envoyé le|enviado|enviado el|enviada em|fecha"
    r"|data|inviato|verzonden"
    r"|anfonwyd|dyddiad|wysłano|wysłane|skickat|sendt|dato|lähetetty|отправлено|дата|elküldve"
    r"|gönderildi|trimis|odesláno"
    r"|dátum|发送时间|寄件日期|送信日時|보낸 날짜)\s?[*]{0,2}\s?[:：]",
    re.IGNORECASE,
)
OTHER_FIELD = re.compile(
    r"[* ]{0,3}(?:to|subject|cc|an|betreff|à|objet|para|asunto|assunto|a|oggetto|aan|onderwerp|at"
    r"|pwnc|do|temat|predmet|till|ämne"
    r"|til|emne|vastaanottaja|aihe|кому|тема|címzett|tárgy|kime|konu|către|subiect|komu|předmět|收件人"
    r"|主题|宛先|件名|받는 사람|제목"
    r"|reply-to|importance|organization|attachments)\s?[*]{0,2}\s?[:：]",
    re.IGNORECASE,
)
DIVIDER = re.compile(
    r"[-‐_=* ]{0,40}(?:original message|ursprüngliche nachricht|message d['’]origine|message original|mensaje original"
    r"|messaggio originale|mensagem original|oorspronkelijk bericht|wiadomość oryginalna|oryginalna wiadomość"
    r"|neges wreiddiol|ursprungligt meddelande|oprindelig meddelelse|original appointment"
    r"|reply message)?[-‐_=* ]{3,80}",
    re.IGNORECASE,
)
ORIGINAL_MESSAGE = re.compile(
    r"[-‐_=*]{3,40}\s{0,3}(?:original message|reply message|ursprüngliche nachricht|message d['’]origine"
    r"|message original|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht"
    r"|wiadomość oryginalna"
    r"|oryginalna wiadomość|neges wreiddiol|ursprungligt meddelande|oprindelig meddelelse"
    r"|pôvodná správa"
    r"|původní zpráva|eredeti üzenet|исходное сообщение|原始邮件|原始郵件|original)\s{0,3}[-‐_=*]{3,40}",
    re.IGNORECASE,
)
"""The words of a program between dashes; without a head below they do as well."""
"""The line above the head of the older mail: words between dashes, or a rule."""
SMALL_HEAD = re.compile(r"from:? .{1,200}\bdate:? .{1,200}\bto:? .{1,300}", re.IGNORECASE)
"""A head on one line, as telephones write it."""

POINTS_BELOW = re.compile(
    r"\b(?:(?:see|find|read|my|our|with|put|added|wrote|written|made|replied|reply|answered"
    r"|answers?|comments?|repl(?:y|ies)"
    r"|responses?|notes?|points?)\b[^.!?\n]{0,60}\b(?:below|beneath|underneath|in ?line|inline|in-line|interspersed"
    r"|in (?:red|blue|green|bold|capitals|italics|caps|between|the text|your (?:e-?mail|message|text)))"
    r"|inline (?:answers|comments|replies)|(?:siehe|s\.) unten|voir (?:ci-dessous|plus bas)"
    r"|ver abajo|vedi sotto|zie hieronder"
    r"|gweler isod)\b",
    re.IGNORECASE,
)
"""The writer says that there are own words further down, within what is quoted."""

SENT_FROM = re.compile(
    r"(?!sent by (?:the |my )?(?:e-?mail|mail\b|phone|mobile|three\b|device))[<(\[]{0,2}"
    r"(?:(?:sent )?from my (?:i(?:phone|pad|pod)|galaxy|samsung|android|mobile|phone|cell)"
    r"|(?:please )?excuse .{1,30}, sent from my .{1,20}|sent on the (?:move|go)"
    r"|sent (?:from|via|using|with|by) (?:my |the |an? )?(?:all-new )?\[?(?:outlook|airmail|sparrow|mailbox|alcatel"
    r"|mymail|nine\b|blue ?mail|typeapp|zoho|workspace one|boxer|edison|canary|aqua ?mail|k-9|newton|spike"
    r"|iphone|ipad|ipod|apple|samsung|galaxy|huawei|xiaomi|pixel|android|mobile|phone|blackberry|windows|nokia|htc|sony"
    r"|xperia|oneplus|motorola|mail\b|yahoo|aol|bt|sky|virgin|gmail|proton|fairphone|tablet|handset|smartphone|talktalk"
    r"|tesco|ee\b|o2\b|three|vodafone|mailbird|spark|btinternet|hotmail|surface|ios|device|wireless|cell|t-mobile"
    r"|email\.)|get \[?outlook|download outlook for"
    r"|diese nachricht wurde von .{1,80} gesendet|von meinem .{1,40} gesendet|gesendet (?:von|mit|aus) .{1,60}"
    r"|envoyé (?:de|depuis|à partir de) .{1,60}|enviado (?:desde|do|del|de) .{1,60}|inviato da .{1,60}"
    r"|verzonden (?:vanaf|met|via) .{1,60}|verstuurd vanaf .{1,40}|skickat från min .{1,40}|sendt fra min .{1,40}"
    r"|lähetetty .{1,40}sta|wysłan[eo] z .{1,60}|odesláno z .{1,30}|anfonwyd o(?:'m|m| fy) .{1,60}"
    r"|отправлено с .{1,60}|iphone'umdan gönderildi|trimis de pe .{1,40}"
    r"|iphoneから送信|從我的 .{1,30} 傳送|发自我的.{1,30})",
    re.IGNORECASE,
)
SENT_FROM_CHARACTERS = 120
OPENING = re.compile(
    r"\s*(?:on|am|le|el|op|il|em|den|dne|ar|at|w dniu|în|on:|a|em|pada|dana|den|lördag|(?:mo|di|mi"
    r"|do|fr|sa|so|lun|mar|mer|jeu|ven|sam"
    r"|dim|mié|jue|vie|sáb|dom|seg|ter|qua|qui|sex|wo|ma|vr|za|zo|pon|wt|śr|czw|pt|sob|niedz|man"
    r"|tir|ons|tor|fre|lør|søn)\w*\.?,?)\s"
    r".{0,300}\d"
    r"|\s*\d{1,4}[./-]\d{1,2}[./-]\d{2,4},? .{0,10}\d",
    re.IGNORECASE,
)
"""The first line of an introduction that goes over several."""
