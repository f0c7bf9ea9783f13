import pytest

from skglove.text.characters import CharacterTokenizer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我爱猫", "我 我爱 爱 爱猫 猫"),
        ("我 爱\u3000猫", "我 爱 猫"),
        ("猫。", "猫 猫。 。"),
        ("Ab", "a ab b"),
        ("我\u200b爱", "我 爱"),
        ("我\ufe0f爱", "我 我爱 爱"),
        ("แมว", "แ แม ม มว ว"),
        ("", ""),
        (" \n", ""),
    ],
)
def test_words(text, words):
    assert CharacterTokenizer().words(text) == words.split()


def test_spans_of_pairs_overlap():
    assert CharacterTokenizer().words_and_spans("我爱 猫") == (
        ["我", "我爱", "爱", "猫"],
        [(0, 1), (0, 2), (1, 2), (3, 4)],
    )
