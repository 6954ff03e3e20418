#!/usr/bin/env bash
# web_packages: the npm packages of the pages, exactly as web/package-lock.json pins them.
#   web_packages.sh SOURCE FOLDER STAMP
# They land in FOLDER/node_modules of the build; the lock file's hashes are checked by npm. What
# `make build` has just installed beside the sources is used as it is.
set -eu
mkdir -p "$2"
if [ "$1/node_modules/.lock" -nt "$1/package-lock.json" ]; then
	rm -rf "$2/node_modules"
	ln -s "$1/node_modules" "$2/node_modules"
else
	[ ! -L "$2/node_modules" ] || rm "$2/node_modules"
	cp "$1/package.json" "$1/package-lock.json" "$2/"
	(cd "$2" && npm ci --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error)
fi
: >"$3"
