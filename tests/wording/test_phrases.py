"""The catalogs of phrases, and another language from end to end."""

from __future__ import annotations

import tomllib
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from explainable_recsys.errors import InputError
from explainable_recsys.wording.contributions import contribution_sentences
from explainable_recsys.wording.numbers import date, enumerated, number
from explainable_recsys.wording.phrases import (
    CATALOGS,
    DOMAIN,
    load_language,
    phrase,
    plural,
    speaking,
)
from tests.wording.tables import (
    cited,
    data_of,
    evidence_of,
    explained_by,
    lists_of,
    shown,
    totals_of,
)

ROOT = Path(__file__).parents[2]
KEYWORDS = {"phrase": None, "plural": (2, 3), "later": None}

GERMAN = r"""
msgid ""
msgstr ""
"Plural-Forms: nplurals=2; plural=(n != 1);\n"
"Content-Type: text/plain; charset=utf-8\n"

msgid "Recommended because you rated {cited}"
msgstr "Weil {cited} von dir bewertet wurde, empfehlen wir es"

msgid "{item} ★{rating}"
msgstr "{item} (★{rating})"

msgid "{item} ({share})"
msgstr "zu {share} {item}"

msgid "{number} %"
msgstr "{number} vom Hundert"

msgid "{one} and {two}"
msgstr "{one} und {two}"

msgid "yyyy-MM-dd"
msgstr "d. MMMM yyyy"

msgid "liked by the same person"
msgid_plural "liked by the same {n} people"
msgstr[0] "derselbe mag es"
msgstr[1] "dieselben {n} mögen es"
"""


@pytest.fixture
def german(tmp_path: Path) -> Path:
    """A folder with a catalog in German."""
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / f"{DOMAIN}.po").write_text(GERMAN, encoding="utf-8")
    return tmp_path


STUDIES = (
    *("app/study/pages", "app/study/session", "app/study/views", "app/study/visit"),
    *("app/templates/study_", "app/templates/evidence", "app/evidence", "study/flow"),
    *("wording/contributions", "wording/features", "wording/influence", "wording/labels"),
    *("wording/lime", "wording/neighbours", "wording/numbers", "wording/paths", "wording/rules"),
)
"""How the files begin of which people in a study read what is said."""


def extracted(starts: tuple[str, ...] = ("",)) -> set[str | tuple[str, ...]]:
    """Ids of the phrases in the code, or in some files of it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    mappings = settings["tool"]["babel"]["mappings"]
    found = extract_from_dir(
        ROOT / "src",
        [(mapping["pattern"], mapping["method"]) for mapping in mappings],
        keywords=KEYWORDS,
    )
    begin = tuple(f"explainable_recsys/{start}" for start in starts)
    return {text for file, _, text, _, _ in found if file.startswith(begin)}


def places(text: str) -> list[str]:
    """The {named} places of a phrase."""
    return sorted({name for _, name, _, _ in Formatter().parse(text) if name})


def in_german() -> dict[str | tuple[str, ...], str | tuple[str, ...]]:
    """Phrases and their translations, as far as there are."""
    with (CATALOGS / "de" / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        listed = read_po(file, locale="de")
    return {message.id: message.string for message in listed if message.id and any(message.string)}


def test_all_that_people_in_a_study_read_is_there_in_german() -> None:
    found = extracted(STUDIES)
    assert len(found) > 150
    assert not found - in_german().keys()


def test_translations_have_the_places_of_the_phrases() -> None:
    for text, said in in_german().items():
        if isinstance(text, str):
            assert places(str(said)) == places(text), text
        else:
            assert places(said[-1]) == places(text[-1]), text
            assert set(places(said[0])) <= set(places(text[-1])), text


def test_the_english_catalog_has_every_phrase_and_no_other() -> None:
    with (CATALOGS / "en" / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        listed = {message.id for message in read_po(file) if message.id}
    assert listed == extracted(), "make phrases"


def test_make_gathers_the_same_phrases() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    keywords = [
        name + (f":{','.join(map(str, places))}" if places else "")
        for name, places in KEYWORDS.items()
    ]
    assert f'--keywords "{" ".join(keywords)}"' in makefile


def test_english_says_what_is_written() -> None:
    assert phrase("liked by {who}", who="all") == "liked by all"
    assert phrase("kept for {later}") == "kept for {later}"
    assert phrase("") == ""
    assert plural(1, "{n} rating of {k}", "{n} ratings of {k}", k=2) == "1 rating of 2"
    assert plural(1200, "{n} rating of {k}", "{n} ratings of {k}", k=2) == "1,200 ratings of 2"


def test_another_language(german: Path) -> None:
    one, many = "liked by the same person", "liked by the same {n} people"
    with speaking("de", german):
        assert plural(1, one, many) == "derselbe mag es"
        assert plural(1234, one, many) == "dieselben 1.234 mögen es"
        assert number(-1234.5) == "\u22121.234,500"
        assert number(0.5, "percentage") == "50,0 vom Hundert"
        assert date("2018-09-24") == "24. September 2018"
        assert enumerated(["a", "b", "c"]) == "a, b und c"
        assert phrase("not translated {a}", a=1) == "not translated 1"
    assert number(-1234.5) == "\u22121,234.500"


def test_sentences_in_another_language_have_its_order_of_words(german: Path) -> None:
    data = data_of(ratings=[(1, 1, 4.5), (1, 2, 4.0)])
    evidence = evidence_of([(1, 6, [(1, 0.42), (2, 0.31)])], "item")
    explained = explained_by(evidence, totals=totals_of(evidence, 1.0))
    with speaking("de", german):
        table = contribution_sentences(explained, data, lists_of(data, {(1, 6): 1.0}), cited())
    assert shown(table) == [
        "Weil zu 42 vom Hundert ⟨Aliens⟩ (★4,5), zu 31 vom Hundert ⟨Alien⟩ (★4) von dir "
        "bewertet wurde, empfehlen wir es."
    ]


def test_an_unknown_language(german: Path) -> None:
    with pytest.raises(InputError, match=r"'xx'; accepted: de$"), speaking("xx", german):
        pass


def test_phrases_are_looked_up_per_column_not_per_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred thousand sentences are no hundred thousand look-ups."""
    looked_up: list[str] = []
    known = load_language("en")
    monkeypatch.setattr(known.catalog, "gettext", lambda text: looked_up.append(text) or text)
    data = data_of(ratings=[(user, item, 4.0) for user in range(50) for item in (1, 2)])
    counts = []
    for users in (range(1), range(50)):
        evidence = evidence_of([(user, 6, [(1, 0.5), (2, 0.25)]) for user in users], "item")
        explained = explained_by(evidence, totals=totals_of(evidence, 1.0))
        lists = lists_of(data, {(user, 6): 1.0 for user in users})
        contribution_sentences(explained, data, lists, cited())
        counts.append(len(looked_up))
    assert counts[1] == 2 * counts[0]
