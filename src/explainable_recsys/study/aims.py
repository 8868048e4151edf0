"""Ready scales for the seven aims of explanations, which a plan takes by name.

The aims are those that Tintarev and Masthoff tell apart ("A survey of explanations in recommender
systems", ICDE Workshops 2007; "Explaining recommendations: Design and evaluation", Recommender
Systems Handbook, 2nd ed. 2015). The statements are our own. They are no validated questionnaire: a
study that uses them reports how reliable they were in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from explainable_recsys.errors import InputError, did_you_mean

ENDS = (
    {"en": "not at all", "de": "gar nicht"},
    {"en": "completely", "de": "voll und ganz"},
)
"""Words at the first and the last step of agreement."""


class Aim(NamedTuple):
    """What an explanation may be for, and statements that measure how far it got there.

    Attributes:
        name: Of the scale.
        definition: After the survey of 2007.
        statements: By language, in the same order.
        reverse: The last so many of them mean less of it.
    """

    name: str
    definition: str
    statements: Mapping[str, tuple[str, ...]]
    reverse: int = 1


_ALL = (
    Aim(
        "transparency",
        "Explain how the system works",
        {
            "en": (
                "I understood why these films were recommended to me.",
                "I could tell which of my ratings a recommendation came from.",
                "I know what the recommendations are made of.",
                "How the films were chosen remained a mystery to me.",
            ),
            "de": (
                "Ich habe verstanden, warum mir diese Filme empfohlen wurden.",
                "Ich konnte erkennen, auf welchen meiner Bewertungen eine Empfehlung beruht.",
                "Ich weiß, woraus die Empfehlungen entstehen.",
                "Wie die Filme ausgewählt wurden, blieb mir ein Rätsel.",
            ),
        },
    ),
    Aim(
        "scrutability",
        "Allow users to tell the system it is wrong",
        {
            "en": (
                "I would know what to change to get other recommendations.",
                "If the system misjudged my taste, I could put it right.",
                "The reasons showed me where I can step in.",
                "I had no say in what was recommended.",
            ),
            "de": (
                "Ich wüsste, was ich ändern muss, um andere Empfehlungen zu bekommen.",
                "Schätzt das System meinen Geschmack falsch ein, kann ich das richtigstellen.",
                "Die Begründungen haben mir gezeigt, wo ich eingreifen kann.",
                "Ich hatte keinen Einfluss darauf, was empfohlen wurde.",
            ),
        },
    ),
    Aim(
        "trust",
        "Increase users' confidence in the system",
        {
            "en": (
                "I would rely on this system when I choose a film.",
                "I believe that the system recommends what suits me.",
                "The reasons that I was given seemed honest to me.",
                "I would rather check for myself what this system says.",
            ),
            "de": (
                "Bei der Wahl eines Films würde ich mich auf dieses System verlassen.",
                "Ich glaube, dass das System empfiehlt, was zu mir passt.",
                "Die Begründungen kamen mir ehrlich vor.",
                "Was dieses System sagt, würde ich lieber selbst überprüfen.",
            ),
        },
    ),
    Aim(
        "effectiveness",
        "Help users make good decisions",
        {
            "en": (
                "With the reasons I could judge whether a film is for me.",
                "The reasons told me what I need to know to decide.",
                "I could tell good recommendations from bad ones.",
                "After reading the reasons I was no wiser about the films.",
            ),
            "de": (
                "Mit den Begründungen konnte ich beurteilen, ob ein Film etwas für mich ist.",
                "Die Begründungen sagten mir, was ich für eine Entscheidung wissen muss.",
                "Ich konnte gute von schlechten Empfehlungen unterscheiden.",
                "Nach dem Lesen der Begründungen wusste ich nicht mehr über die Filme als vorher.",
            ),
        },
    ),
    Aim(
        "persuasiveness",
        "Convince users to try or buy",
        {
            "en": (
                "The reasons made me want to watch the films.",
                "I now mean to watch a film that I would have passed over.",
                "The reasons spoke strongly for the films.",
                "The reasons did not change what I want to watch.",
            ),
            "de": (
                "Die Begründungen haben mir Lust auf die Filme gemacht.",
                "Ich habe jetzt vor, einen Film zu sehen, den ich sonst übergangen hätte.",
                "Die Begründungen sprachen sehr für die Filme.",
                "Die Begründungen haben nichts daran geändert, was ich sehen möchte.",
            ),
        },
    ),
    Aim(
        "efficiency",
        "Help users make decisions faster",
        {
            "en": (
                "I saw at a glance what speaks for a film.",
                "The reasons saved me time.",
                "I could make up my mind quickly.",
                "Reading the reasons held me up.",
            ),
            "de": (
                "Ich sah auf einen Blick, was für einen Film spricht.",
                "Die Begründungen haben mir Zeit gespart.",
                "Ich konnte mich schnell entscheiden.",
                "Das Lesen der Begründungen hat mich aufgehalten.",
            ),
        },
    ),
    Aim(
        "satisfaction",
        "Increase the ease of usability or enjoyment",
        {
            "en": (
                "I enjoyed using this system.",
                "I would like to get recommendations in this way again.",
                "The reasons made the recommendations more pleasant.",
                "Using this system was tedious.",
            ),
            "de": (
                "Es hat mir Freude gemacht, dieses System zu benutzen.",
                "Ich würde gern wieder auf diese Art Empfehlungen bekommen.",
                "Durch die Begründungen waren die Empfehlungen angenehmer.",
                "Die Benutzung dieses Systems war mühsam.",
            ),
        },
    ),
)

AIMS = {aim.name: aim for aim in _ALL}


def ready_scale(name: str, languages: tuple[str, ...] = ()) -> dict[str, object]:
    """A scale for an aim, as it would stand in a plan.

    Args:
        name: Of the aim.
        languages: Of the study; none: English alone.

    Raises:
        InputError: If there is no such aim, or it has no statements in one of the languages.

    >>> [item["name"] for item in ready_scale("trust")["items"]]
    ['trust_1', 'trust_2', 'trust_3', 'trust_4']
    """
    if name not in AIMS:
        raise InputError(
            f"scales: there is no ready scale '{name}'; {did_you_mean(name, AIMS)}accepted: "
            f"{', '.join(AIMS)}, or one of your own with name and items"
        )
    aim = AIMS[name]
    if missing := [language for language in languages if language not in aim.statements]:
        raise InputError(
            f"scales: '{name}' has no statements in {missing[0]}; accepted: "
            f"{', '.join(aim.statements)}, or a scale of your own with name and items"
        )
    return {"name": name, "items": list(_items(aim, languages))}


def _items(aim: Aim, languages: tuple[str, ...]) -> Iterator[dict[str, object]]:
    def text(by_language: Mapping[str, str]) -> object:
        return {one: by_language[one] for one in languages} if languages else by_language["en"]

    n = len(aim.statements["en"])
    for place in range(n):
        said = {language: texts[place] for language, texts in aim.statements.items()}
        yield {
            "name": f"{aim.name}_{place + 1}",
            "text": text(said),
            "ends": [text(end) for end in ENDS],
            "reverse": place >= n - aim.reverse,
        }
