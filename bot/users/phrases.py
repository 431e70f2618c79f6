"""What people type instead of ``user`` and ``users``, and whether a line looks like a person."""

from __future__ import annotations

import re
from typing import Final

from bot.slack.commands.arguments import Arguments, parse_arguments
from bot.slack.commands.tokens import Link, Mention, Token
from bot.text.phones import MIN_DIGITS, is_phone_like
from bot.users.query import is_id, is_partial_id

ME: Final = "me"
_OF_A_PERSON: Final = (
    "number of", "phone number of", "phone of", "mobile of", "email of", "email address of",
    "address of", "contact of", "contact details of", "details of", "details for", "info of",
    "info on", "info about", "card of", "profile of", "role of", "manager of",
    "team of", "number for", "phone number for", "email for", "phone for", "contact for",
    "contact details for", "contact info of", "contact number of", "tell me about", "tell me who",
    "numero de", "número de", "telefono de", "teléfono de", "correo de", "numéro de", "numero di",
    "telefone de", "email de", "nummer von", "telefonnummer von", "mail von",
)  # fmt: skip
_OF_ME: Final = (
    "my card", "my profile", "my account", "my details", "my user", "who am i", "whoami", "myself",
    "profile", "account", "my role", "my phone", "my number", "my email",
)  # fmt: skip
USER_PHRASES: Final = {
    **dict.fromkeys(
        (
            "find", "find me", "search", "search for", "look up", "lookup", "look for", "who is",
            "who's", "whos", "who are", "who was", "show", "show me", "get", "get me", "give me",
            "see", "view", "open", "display", "check", "fetch", "find user", "find person",
            "search user", "search people for", "person", "member", "colleague", "call",
            "is there someone called", "someone called", "anyone called",
            "person called", "whose number is", "whose phone is",
            "whose email is", "locate", "finding", "looking up", "what is …", "what's …", "about …",
            "where is …", "where's …", "contact info for", "this number", "who is this number",
            "whos this number", "who's this number", "whose number is this", "who called me from",
            "who is calling from", "kaun hai", "how do i reach",
            "how can i reach", "how to reach", "quien es", "quién es", "qui est", "quem é",
            "wer ist", "chi è", "suche", "suche nach", "finde", "busca",
            "busca a", "buscar", "buscar a", *_OF_A_PERSON,
        ),
        "",
    ),
    **dict.fromkeys(_OF_ME, ME),
}  # fmt: skip
USERS_PHRASES: Final = {
    **dict.fromkeys(
        (
            "all users", "everyone", "everybody", "team list", "user list",
            "members", "colleagues", "staff", "team members", "contacts", "directory", "who is in",
            "who's in", "who works in", "who works for", "who is on", "who are the", "who is there",
            "search users", "find users", "list of users", "my team", "our team", "employees",
            "agents", "reps", "who is who", "find people", "search people", "search team",
            "who's on", "whos on", "whos in", "equipo", "kollegen", "mitarbeiter", "colegas",
            "… users", "… team", "… people", "… members", "… colleagues", "… agents", "… staff",
        ),
        "",
    ),
    **dict.fromkeys(
        ("who is available", "who's available", "whos available", "who is free", "who is online",
         "who's online", "anyone available", "who is around"),
        "available",
    ),
    **dict.fromkeys(("who is away", "who's away"), "away"),
    **dict.fromkeys(("who is busy", "who's busy"), "busy"),
    **dict.fromkeys(("who is inactive", "who left", "who has left"), "inactive"),
}  # fmt: skip
_NOT_NAMES_TEXT: Final = """
    a about after again all also am and any anything are as at back bad be because been best
    big but by can cannot card come cool could day did does doing done email error every
    everything fail failed fine for from get give go going gone good got great had has have he
    hello help her here him his how i if in into is issue it its job just know last later like
    little ll look lol make many maybe mean message messages more much my need never new next nice
    no none not nothing now number of off ok okay old on one only or other our out over perfect
    phone please problem really right same say see send sent she should so some something sorry
    sure thank thanks that the their them then there these they thing things think this time to
    today tomorrow too try understand up us use using very wait want was way we well were what
    whats when where which who why with won wont work working works would wow wrong yes
    yesterday yet you your delete remove cancel undo stop start reset restart lead leads customer
    file files bug feedback settings setup config login logout joke awesome bye weather
"""
NOT_NAMES: Final = frozenset(_NOT_NAMES_TEXT.split())
"""Words that make a line a sentence, rather than a person's name."""
_TALK_TEXT: Final = """
    reports report reporting reportees reportee manages managing manager managers boss supervisor
    team role phone mobile cell number email mail e-mail id extension ext contact contacts details
    detail profile card info address photo picture timezone zone shift hours colleague user member
    person named called mr mrs ms miss dr prof sir madam share sharing handling handles handle
    start starts begin begins busy available online offline away active inactive free join joined
    open edit rename change update set deactivate activate disable promote admin leader lead's
    message text ping call ring reach hear heard speak talk tell asks ask reply replied wrote write
    approved rejected connected allowed opted opt record records type types upload uploads install
    installed slow fast we'll i'll i'm you're we're they're he'll she'll handled assigned yet
    interested wants want discount note mark bot human robot
    read say still currently usually normally ever really its it's there's he's she's
    what's who's where's
    don't doesn't isn't aren't can't does did know knows sit sits live lives based located
    ka ki ke ko hai kya kaun mujhe mera meri chahiye bhejo bhej do dena batao bata bhai yaar ji
    oga abeg dey na wetin pls plz kindly cual cuál es el la de telefono teléfono correo numero
    número quien quién está esta por favor wie ist die der das von nummer
"""
_TALK: Final = frozenset(_TALK_TEXT.split())
"""Words about a person that are hardly the name of one."""
_NOT_ABOUT_PEOPLE: Final = frozenset(
    ("lead", "leads", "ticket", "tickets", "template", "templates", "task", "tasks", "jobs",
     "delete", "remove", "count", "message", "messages", "delivered", "notifications")
)  # fmt: skip
_TALK_SIGNS: Final = re.compile(r"[?!,;:¿¡\"“”…]+|\.(?=\s|$)")
_POSSESSIVE: Final = re.compile(r"['’]s?$")
_APOSTROPHE: Final = str.maketrans("’", "'")
_PARTICLES_TEXT: Final = """
    de del della di da das do dos du la le el al bin bint ibn abu van von der den ter ten zu y e
    san st mc mac o
"""
_PARTICLES: Final = frozenset(_PARTICLES_TEXT.split())
"""Parts of names that don't count among the words of one."""
MAX_NAME_WORDS: Final = 3
_WORDS_BEFORE: Final = re.compile(
    r"^(?:(?:the|user|person|colleague|member|find|search|called|named|mr|mrs|ms|miss|dr|prof)"
    r"\.?\s+)+",
    re.IGNORECASE,
)
_DETAILS_AFTER: Final = re.compile(
    r"(?:['’]s?|\s+k[aie])?(?:\s+(?:(?:phone|mobile|cell|contact) )?(?:phone|number|mobile|cell"
    r"|email address|email|e-?mail(?: id)?|mail|contact|details|card|profile|info|role|is|here))+"
    r"(?:\s+(?:kya hai|chahiye|do|dena|de do|bata do|batana|please))?$|['’]s$",
    re.IGNORECASE,
)
_NAME_WORD: Final = re.compile(r"@?[^\W\d_]+(?:[._'’`-]*[^\W_]+)*\.?")
_LETTERS: Final = re.compile(r"[^\W\d_]+")


def looks_like_person(line: Arguments) -> bool:
    """Return whether a line is a person: a mention, an address, a number, an ID or a name."""
    words = line.tokens
    text = line.join_from().strip()
    if not words or line.named:
        return False
    if any(isinstance(word, Mention) for word in words):
        return len(words) == 1 or _is_short(words[1:])
    if len(words) == 1 and (is_id(text) or is_partial_id(text) or _is_email(words[0])):
        return True
    if is_phone_like(text):
        return sum(map(str.isdecimal, text)) >= MIN_DIGITS
    if any("@" in word.text[1:] for word in words):
        return len(words) <= MAX_NAME_WORDS + 1  # John Doe <john@acme.com>
    return not any(isinstance(word, Link) for word in words) and _is_name(words)


def may_be_described_person(line: Arguments) -> bool:
    """Return whether it is a person, or their data: ``john's phone number``."""
    return looks_like_person(parse_arguments(strip_details(line.join_from())))


def strip_details(text: str) -> str:
    """Return ``john`` for ``user john's phone number``; the text itself if no name is left."""
    return _DETAILS_AFTER.sub("", _WORDS_BEFORE.sub("", text)).strip() or text


def find_name_within(text: str) -> str:
    """Return the name in a line that says more: ``mei`` in ``when does mei start work``, else "".

    The other words are known; what they want is not.
    """
    words = _TALK_SIGNS.sub(" ", text).split()
    if _NOT_ABOUT_PEOPLE.intersection(map(str.casefold, words)):
        return ""
    names = [_POSSESSIVE.sub("", word) for word in words if not _is_talk(word)]
    places = [place for place, word in enumerate(words) if not _is_talk(word)]
    is_together = bool(places) and places[-1] - places[0] == len(places) - 1
    if not is_together or len(names) == len(words) or len(names) > MAX_NAME_WORDS:
        return ""
    found = " ".join(names)
    return found if looks_like_person(parse_arguments(found)) else ""


def _is_talk(word: str) -> bool:
    folded = word.translate(_APOSTROPHE).casefold()
    return "_" in folded or folded in NOT_NAMES or folded in _TALK or not folded.strip("'’")


def may_be_role(line: Arguments) -> bool:
    """Return whether a line without a command may be a role or team: a few plain words."""
    words = [word.text for word in line.tokens]
    return 1 <= len(words) <= MAX_NAME_WORDS and all(_LETTERS.fullmatch(word) for word in words)


def _is_email(word: Token) -> bool:
    return "@" in word.text[1:]


def _is_short(words: tuple[Token, ...]) -> bool:
    return len(words) == 1 and words[0].text.casefold() == "share"


def _is_name(words: tuple[Token, ...]) -> bool:
    texts = [word.text.casefold().strip(",") for word in words]
    counted = [text for text in texts if text not in _PARTICLES]
    if not 1 <= len(counted) <= MAX_NAME_WORDS or NOT_NAMES.intersection(texts):
        return False
    return all(_NAME_WORD.fullmatch(text) for text in texts) and any(
        len(letters) > 1 for text in texts for letters in _LETTERS.findall(text)
    )
