"""CPU of one request through our HTTP client, beside bare httpcore: http and https, one request or twenty a visit."""

import ssl
from collections.abc import Callable
from pathlib import Path

import httpcore
from yardstick.farm import HOSTS, NETWORK, Farm, farm
from yardstick.measure import median_spent, show
from yardstick.office import scratch

from adapters.http.client import HttpSettings, PoliteClient
from syncd.clock import SystemClock
from syncd.testing.certificates import Authority

VISITS = {1: 250, 20: 25}  # requests a visit -> visits


def main() -> None:
    rows = []
    with scratch() as folder:
        root = Authority(folder)
        authority, certificate = root.certificate, folder / "server.pem"
        key = folder / "server.key"
        root.sign("farm", [f"subjectAltName={addresses()}"], key=key, certificate=certificate, days=2)
        certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
        for pem in (None, certificate):
            with farm(HOSTS, certificate=pem) as sites:
                for requests, visits in VISITS.items():
                    ours = median_spent(through_syncd(sites, authority, requests, visits), times=3)
                    bare = median_spent(through_httpcore(sites, authority, requests, visits), times=3)
                    number = requests * visits / 1000
                    rows.append(
                        [sites.scheme, requests, ours.cpu_s / number, bare.cpu_s / number, ours.cpu_s / bare.cpu_s]
                    )
    show(
        "One request for 46 KB, one thread, a connection for each visit",
        ["", "requests a visit", "syncd, ms CPU", "bare httpcore, ms CPU", "times httpcore"],
        rows,
    )


def addresses() -> str:
    return ",".join(f"IP:127.1.0.{1 + n}" for n in range(HOSTS))


def through_syncd(sites: Farm, authority: Path, requests: int, visits: int) -> Callable[[], None]:
    settings = HttpSettings(
        spacing_s=0.0, allow_addresses=(NETWORK,), allow_ports=(sites.port,), extra_ca_files=(str(authority),)
    )
    client = PoliteClient(settings, clock=SystemClock())

    def work() -> None:
        for site in range(visits):
            with client.visit() as visit:
                for _ in range(requests):
                    assert visit.get(sites.url(site)).status == 200

    return work


def through_httpcore(sites: Farm, authority: Path, requests: int, visits: int) -> Callable[[], None]:
    context = ssl.create_default_context(cafile=str(authority))

    def work() -> None:
        for site in range(visits):
            with httpcore.ConnectionPool(ssl_context=context) as pool:
                for _ in range(requests):
                    assert pool.request("GET", sites.url(site)).status == 200

    return work


if __name__ == "__main__":
    main()
