"""Run by `polls` with reader's own interpreter: one update of the feeds listed in a file, into a database."""

import sys
from pathlib import Path

if __name__ == "__main__":
    if len(sys.argv) > 4:
        import certifi

        bundle = Path(sys.argv[1]).with_suffix(".pem")
        bundle.write_bytes(Path(certifi.where()).read_bytes() + Path(sys.argv[4]).read_bytes())
        certifi.where = lambda: str(bundle)  # requests asks it when it is imported
    from reader import make_reader

    reader = make_reader(sys.argv[1])
    known = {feed.url for feed in reader.get_feeds()}
    for url in Path(sys.argv[2]).read_text(encoding="ascii").split():
        if url not in known:
            reader.add_feed(url)
    failed = [
        result.url
        for result in reader.update_feeds_iter(scheduled=False, workers=int(sys.argv[3]))
        if isinstance(result.value, Exception)
    ]
    if failed:
        raise SystemExit(f"{len(failed)} feeds failed")
    # not from wait4: that counts the memory of the process which started this one, too
    status = Path("/proc/self/status").read_text(encoding="ascii")
    sys.stdout.write(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))
