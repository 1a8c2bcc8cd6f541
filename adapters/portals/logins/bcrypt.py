"""bcrypt (Provos and Mazières, 1999), for the one portal that wants it in its requests; not for keeping passwords.

In plain Python, at the smallest cost (2^4 rounds, some 0.1 s): what is hashed is a random secret, valid for five seconds. Blowfish's tables
are the first 33,344 binary digits of pi behind the point; they are computed, not copied.
"""

import secrets
from functools import lru_cache

_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_MASK = 0xFFFFFFFF
_WORDS = 18 + 4 * 256
_TEXT = b"OrpheanBeholderScryDoubt"
_LONGEST = 72  # bytes; more are not looked at


def bcrypt_hash(text: str, *, salt: bytes | None = None, cost: int = 4) -> str:
    """`$2y$…`, as PHP's `password_verify` takes it. `salt`: 16 bytes; random when left out."""
    salt = secrets.token_bytes(16) if salt is None else salt
    key = (text.encode() + b"\0")[:_LONGEST]
    made = _crypted(key, salt, cost)
    return f"$2y${cost:02d}${_base64(salt)}{_base64(made)}"


def _crypted(key: bytes, salt: bytes, cost: int) -> bytes:
    digits = _pi_words()
    p, s = list(digits[:18]), list(digits[18:])
    key_words, salt_words = _cyclic(key, 18), _cyclic(salt, 18)
    nothing = [0] * 18
    _expand(p, s, key_words, salt_words)
    for _ in range(1 << cost):
        _expand(p, s, key_words, nothing)
        _expand(p, s, salt_words, nothing)
    words = [int.from_bytes(_TEXT[at : at + 4]) for at in range(0, 24, 4)]
    for _ in range(64):
        for at in range(0, 6, 2):
            words[at], words[at + 1] = _encrypt(p, s, words[at], words[at + 1])
    return b"".join(word.to_bytes(4) for word in words)[:23]


def _expand(p: list[int], s: list[int], key: list[int], salt: list[int]) -> None:
    """One run of the expensive key schedule."""
    for at in range(18):
        p[at] ^= key[at]
    left = right = at = 0
    for table in (p, s):
        for place in range(0, len(table), 2):
            left, right = _encrypt(p, s, left ^ salt[at], right ^ salt[at + 1])
            table[place], table[place + 1] = left, right
            at = (at + 2) % 4


def _encrypt(p: list[int], s: list[int], left: int, right: int) -> tuple[int, int]:
    for at in range(0, 16, 2):
        left ^= p[at]
        mixed = ((s[left >> 24] + s[256 + (left >> 16 & 255)]) ^ s[512 + (left >> 8 & 255)]) + s[768 + (left & 255)]
        right ^= mixed & _MASK ^ p[at + 1]
        mixed = ((s[right >> 24] + s[256 + (right >> 16 & 255)]) ^ s[512 + (right >> 8 & 255)]) + s[768 + (right & 255)]
        left ^= mixed & _MASK
    return right ^ p[17], left ^ p[16]


def _cyclic(data: bytes, count: int) -> list[int]:
    stretched = (data * (4 * count // len(data) + 1))[: 4 * count]
    return [int.from_bytes(stretched[at : at + 4]) for at in range(0, 4 * count, 4)]


@lru_cache(maxsize=1)
def _pi_words() -> tuple[int, ...]:
    """pi's fraction, 32 bits each, by Machin's formula."""
    bits = 32 * _WORDS
    one = 1 << (bits + 64)  # 64 more against the rounding
    pi = 4 * (4 * _arctan(5, one) - _arctan(239, one))
    fraction = (pi >> 64) & ((1 << bits) - 1)
    return tuple(fraction >> (bits - 32 * (at + 1)) & _MASK for at in range(_WORDS))


def _arctan(inverse: int, one: int) -> int:
    """arctan(1/inverse), in units of 1/one."""
    power = total = one // inverse
    divisor, sign = 1, 1
    while power:
        power //= inverse * inverse
        divisor, sign = divisor + 2, -sign
        total += sign * (power // divisor)
    return total


def _base64(data: bytes) -> str:
    bits = "".join(f"{byte:08b}" for byte in data)
    return "".join(_ALPHABET[int(bits[at : at + 6].ljust(6, "0"), 2)] for at in range(0, len(bits), 6))
