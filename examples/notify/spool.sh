#!/bin/sh
# Puts what nctd tells (section [notify] of nctd.toml) into a folder, a file each, whole or not at all. The service may do
# no more than that: what sends it on has a unit of its own (nctd-mail.path, nctd-mail.service).
#
#     command = ["/usr/share/doc/nctd/examples/notify/spool.sh", "/var/lib/nctd/notify"]
set -eu
mkdir -p "$1"
name=$(date +%Y%m%dT%H%M%S)-$$.json
cat >"$1/.$name.part"
mv "$1/.$name.part" "$1/$name"
