from concurrent.futures import ThreadPoolExecutor

import pytest
import spacy
from hypothesis import example, given
from hypothesis import strategies as st

from postroom.models.settings import Settings
from postroom.triage.features import (
    ADDRESS,
    LONGEST,
    LONGEST_WORD,
    NAME,
    NUMBER,
    PLACE,
    TOGETHER,
    Reader,
    Reading,
    _english,
    lower_case_words,
    text_of,
)
from postroom.triage.signals import PATTERNS, meaning, wordings
from postroom.triage.suggesting import Text

PLAIN = spacy.blank("en")
ORDINARY = "the pothole outside was reported to him by my name is and please ring me on about road team from".split()


@pytest.fixture(scope="session")
def reader(council: Settings) -> Reader:
    return Reader(council, ORDINARY)


def _signals(reading: Reading) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for signal in reading.signals:
        found.setdefault(signal.name, []).append(signal.text)
    return found


@pytest.mark.parametrize(
    ("sentence", "name", "text"),
    [
        ("I reported the lamp three weeks ago.", "earlier_contact", "reported the lamp three weeks ago"),
        ("We told you about it in March.", "earlier_contact", "told you about it in March"),
        ("On the 4th I rang your office.", "earlier_contact", "the 4th I rang"),
        ("i've emailed u already", "earlier_contact", "i've emailed"),
        ("I have left three messages.", "earlier_contact", "left three messages"),
        ("My letter of June was polite.", "earlier_contact", "My letter of"),
        ("This is the third time.", "repeated", "third time"),
        ("I am still waiting.", "repeated", "still waiting"),
        ("Nobody has come.", "no_answer", "Nobody has come"),
        ("The lamp is out despite the recent repair.", "badly_done", "despite the recent repair"),
        ("It was supposed to be repaired.", "badly_done", "supposed to be repaired"),
        ("It is still not working.", "badly_done", "still not working"),
        ("They filled it twice.", "badly_done", "filled it twice"),
        ("The drain is blocked again.", "badly_done", "blocked again"),
        ("We have heard nothing.", "no_answer", "heard nothing"),
        ("The report was closed and marked as resolved.", "no_answer", "closed and marked as resolved"),
        ("I was promised a visit.", "promise", "was promised"),
        ("They said it would be done.", "promise", "said it would"),
        ("No rush, I know you said twenty days.", "within_time", "No rush"),
        ("I haven't told anyone.", "first_report", "n't told"),
        ("I just noticed it.", "first_report", "just noticed"),
        ("Could you look at the decision again?", "reconsider", "look at the decision again"),
        ("Many thanks for that.", "thanks", "Many thanks"),
        ("Your man was brilliant.", "praise", "brilliant"),
        ("He carried it in without being asked.", "outcome", "without being asked"),
        ("She went through it line by line.", "outcome", "line by line"),
        ("When does the tip open", "question", "When does"),
        ("Please send somebody.", "request", "Please"),
        ("Just an observation from me.", "opinion", "Just an observation"),
        ("I write for my constituent.", "member", "constituent"),
        ("She has bruises on both arms.", "risk", "bruises"),
        ("He has nowhere to sleep.", "risk", "nowhere to sleep"),
        ("I need help right now.", "urgent", "right now"),
        ("I have wrote notes.", "farewell", "wrote notes"),
        ("There is no point in carrying on.", "farewell", "no point in carrying on"),
        ("He hit her again.", "violence", "hit her"),
        ("She has not eaten since Sunday.", "unmet", "not eaten"),
        ("The bank has washed away.", "hazard", "washed away"),
        ("He ran off an hour ago.", "missing_person", "ran off"),
        ("Nobody was hurt.", "safe_again", "Nobody was hurt"),
        ("I read it in the paper.", "hearsay", "in the paper"),
        ("We met on the 14th.", "dates", "14th"),
        ("Two potholes by the shop.", "topic:roads", "potholes"),
        ("My blue badge ran out.", "topic:badges", "blue badge"),
        ("I live in Hillmorton.", "area:rugby", "Hillmorton"),
        ("Near Leamington Spa station.", "area:warwick", "Leamington Spa"),
    ],
)
def test_a_sentence_shows_its_signal(reader: Reader, sentence: str, name: str, text: str) -> None:
    assert text in _signals(reader.read(Text(body=sentence))).get(name, [])


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("There is a pothole on Mill Lane and it is an utter disgrace.", "earlier_contact"),
        ("This is unacceptable and I want to complain in the strongest terms.", "no_answer"),
        ("I told my wife. Ago is a word.", "earlier_contact"),
        ("The crash was on Coventry Road, not in Rugby Road.", "area:rugby"),
        ("I have not reported this to anybody before.", "earlier_contact"),
        ("The lamp is not working.", "badly_done"),
    ],
)
def test_a_sentence_does_not_show_what_it_does_not_say(reader: Reader, sentence: str, name: str) -> None:
    assert name not in _signals(reader.read(Text(body=sentence)))


def test_signals_stand_where_they_say(reader: Reader) -> None:
    reading = reader.read(Text(subject="Lamp", body="I reported it in March.\n\nNobody has come. Please help, Hatton."))
    inside = [signal for signal in reading.signals if signal.end]
    assert len(inside) > 3
    assert all(reading.text[signal.start : signal.end] == signal.text for signal in inside)


@pytest.mark.parametrize(
    "message",
    [
        Text(from_name="Cllr Ann Other", body="Is there a grit bin?"),
        Text(from_name="Office of Ann Other MP", body="Is there a grit bin?"),
        Text(from_email="casework@other.parliament.example", body="Is there a grit bin?"),
    ],
)
def test_a_member_is_known_by_the_sender(reader: Reader, message: Text) -> None:
    assert "member" in _signals(reader.read(message))


def test_the_address_for_compliments_and_the_chat_are_signals(reader: Reader, council: Settings) -> None:
    message = Text(channel="chat", to=f"Council <{council.council.addresses.compliments}>", body="hello")
    assert {"compliments_address", "chat"} <= set(_signals(reader.read(message)))


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("my name is Femi", f"my name is {NAME}"),
        ("reported to Mr Road", f"reported to {NAME} {NAME}"),
        ("Femi reported the pothole", f"{NAME} reported the pothole"),
        ("ring me on 07700 900123", f"ring me on {ADDRESS} {ADDRESS}"),
        ("ring me on (01926) 555 0123", f"ring me on {ADDRESS} {ADDRESS} {ADDRESS}"),
        ("reported by ann.other@post.example", f"reported by {ADDRESS}"),
        ("outside CV32 5XX", f"outside {ADDRESS} {ADDRESS}"),
        ("the team from Rugby", f"the team from {PLACE}"),
        ("The team is MASH", "the team is mash"),
        ("reported 12 to him", f"reported {NUMBER} to him"),
    ],
)
def test_what_tells_who_somebody_is_is_masked(reader: Reader, sentence: str, expected: str) -> None:
    assert " ".join(reader.read(Text(body=sentence)).forms) == expected


def test_the_writers_own_name_is_masked_in_lower_case_too(reader: Reader) -> None:
    reading = reader.read(Text(from_name="Tasha Obi", body="my name is tasha"))
    assert reading.forms[-1] == NAME


def test_many_are_read_as_each_alone(reader: Reader) -> None:
    messages = [Text(body=f"Number {n} rang in March, {'nobody ' * n}came. Mr Obi?") for n in range(200)]
    assert reader.read_many(messages) == [reader.read(message) for message in messages]


def test_a_run_of_letters_is_cut_as_it_was_after_many_others(reader: Reader) -> None:
    message = Text(body="Mum's bus-stop (gone!) can't be right...\n\nTel:x/y")
    before = reader.read(message)
    reader.read_many([Text(body=" ".join(f"w{n}x{i}" for i in range(1000))) for n in range(TOGETHER // 1000 + 1)])
    assert reader.read(message) == before


@given(st.text(max_size=300))
@example("I cannot, dont and wont; Im gonna ask. E.g. a cafe, café  naïve")
@example(" two  spaces \n\na\tb \u3000 c ")
def test_tokens_are_those_of_spacy(text: str) -> None:
    text = text_of("", text)
    found, _ = _english().tokens(text)
    assert list(zip(found.starts, found.ends, strict=True)) == [
        (token.idx, token.idx + len(token)) for token in PLAIN.make_doc(text)
    ]


def test_of_signals_that_overlap_the_longer_one_counts(reader: Reader) -> None:
    found = _signals(
        reader.read(Text(body="I told you about the lamp in March and you said it would be mended in June."))
    )
    assert found["earlier_contact"] == ["told you about the lamp in March"]


def test_ordinary_words_are_those_that_somebody_writes_in_lower_case() -> None:
    words = lower_case_words([Text(subject="Blue Badge", body="Kelly has no badge"), Text(body="a blue one")])
    assert words == {"has", "no", "badge", "a", "blue", "one"}


def test_of_a_huge_text_the_beginning_and_the_end_are_read() -> None:
    text = text_of("Subject", "first " + "x " * 1_000_000 + " last")
    assert len(text) <= LONGEST
    assert text.startswith("Subject\n\nfirst")
    assert text.endswith("last")


def test_what_has_no_spaces_is_cut_into_pieces() -> None:
    assert max(map(len, text_of("", "?!(" * 20_000).split())) <= LONGEST_WORD


@given(st.text(max_size=300), st.text(max_size=50))
def test_no_text_can_break_the_reader(reader: Reader, body: str, name: str) -> None:
    reading = reader.read(Text(from_name=name, subject=name, body=body))
    assert all(0 <= start < end <= len(reading.text) for start, end in zip(reading.starts, reading.ends, strict=True))


def test_readers_in_several_threads_read_the_same(reader: Reader) -> None:
    message = Text(body="I reported it in March. Nobody has come. " * 20)
    with ThreadPoolExecutor(4) as pool:
        readings = list(pool.map(reader.read, [message] * 40))
    assert set(map(repr, readings)) == {repr(reader.read(message))}


def test_each_signal_says_in_words_what_it_means() -> None:
    assert set(PATTERNS) <= set(wordings())
    assert all(meaning(name) for name in [*wordings(), "area:rugby"])
    assert all("_" not in wording.means for wording in wordings().values())
