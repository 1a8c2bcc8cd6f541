"""What the reading process of `worker` does: one page in, one article or one fault out."""

import pickle

from adapters.articles.article import ArticleFault
from adapters.articles.reading import read_article


def answer(request: bytes) -> bytes:
    """The article of a pickled call of `read_article`, pickled; a fault as its message and kind."""
    try:
        body, content_type, url, rules, fetched_at = pickle.loads(request)
        article = read_article(body, content_type=content_type, url=url, rules=rules, fetched_at=fetched_at)
        return pickle.dumps(article)
    except ArticleFault as fault:
        return pickle.dumps((str(fault), fault.kind))
    except (MemoryError, RecursionError) as err:
        return pickle.dumps((f"the page asks for too much to be read ({type(err).__name__})", "too_large"))
