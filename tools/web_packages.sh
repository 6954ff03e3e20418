#!/bin/sh
# web_packages: the npm packages of the pages, exactly as web/package-lock.json pins them.
#   web_packages.sh SOURCE FOLDER STAMP
# They land in FOLDER/node_modules of the build; the lock file's hashes are checked by npm.
set -eu
mkdir -p "$2"
cp "$1/package.json" "$1/package-lock.json" "$2/"
cd "$2"
npm ci --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error
cd - >/dev/null
: >"$3"
