#!/bin/bash
# Hands each good result of an output tree of nctd to a command, once: the example of consume.py with Debian's
# inotify-tools and jq.
#
#     consume.sh /srv/normalized consumed.list detect --weights lab-a.pt
#
# The image's path is put at the end of the command. The list remembers what was read, a digest and a name a line; a name
# with line breaks is remembered as the shell quotes it.
set -u
tree=$1 list=$2
shift 2
touch "$list"

# One sidecar: taken if it is good, its image is the one that it speaks of, and it was not taken before.
take() {
    local sidecar=$1 image=${1%.json} digest verdict line
    shift
    case ${image##*/} in .*) return ;; *.png | *.jpg | *.tif) ;; *) return ;; esac
    { read -r digest && read -r verdict; } < <(jq -r '.output.sha256, .verdict.value' "$sidecar" 2>/dev/null) || return
    [ "$verdict" = good ] || return
    [ "$(sha256sum <"$image" 2>/dev/null)" = "$digest  -" ] || return
    printf -v line '%s %q' "$digest" "$image"
    grep -qxF -- "$line" "$list" && return
    "$@" "$image" </dev/null && printf '%s\n' "$line" >>"$list"
}

# Events first, then what is there already: nothing falls between. A scan every minute finds what no event told of.
{
    inotifywait --quiet --monitor --recursive --event moved_to --event close_write --format '%w%f%0' --no-newline "$tree" &
    while :; do
        find "$tree" -name '*.json' -not -name '.*' -print0
        sleep 60
    done
} | while IFS= read -r -d '' sidecar; do
    case $sidecar in *.json) take "$sidecar" "$@" ;; esac
done
