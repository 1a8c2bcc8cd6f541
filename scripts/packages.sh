#!/usr/bin/env bash
# Install what the slow suites use of the distribution: packages.sh PROGRAM=PACKAGE ...
# Where they are missing and cannot be installed, the tests that need them are skipped and say so.
set -uo pipefail

missing=()
for pair in "$@"; do
  command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
done
[ ${#missing[@]} = 0 ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "missing packages, and only root on Debian can install them here: ${missing[*]}" >&2
  exit 0
fi
echo "installing ${missing[*]}" >&2
apt-get -o DPkg::Lock::Timeout=300 -qq update </dev/null >&2
DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install "${missing[@]}" </dev/null >&2 ||
  echo "the packages could not be installed: ${missing[*]}" >&2
