"""Where a script's daemon runs: here, from the build, or as the package's service on a Debian with a systemd of its own
(systemd-nspawn; needs root and what `debian-root` needs).
"""
import atexit
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from bench import ROOT, Bench, Daemon, check

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def saw(text, lines=6):
    for line in text.strip().splitlines()[:lines]:
        print(f"    {line[:220]}", flush=True)


def debian_root():
    """A minimal Debian root; ends the script with SKIPPED where there can be none."""
    made = subprocess.run([os.path.join(ROOT, "Tests", "Acceptance", "debian-root")], capture_output=True, text=True)
    if made.returncode == 77:
        print(f"SKIPPED: {os.path.basename(sys.argv[0])}: {made.stderr.strip()}", file=sys.stderr)
        sys.exit(1 if os.environ.get("NCTD_REQUIRE_SYSTEMD") == "1" else 0)
    check(made.returncode == 0, f"debian-root: {made.stderr}")
    return made.stdout.strip()


def package(revision=None):
    """The newest package that `make deb` made, or the same program as a later revision."""
    found = sorted(glob.glob(os.path.join(ROOT, ".build", "deb", "nctd_*-1_*.deb")), key=os.path.getmtime)
    check(found, "there is no package; run make deb")
    if revision is None:
        return found[-1]
    folder = tempfile.mkdtemp(prefix="nctd-acceptance-deb-")
    atexit.register(shutil.rmtree, folder, True)
    unpacked = os.path.join(folder, "package")
    subprocess.run(["dpkg-deb", "-R", found[-1], unpacked], check=True)
    control = os.path.join(unpacked, "DEBIAN", "control")
    with open(control) as file:
        lines = [f"{line.rsplit('-', 1)[0]}-{revision}" if line.startswith("Version: ") else line
                 for line in file.read().splitlines()]
    with open(control, "w") as file:
        file.write("\n".join(lines) + "\n")
    target = os.path.join(folder, "nctd.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", unpacked, target], check=True,
                   stdout=subprocess.DEVNULL)
    return target


class Container:
    """A booted Debian that shares a folder with this machine, under the same path."""

    def __init__(self, name, shared):
        debian = debian_root()
        self.root = tempfile.mkdtemp(prefix=f"{name}.", dir=os.path.dirname(debian))
        atexit.register(self.remove)
        subprocess.run(["cp", "-a", debian + "/.", self.root], check=True)
        with open(self.root + ".log", "wb") as log:
            self.nspawn = subprocess.Popen(
                ["systemd-nspawn", "--boot", "--quiet", f"--directory={self.root}", f"--machine={name}",
                 "--resolv-conf=copy-host", "--register=no", "--keep-unit", "--console=pipe", f"--bind={shared}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.leader = None
        deadline = time.monotonic() + 120
        while not self.is_up():
            check(self.nspawn.poll() is None and time.monotonic() < deadline, f"{name} did not boot: {self.root}.log")
            time.sleep(0.2)

    def is_up(self):
        children = subprocess.run(["pgrep", "-P", str(self.nspawn.pid)], capture_output=True, text=True).stdout.split()
        if not children:
            return False
        self.leader = children[0]
        return self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")

    def command(self, *arguments):
        return ["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "--", "env", "-i", f"PATH={PATH}", "HOME=/root",
                "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *arguments]

    def run(self, *arguments):
        return subprocess.run(self.command(*arguments), capture_output=True, text=True)

    def must(self, *arguments):
        result = self.run(*arguments)
        check(result.returncode == 0, f"{' '.join(arguments)}: {result.returncode}: {result.stdout}{result.stderr}")
        return result.stdout

    def install(self, deb):
        shutil.copy(deb, os.path.join(self.root, "root", "nctd.deb"))
        self.must("apt-get", "update", "-qq")
        self.must("apt-get", "install", "-y", "-qq", "--no-install-recommends", "/root/nctd.deb")

    def remove(self):
        self.nspawn.terminate()
        try:
            self.nspawn.wait(10)
        except subprocess.TimeoutExpired:
            # The container's first process outlives a killed systemd-nspawn.
            subprocess.run(["kill", "-KILL", self.leader or "", str(self.nspawn.pid)], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.root, ignore_errors=True)
        if os.path.exists(self.root + ".log"):
            os.remove(self.root + ".log")


class ServiceDaemon(Daemon):
    """nctd.service of a container, started, with its journal read as it comes."""

    def __init__(self, container):
        self.container = container
        self.lines, self.times = [], {}
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            container.command("journalctl", "-f", "-n", "0", "-o", "json", "--no-pager", "-u", "nctd.service"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        atexit.register(self.process.kill)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        container.must("systemctl", "start", "nctd.service")

    def _read(self):
        for line in self.process.stdout:
            entry = json.loads(line)
            if "NCT_EVENT" not in entry:
                continue
            message = entry["MESSAGE"]
            text = message if isinstance(message, str) else bytes(message).decode("utf-8", "replace")
            with self.changed:
                self.lines.append(f"journal [{entry['NCT_EVENT']}] {text}")
                self.changed.notify_all()

    def reload(self):
        self.container.must("systemctl", "reload", "nctd.service")

    def stop(self, timeout=15):
        begin = time.monotonic()
        self.container.must("systemctl", "stop", "nctd.service")
        took = time.monotonic() - begin
        check(took < timeout, f"the stop took {took:.1f} s")
        state = self.container.must("systemctl", "show", "-P", "Result", "nctd.service").strip()
        check(state == "success", f"the service ended with {state}")
        self.process.kill()
        return took


class Here:
    """This machine: the built program, and no systemd."""

    examples = os.path.join(ROOT, "examples", "notify")
    nctd = staticmethod(Bench.nctd)

    def settle(self, bench):
        pass

    def start(self, bench):
        daemon = Daemon(bench)
        daemon.wait_for("ready")
        return daemon

    def reload(self, daemon):
        daemon.process.send_signal(signal.SIGHUP)

    def next(self):
        return self

    def upgrade(self):
        print("  NOT HERE: the package of a later version (--containers)", flush=True)


class Machine:
    """A machine of its own: the package, its service, and the bench in a folder that it shares with this one."""

    examples = "/usr/share/doc/nctd/examples/notify"

    def __init__(self, name, shared):
        print(f"  {name} boots; $ apt-get install ./nctd.deb", flush=True)
        self.shared = shared
        self.container = Container(name, shared)
        self.container.install(package())
        saw(self.container.must("nctd", "--version"))
        # What an engineer does whose results lie elsewhere: systemctl edit nctd.service.
        drop_in = os.path.join(self.container.root, "etc/systemd/system/nctd.service.d")
        os.makedirs(drop_in)
        with open(os.path.join(drop_in, "place.conf"), "w") as file:
            file.write(f"[Service]\nReadWritePaths={shared}\n")
        self.container.must("systemctl", "daemon-reload")

    def settle(self, bench):
        """What the service writes is its own, and the configuration is in its place."""
        self.container.must("chown", "nctd:nctd", bench.path)
        for folder in [bench.output, bench.held, bench.quarantine, bench.at("state"), bench.at("told")]:
            if os.path.exists(folder):
                self.container.must("chown", "-R", "--from=root", "nctd:nctd", folder)
        shutil.copy(bench.config, os.path.join(self.container.root, "etc/nctd/nctd.toml"))

    def nctd(self, bench, *arguments):
        return self.container.run("runuser", "-u", "nctd", "--", "nctd", *arguments)

    def start(self, bench):
        self.settle(bench)
        return ServiceDaemon(self.container)

    def reload(self, daemon):
        daemon.reload()

    def next(self):
        self.container.remove()
        return Machine("nctd-second", self.shared)

    def upgrade(self):
        print("  $ apt-get install ./nctd.deb, of a later version", flush=True)
        self.container.install(package(2))
        saw(self.container.must("dpkg-query", "-W", "nctd"))
