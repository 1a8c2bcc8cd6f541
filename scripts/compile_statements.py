"""Write `syncd/storage/sqlite_statements.json`: what a look asks of SQLite, compiled. To be run where a statement of the stores changes."""

import json

from syncd.storage import census, ledger, lists, posts, pushes, sources
from syncd.storage.compiling import entries
from syncd.storage.prepared import COMPILED

STORES = (census, ledger, lists, posts, pushes, sources)

if __name__ == "__main__":
    COMPILED.write_text(json.dumps(entries(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
