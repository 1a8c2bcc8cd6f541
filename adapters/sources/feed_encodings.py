"""Items of feeds whose text is in an old Vietnamese encoding, put into Unicode before anything else looks at them."""

from dataclasses import replace

from adapters.sources.feed_items import RawItem
from syncd.vietnamese.legacy_signs import Legacy, may_hold_legacy


def in_unicode(item: RawItem) -> tuple[RawItem, str | None]:
    """The item with its text in Unicode, and what a person should be told of it; nearly every item comes back as it is.

    The longest text decides first, and the short ones beside it follow: a title of two words proves little.
    """
    if not (may_hold_legacy(item.content) or may_hold_legacy(item.summary) or may_hold_legacy(item.title)):
        return item, None
    from syncd.vietnamese.legacy_html import modern_html  # with its tables 8 ms, and few feeds have such text

    hint: Legacy | None = None
    note: str | None = None
    done: dict[str, str] = {}
    for text in sorted({item.content, item.summary, item.title, item.author, *item.categories}, key=len, reverse=True):
        found = modern_html(text, hint=hint)
        done[text] = found.text
        hint, note = hint or found.encoding, note or found.note
    if note is None:
        return item, None
    categories = [done[category] for category in item.categories]
    content, summary, title = done[item.content], done[item.summary], done[item.title]
    return replace(
        item, content=content, summary=summary, title=title, author=done[item.author], categories=categories
    ), note
