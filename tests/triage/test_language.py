import pytest

from postroom.triage.corpus import seed
from postroom.triage.language import may_be_english

OTHERS = [
    "Dzień dobry, proszę o naprawę lampy przed moim domem, nie świeci od tygodnia",
    "Buna ziua, as vrea sa stiu cand se deschide biblioteca din oras",
    "Bonjour, je voudrais savoir quand la bibliothèque ouvre le dimanche, merci",
    "Guten Tag, die Straßenlampe vor meinem Haus ist kaputt, bitte reparieren Sie sie",
    "Hola, quiero saber cómo puedo pedir una plaza en la escuela para mi hijo",
    "Helo, hoffwn wybod pryd mae'r llyfrgell ar agor os gwelwch yn dda, diolch yn fawr",
    "Dzień dobry, dziura przy Mill Road naprzeciwko szkoły, proszę naprawić jak najszybciej",
    "Merhaba, sokağımızdaki lamba bir haftadır yanmıyor lütfen en kısa zamanda tamir edin",
    "ਸਤ ਸ੍ਰੀ ਅਕਾਲ ਮੇਰੀ ਗਲੀ ਦੀ ਬੱਤੀ ਬੰਦ ਹੈ",
    "السلام عليكم اريد ان اعرف متى تفتح المكتبة",
    "街灯坏了，请修理",
    "Здравствуйте, когда открыта библиотека?",
]


@pytest.mark.parametrize("text", OTHERS)
def test_another_language_is_told(text: str) -> None:
    assert not may_be_english(text)


@pytest.mark.parametrize(
    "text",
    ["", "ok", "?!", "你", "manhole cover gone outside co op bilton, big drop", "asdf", "no 12 14/3 £40 07700 900123"],
)
def test_too_little_is_taken_for_english(text: str) -> None:
    assert may_be_english(text)


def test_notes_with_hardly_a_small_word_are_english() -> None:
    assert may_be_english("Reported lamp 4 Saxon Close Sunday, fixed Tuesday, card through door. Thanks")
    assert may_be_english(
        "Thorn Way no. 11. Thorn Way no. 30. Junction Thorn Way/Elder Close. Elder Close turning head."
    )


def test_all_of_the_seed_corpus_is_english() -> None:
    assert [example.id for example in seed() if not may_be_english(example.text.body)] == []
