"""Whether a word could be Vietnamese: its onset, rime and tone, by the language's own closed lists."""

import unicodedata
from functools import lru_cache

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_STOPPED_TONES = frozenset(("", "\u0301", "\u0323"))  # before a final c, ch, p or t no other tone is possible
_ONSET_WORDS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
_ONSETS = sorted(_ONSET_WORDS.split(), key=len, reverse=True)
_RIME_WORDS = """
    a ac ach ai am an ang anh ao ap at au ay ă ăc ăm ăn ăng ăp ăt â âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên êng ênh êp êt êu
    i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong op ot
    ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt
    u ua uân uâng uât uây uc uê uêch uên uênh ui um un ung uơ uôc uôi uôm uôn uông uôt up ut uy uya uych uyên uyêt uynh uyt uyu
    ư ưa ưc ươc ươi ươm ươn ương ươp ươt ươu ưi ưm ưn ưng ưt ưu
    y yêm yên yêng yêt yêu
"""
_AFTER_QU_WORDS = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt ân âng ât ây e ec en eo et ê êch ên ênh êt i it ơ ơn ôc y ych yên yêt ynh yt yu
"""
_RIMES = frozenset(unicodedata.normalize("NFD", _RIME_WORDS).split())
_AFTER_QU = frozenset(unicodedata.normalize("NFD", _AFTER_QU_WORDS).split())


@lru_cache(maxsize=20_000)
def is_syllable(word: str) -> bool:
    """Whether `word`, composed and in any case, is a possible syllable. Names from abroad and abbreviations are not."""
    letters = unicodedata.normalize("NFD", word.lower())
    tones = "".join(char for char in letters if char in _TONES)
    if len(tones) > 1:
        return False
    bare = "".join(char for char in letters if char not in _TONES)
    return any(_fits(bare, onset, tones) for onset in _ONSETS if bare.startswith(onset)) or _is_rime(bare, tones)


def _fits(bare: str, onset: str, tone: str) -> bool:
    rime = bare[len(onset) :]
    if onset == "qu":
        return rime in _AFTER_QU and _sounds(rime, tone)
    if onset in ("gh", "ngh", "k") and not rime.startswith(("e", "i", "y")):
        return False
    return not (onset in ("c", "ng", "g") and rime.startswith("e")) and _is_rime(rime, tone)


def _is_rime(rime: str, tone: str) -> bool:
    return rime in _RIMES and _sounds(rime, tone)


def _sounds(rime: str, tone: str) -> bool:
    return not rime.endswith(("c", "ch", "p", "t")) or tone in _STOPPED_TONES
