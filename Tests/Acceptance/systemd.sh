#!/usr/bin/env bash
# The package on a real systemd: a minimal Debian is made once (debootstrap), booted (systemd-nspawn), and the .deb is
# installed with apt, used, killed, hung, stopped, rebooted, upgraded and purged.
#
#   make deb && Tests/Acceptance/systemd.sh
#
# Needs root, debootstrap, systemd-nspawn, python3, and a Debian mirror. Where one is missing it says SKIPPED and why, and
# ends with 0 (with 1 if NCTD_REQUIRE_SYSTEMD=1). NCTD_BURST is how many captures the burst has (10000), NCTD_TRANSCRIPT a
# file that what an operator would see is written to; see debian-root for where the Debian root is kept.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() {
    echo "SKIPPED: Tests/Acceptance/systemd.sh: $*" >&2
    if [ "${NCTD_REQUIRE_SYSTEMD:-}" = 1 ]; then exit 1; fi
    exit 0
}
fail() {
    echo "FAILED: $*" >&2
    if [ -n "${leader:-}" ]; then inside journalctl -n 25 --no-pager -o short-precise >&2 || true; fi
    exit 1
}
step() { printf '== %s\n' "$*"; }

package=$(ls -t .build/deb/nctd_*-1_*.deb 2>/dev/null | head -1) || true
[ -n "$package" ] || fail "there is no package; run make deb"

# --- a Debian root, made once ---
debian=$(Tests/Acceptance/debian-root) || skip "there is no Debian root, see above"
cache=$(dirname "$debian")
root=$(mktemp -d "$cache/machine.XXXXXX")
nspawn=""
cleanup() {
    if [ -n "$nspawn" ] && kill -0 "$nspawn" 2>/dev/null; then
        kill -TERM "$nspawn" 2>/dev/null || true
        for _ in $(seq 1 100); do kill -0 "$nspawn" 2>/dev/null || break; sleep 0.1; done
        # The container's first process outlives a killed systemd-nspawn.
        if [ -n "${leader:-}" ]; then kill -KILL "$leader" 2>/dev/null || true; fi
        kill -KILL "$nspawn" 2>/dev/null || true
    fi
    rm -rf "$root" "$root".*
}
trap cleanup EXIT
cp -a "$debian/." "$root"

# --- boot ---
boot_count=0
await_boot() {
    for _ in $(seq 1 600); do
        if ! kill -0 "$nspawn" 2>/dev/null; then
            tail -5 "$root.log" >&2
            [ $boot_count = 0 ] || fail "systemd-nspawn did not boot the root again"
            skip "systemd-nspawn could not boot the root here"
        fi
        leader=$(pgrep -P "$nspawn" | head -1) || true
        if [ -n "$leader" ] && [ "$leader" != "${1:-}" ] \
            && { inside systemctl is-system-running 2>/dev/null || true; } | grep -qE 'running|degraded'; then
            boot_count=$((boot_count + 1))
            return
        fi
        sleep 0.2
    done
    [ $boot_count = 0 ] || fail "systemd did not come up again in the container"
    skip "systemd did not come up in the container"
}
inside() { nsenter -t "$leader" -m -u -i -n -p -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }
# For docs/operations.md: what was typed, and what came.
show() {
    if [ -n "${NCTD_TRANSCRIPT:-}" ]; then
        { printf '\n$ %s\n' "$*"; inside "$@" 2>&1 | cut -c1-400 | head -40; } >> "$NCTD_TRANSCRIPT" || true
    fi
}
await() { # DESCRIPTION SECONDS COMMAND...
    local what=$1 seconds=$2 end
    shift 2
    end=$((SECONDS + seconds))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || fail "not within $seconds s: $what"
        sleep 0.3
    done
}

boot() {
    systemd-nspawn --boot --quiet --directory="$root" --machine=nctd-test --resolv-conf=copy-host --register=no \
        --keep-unit --console=pipe < /dev/null >> "$root.log" 2>&1 &
    nspawn=$!
    await_boot
}
step "booting"
boot

# --- install ---
step "installing $(basename "$package") with apt"
cp "$package" "$root/root/nctd.deb"
inside apt-get update -qq >/dev/null 2>&1 || skip "the container reaches no Debian mirror, so dependencies cannot be proved"
inside env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /root/nctd.deb > "$root.apt" 2>&1 \
    || { tail -20 "$root.apt" >&2; rm -f "$root.apt"; fail "apt could not install the package"; }
rm -f "$root.apt"
inside sh -c '! command -v swift' >/dev/null || fail "the container has Swift; it should not need it"
if inside ldd /usr/bin/nctd | grep -i -E 'not found|swift|foundation'; then fail "a library is missing, or Swift's is linked"; fi
echo "  $(inside nctd --version); links $(inside ldd /usr/bin/nctd | wc -l) libraries, all there, none of Swift's"
[ "$(inside systemctl is-enabled nctd.service)" = disabled ] || fail "the service is enabled before it is configured"
[ "$(inside systemctl is-active nctd.service)" = inactive ] || fail "the service runs before it is configured"
[ "$(inside stat -c %U:%G:%a /srv/normalized)" = nctd:nctd:2750 ] || fail "/srv/normalized is not the service's"
[ "$(inside journalctl --list-catalog --no-pager 2>/dev/null | grep -c ' nctd: ')" -gt 25 ] || fail "the catalog is not there"
figure=$(inside systemd-analyze security --no-pager nctd.service | sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\).*/\1/p')
python3 -c "import sys; sys.exit(not 0 <= float('$figure') <= 1.5)" || fail "systemd-analyze security says $figure"
echo "  systemd-analyze security nctd.service: $figure"

# --- a lab ---
python3 - "$root" <<'PYTHON'
import os, sys
sys.path.insert(0, "Tests/Acceptance")
from bench import LAB_A, LAB_B, smear
root = sys.argv[1]
for lab, stain in [("lab-a", LAB_B), ("lab-b", LAB_A), ("lab-c", LAB_A)]:
    os.makedirs(f"{root}/srv/microscope/{lab}")
    with open(f"{root}/etc/nctd/profiles.d/{lab}.png", "wb") as file:
        file.write(smear(len(lab), 96, 72, stain))
    with open(f"{root}/etc/nctd/profiles.d/{lab}.toml", "w") as file:
        file.write(f'name = "{lab}"\nreferences = ["{lab}.png"]\nlevels = [1]\nenhancement = "none"\n'
                   'below_threshold = "deliver"\n')
PYTHON
configure() { # EXTRA LINES, THEN LABS
    {
        printf '# edited by the lab\n[daemon]\nstate_directory = "/var/lib/nctd"\n'
        printf '[output]\ndirectory = "/srv/normalized"\nminimum_free_mebibytes = 16\n%s\n' "$1"
        for lab in "${@:2}"; do
            printf '[[watch]]\npath = "/srv/microscope/%s"\nlab = "%s"\nprofile = "%s"\nsettle_seconds = 0.2\n' "$lab" "$lab" "$lab"
        done
    } > "$root/etc/nctd/nctd.toml"
}
captured=0
captures() { # LAB COUNT [SAME]: the same bytes each time if asked
    python3 - "$root/srv/microscope/$1" "$captured" "$2" "${3:-}" <<'PYTHON'
import os, sys
sys.path.insert(0, "Tests/Acceptance")
from bench import smear
folder, begin, count, same = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
data = smear(begin)
for number in range(begin, begin + count):
    with open(f"{folder}/capture-{number:05}.png", "wb") as file:
        file.write(data if same else smear(number))
PYTHON
    captured=$((captured + $2))
}
# Not from the configuration, which is broken at times.
total() { inside nctd status --state-directory /var/lib/nctd --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["total"][sys.argv[1]])' "$1"; }
all_seen() { inside nctd status --state-directory /var/lib/nctd --json | python3 -c 'import json, sys; print(sum(json.load(sys.stdin)["total"].values()))'; }
is_done() { [ "$(total done)" = "$captured" ]; }
property() { inside systemctl show -P "$1" nctd.service; }
entries() { inside journalctl -u nctd.service -o cat --no-pager NCT_EVENT="$1" | wc -l; }
catch_up() { await "all $captured captures are done" "${1:-120}" is_done; }

step "active only after the first scan"
configure "" lab-a lab-b
captures lab-b 40
show nctd check
override() { # LINES for a drop-in; none removes it
    mkdir -p "$root/etc/systemd/system/nctd.service.d"
    if [ $# = 0 ]; then rm -r "$root/etc/systemd/system/nctd.service.d"; else
        printf '[Service]\n%s\n' "$@" > "$root/etc/systemd/system/nctd.service.d/test.conf"; fi
    inside systemctl daemon-reload
}
# A scan that hangs when it has entered its first captures.
override "Environment=NCTD_FAILPOINT=afterSeen:1:hang"
inside systemctl start --no-block nctd.service
scanning() { [ "$(property ActiveState)/$(property SubState)" = activating/start ] && [ "$(all_seen)" = 40 ]; }
await "the scan is under way" 30 scanning
sleep 5
scanning || fail "$(property ActiveState) before the first scan has ended"
inside systemctl kill -s KILL nctd.service
override
inside systemctl stop nctd.service
inside systemctl reset-failed nctd.service 2>/dev/null || true
inside systemctl start nctd.service || fail "the service does not start"
seen=$(all_seen)
[ "$seen" = 40 ] || fail "active with $seen of 40 captures in the ledger"
echo "  activating for as long as the first scan hangs; active with 40 of 40 captures in the ledger"
catch_up

step "a capture gives an image and a sidecar of the right user"
captures lab-b 1
catch_up
result=/srv/normalized/lab-b/capture-00040.png
for file in $result $result.json; do
    [ "$(inside stat -c %U:%G:%a "$file")" = nctd:nctd:640 ] || fail "$file is $(inside stat -c %U:%G:%a "$file")"
done
echo "  $(inside stat -c '%n %U:%G %a' $result $result.json | tr '\n' ' ')"
[ -z "$(inside find /srv/microscope -newer /etc/nctd/nctd.toml -user nctd)" ] || fail "the service wrote into a watched tree"

step "journal entries with all fields, names as bytes"
python3 - "$root" <<'PYTHON'
import os, sys
sys.path.insert(0, "Tests/Acceptance")
from bench import smear
with open(os.fsencode(f"{sys.argv[1]}/srv/microscope/lab-b/") + b"\xff slide.png", "wb") as file:
    file.write(smear(90001))
PYTHON
captured=$((captured + 1))
catch_up
inside journalctl -o json --no-pager NCT_LAB=lab-b NCT_EVENT=done | python3 -c '
import json, sys
entries = [json.loads(line) for line in sys.stdin]
needed = ["MESSAGE_ID", "PRIORITY", "NCT_PROFILE", "NCT_FILE", "NCT_SHA256", "NCT_STATE", "NCT_VERDICT", "NCT_OUTPUT", "NCT_DURATION_MS", "_SYSTEMD_UNIT"]
for entry in entries:
    missing = [name for name in needed if name not in entry]
    assert not missing, (missing, entry)
assert len(entries) == 42, len(entries)
assert len({entry["MESSAGE_ID"] for entry in entries}) == 1
names = [bytes(e["NCT_FILE"]) if isinstance(e["NCT_FILE"], list) else e["NCT_FILE"].encode() for e in entries]
assert b"/srv/microscope/lab-b/\xff slide.png" in names, names
print("  42 entries of lab-b, each with", ", ".join(needed))' || fail "entries lack fields"
inside journalctl -x --no-pager -u nctd.service NCT_EVENT=done -n 1 | grep 'in the output tree; its sidecar' >/dev/null \
    || fail "journalctl -x does not explain the entry"
show systemctl status --no-pager -n 3 nctd.service
show nctd status
show journalctl --no-pager -u nctd NCT_LAB=lab-b -n 3
show journalctl --no-pager -u nctd NCT_EVENT=done -n 1 -x
show journalctl --no-pager -u nctd NCT_EVENT=done -n 1 -o verbose
show nctd explain $(printf '/srv/microscope/lab-b/capture-00040.png')

foreign=$(inside journalctl -o cat --no-pager _SYSTEMD_UNIT=nctd.service _TRANSPORT=stdout _COMM=nctd | grep -v -e '^  ' -e ': in order$' -e '^nctd: warning: no VGG-19' || true)
[ -z "$foreign" ] || fail "the program wrote what is no event: $foreign"

step "a capture that fails is a warning, with the reason and what to do"
echo "not an image" > "$root/srv/microscope/lab-b/broken.png"
failed() { [ "$(total failed)" = 1 ]; }
await "the broken file is quarantined" 60 failed
inside journalctl -u nctd.service -o json --no-pager NCT_EVENT=failed | python3 -c '
import json, sys
entry = json.loads(sys.stdin.readline())
assert entry["PRIORITY"] == "4", entry
assert entry["NCT_FILE"] == "/srv/microscope/lab-b/broken.png" and entry["NCT_REASON"] and entry["NCT_REMEDY"], entry
print("  priority 4:", entry["MESSAGE"])' || fail "the failure is not told as it should be"
show nctd failures
show journalctl --no-pager -u nctd -p warning -n 5
rm "$root/srv/microscope/lab-b/broken.png"

step "reload with a good and with a broken configuration"
configure "" lab-a lab-b lab-c
inside systemctl reload nctd.service || fail "reload failed"
reloaded() { [ "$(entries reloaded)" -ge 1 ]; }
await "the reload is told" 30 reloaded
captures lab-c 3
catch_up
pid=$(property MainPID)
configure "unknown_key = 1" lab-a lab-b
inside systemctl reload nctd.service || true
refused() { [ "$(entries reload-refused)" -ge 1 ]; }
await "the refusal is told" 30 refused
captures lab-c 3
catch_up
[ "$(property MainPID)" = "$pid" ] && [ "$(property ActiveState)" = active ] || fail "a broken configuration stopped the service"
told() { property StatusText | grep 'RELOAD REFUSED.*unknown_key' >/dev/null; }
await "systemctl status tells of the refusal" 30 told
echo "  $(inside journalctl -u nctd.service -o cat --no-pager NCT_EVENT=reload-refused -n 1)"
show journalctl --no-pager -u nctd NCT_EVENT=reload-refused -n 1 -x
configure "" lab-a lab-b lab-c
inside systemctl reload nctd.service
cleared() { ! property StatusText | grep REFUSED >/dev/null; }
await "the status is well again" 30 cleared
echo "  StatusText: $(property StatusText)"

step "a tree that goes away is an error, is told within the service's confinement, and comes back"
spool=/var/lib/nctd/notify
printf '[notify]\ncommand = ["/usr/share/doc/nctd/examples/notify/spool.sh", "%s"]\ndelay_seconds = 0\n' "$spool" \
    >> "$root/etc/nctd/nctd.toml"
inside systemctl reload nctd.service
mv "$root/srv/microscope/lab-a" "$root/srv/microscope/away"
away() { [ "$(entries root-unhealthy)" -ge 1 ]; }
await "the loss is told" 60 away
[ "$(inside journalctl -u nctd.service -o json --no-pager NCT_EVENT=root-unhealthy -n 1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["PRIORITY"])')" = 3 ] || fail "it is no error"
show journalctl --no-pager -u nctd -p err -n 1 -x
show nctd status
told() { [ "$(find "$root$spool" -name '*.json' 2>/dev/null | wc -l)" -ge "$1" ]; }
await "somebody is told" 60 told 1
mv "$root/srv/microscope/away" "$root/srv/microscope/lab-a"
captures lab-a 2
catch_up
await "its end is told" 60 told 2
[ "$(entries notify-failed)" = 0 ] || fail "telling failed: $(inside journalctl -o cat --no-pager NCT_EVENT=notify-failed -n 1)"
python3 - "$root$spool" <<'PYTHON' || fail "what was told is not what happened"
import json, os, sys
first, second = [json.load(open(f"{sys.argv[1]}/{name}")) for name in sorted(os.listdir(sys.argv[1]))[:2]]
assert "lab-a" in first["subject"] and first["needs_person"], first
assert second["over"] and not second["needs_person"], second
print("  told:", first["subject"])
PYTHON
configure "" lab-a lab-b lab-c
inside systemctl reload nctd.service

step "kill -9 and automatic restart"
before=$(property NRestarts)
captures lab-b 60
sleep 1
inside systemctl kill -s KILL nctd.service
restarted() { [ "$(property NRestarts)" -gt "$before" ] && [ "$(property ActiveState)" = active ]; }
await "the service is started again" 90 restarted
catch_up
inside nctd verify > "$root.verify" 2>&1 || { tail -3 "$root.verify"; rm -f "$root.verify"; fail "nctd verify finds something"; }
echo "  restarts: $(property NRestarts); all $captured done; nctd verify: $(tail -1 "$root.verify")"
rm -f "$root.verify"
show nctd verify
# The service has mounts of its own over what it may write to; a command outside must know the same trees.
inside nctd check --no-prepare > "$root.check" 2>&1 || { tail -5 "$root.check"; rm -f "$root.check"; fail "nctd check finds something"; }
rm -f "$root.check"

step "a hung worker is caught by the watchdog"
override "WatchdogSec=8s" "Environment=NCTD_FAILPOINT=afterDecoding:1:hang"
inside systemctl restart nctd.service
before=$(property NRestarts)
captures lab-b 5
stalled() { [ "$(entries stalled)" -ge 1 ]; }
await "the standstill is told" 60 stalled
# The next start has no failpoint.
override "WatchdogSec=8s"
await "the watchdog ends it and it is started again" 120 restarted
inside journalctl -u nctd.service -o cat --no-pager | grep -i 'watchdog timeout' | tail -1 | sed 's/^/  /' || fail "it was not the watchdog"
catch_up
echo "  $(inside journalctl -u nctd.service -o cat --no-pager NCT_EVENT=stalled -n 1)"
show journalctl --no-pager -u nctd NCT_EVENT=stalled -n 1 -x
# Fed well beyond its time while nothing hangs.
before=$(property NRestarts)
sleep 20
[ "$(property NRestarts)" = "$before" ] || fail "the watchdog ended a service that does well"
override

step "a burst of ${NCTD_BURST:=10000} captures loses no entry"
inside systemctl restart nctd.service
inside journalctl --rotate >/dev/null 2>&1 || true
begin=$SECONDS
done_before=$(entries done)
captures lab-b "$NCTD_BURST" same
catch_up 900
told=$(($(entries done) - done_before))
[ "$told" = "$NCTD_BURST" ] || fail "$NCTD_BURST captures, $told entries"
if inside journalctl -b -o cat --no-pager -u systemd-journald | grep -i suppressed; then fail "entries were suppressed"; fi
echo "  $told entries in $((SECONDS - begin)) s, none suppressed"

step "a report, of a user of the group, while the service runs"
inside runuser -u nctd -- nctd report --json | python3 -c '
import json, sys
labs = {lab["lab"]: lab for lab in json.load(sys.stdin)["labs"]}
assert sum(lab["done"] for lab in labs.values()) == int(sys.argv[1]), labs.keys()
assert all(lab["unread"] == 0 for lab in labs.values())
print("  ", {name: lab["done"] for name, lab in labs.items()})' "$captured" || fail "the report does not count what is done"
show nctd status --disk

step "stop under load"
captures lab-b 200
sleep 1
begin=$(date +%s%N)
inside systemctl stop nctd.service
took=$((($(date +%s%N) - begin) / 1000000))
[ "$took" -lt 15000 ] || fail "the stop took $took ms"
[ "$(property Result)" = success ] && [ "$(property ActiveState)" = inactive ] || fail "the stop failed: $(property Result)"
pending=$(total pending)
echo "  stopped in $took ms with $pending captures pending; $(inside journalctl -u nctd.service -o cat --no-pager NCT_EVENT=stopped -n 1)"

step "reboot and catch up"
inside systemctl enable nctd.service 2>/dev/null
captures lab-a 10
old=$leader
inside systemctl reboot >/dev/null 2>&1 || true
await_end() { ! kill -0 "$old" 2>/dev/null; }
await "the machine goes down" 60 await_end
leader=""
# systemd-nspawn boots the root again by itself; where /run is no tmpfs it ends instead, and is started again.
sleep 2
if kill -0 "$nspawn" 2>/dev/null; then await_boot "$old"; else boot; fi
is_active() { [ "$(property ActiveState)" = active ]; }
await "the service is active after the reboot" 120 is_active
catch_up 300
echo "  boot $boot_count: all $captured done without a hand"
show journalctl --no-pager -u nctd -b -p info -n 6

step "upgrade"
cp "$root/etc/nctd/nctd.toml" "$root.toml"
# The same program as a later revision.
dpkg-deb -R "$package" "$root.deb"
sed -i 's/^\(Version: .*\)-1$/\1-2/' "$root.deb/DEBIAN/control"
dpkg-deb --root-owner-group -Zgzip --build "$root.deb" "$root/root/nctd.deb" >/dev/null
rm -r "$root.deb"
pid=$(property MainPID)
inside env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq /root/nctd.deb >/dev/null 2>&1 || fail "the upgrade failed"
cmp -s "$root/etc/nctd/nctd.toml" "$root.toml" || fail "the upgrade changed the configuration"
rm -f "$root.toml"
await "the service is active after the upgrade" 60 is_active
[ "$(property MainPID)" != "$pid" ] || fail "the old program still runs"
[ "$(inside systemctl is-enabled nctd.service)" = enabled ] || fail "the upgrade disabled the service"
is_done || fail "the ledger is not what it was"
inside nctd verify >/dev/null 2>&1 || fail "nctd verify finds something after the upgrade"
echo "  $(inside dpkg-query -W nctd | tr '\t' ' '): configuration and ledger kept, the new program runs"

step "purge leaves the lab's results"
digest() { (cd "$root/srv" && find normalized microscope -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum); }
inside systemctl stop nctd.service
results=$(digest)
inside systemctl start nctd.service
inside env DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq nctd >/dev/null 2>&1 || fail "the purge failed"
[ "$(digest)" = "$results" ] || fail "the purge changed results or captures"
left=$(cd "$root" && find etc usr var lib opt srv -xdev \( -name '*nctd*' -o -user "$(inside id -u nctd)" \) \
    -not -path 'srv/normalized*' -not -path 'srv/microscope*' -not -path 'var/log/journal/*' -not -path 'var/cache/apt/*' 2>/dev/null || true)
[ -z "$left" ] || fail "the purge left: $left"
inside systemctl cat nctd.service >/dev/null 2>&1 && fail "the unit is still there"
echo "  left: $(find "$root/srv/normalized" -type f | wc -l) files of results, and the account that owns them"
echo "ok: the package on systemd $(inside systemctl --version | head -1 | cut -d' ' -f2), security figure $figure, $captured captures"
