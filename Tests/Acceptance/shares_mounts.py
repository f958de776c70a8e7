#!/usr/bin/env python3
"""What `auto` decides for each kind of mount, and that what no event tells of is found within one interval: on local file
systems, bind mounts, overlays and FUSE, and on NFS and SMB from servers on loopback. `shares_mounts.py KIND …` runs those
kinds alone.

Needs root; NFS needs nfs-kernel-server and a kernel with nfs and nfsd, SMB samba and a kernel with cifs, and SMB by FUSE
samba and smbnetfs. Where one lacks, the script says so.
"""
import ctypes
import os
import shutil
import socket
import subprocess
import time

from bench import Bench, Daemon, check, main, smear
from mounts import Troubled, mount, needs_fuse, row, run_rows

SCAN, RECONCILE = 2, 4


class Watched:
    """A bench that watches one place after the other."""

    def __init__(self):
        self.bench, self.count = Bench(), 0

    def folder(self, name):
        os.makedirs(self.bench.at(name), exist_ok=True)
        return self.bench.at(name)

    def expect(self, mode, kind, place, behind, within):
        """`place` is watched by `mode`, and a capture that is written at `behind`, where the kernel of this machine may
        not tell of it, is done within so many seconds and the pace of a busy machine."""
        self.bench.labs["lab-a"] = place
        self.bench.configure(watch_extra=f"scan_interval_seconds = {SCAN}\nreconcile_interval_seconds = {RECONCILE}")
        told = self.bench.nctd("check", "--no-prepare").stdout
        check(f"watched by {mode}" in [line for line in told.splitlines() if f"  {place}  " in line][0],
              f"{kind}: check says {told}")
        daemon = Daemon(self.bench)
        daemon.wait_for("ready")
        begin = time.monotonic()
        self.count += 1
        name = f"{kind}-{self.count}.png"
        with open(os.path.join(behind, name), "wb") as file:
            file.write(smear(self.count))
        while not os.path.exists(os.path.join(self.bench.output, f"lab-a/{name}.json")):
            check(time.monotonic() < begin + within + 20, f"{kind}: not found: {daemon.lines[-3:]}")
            time.sleep(0.05)
        took = time.monotonic() - begin
        found = [root for root in self.bench.status()["roots"] if root["path"] == place][0]["mode"]
        check(found == mode, f"{kind} is watched by {found}, not by {mode}")
        daemon.stop()
        with open("/proc/self/mounts") as file:
            types = [line.split()[2] for line in file if line.split()[1] == place]
        print(f"  {kind} ({(types or ['a folder'])[-1]}): {mode}, done after {took:.1f} s", flush=True)

    def remove(self, *places):
        for place in places:
            subprocess.run(["umount", "--lazy", place], check=False)
        self.bench.remove()


@row("local")
def local():
    """tmpfs, a bind mount of it, and ext4 in a file: by events."""
    watched = Watched()
    tmpfs, other, ext4 = [watched.folder(name) for name in ["tmpfs", "other", "ext4"]]
    mount("-t", "tmpfs", "tmpfs", tmpfs)
    watched.expect("inotify", "tmpfs", tmpfs, tmpfs, RECONCILE)
    mount("--bind", tmpfs, other)
    watched.expect("inotify", "bind", other, tmpfs, RECONCILE)
    image = watched.bench.at("ext4.img")
    with open(image, "wb") as file:
        file.truncate(32 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    mount("-o", "loop", image, ext4)
    watched.expect("inotify", "ext4", ext4, ext4, RECONCILE)
    watched.remove(ext4, other, tmpfs)


@row("overlay")
def overlay():
    """An overlay: by events, and by scans for what is written behind its back."""
    watched = Watched()
    lower, upper, over = [watched.folder(name) for name in ["lower", "upper", "over"]]
    mount("-t", "tmpfs", "tmpfs", upper)
    os.makedirs(upper + "/u")
    os.makedirs(upper + "/w")
    mount("-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={upper}/u,workdir={upper}/w", over)
    watched.expect("inotify", "overlay", over, over, SCAN)
    watched.expect("inotify", "overlay-below", over, upper + "/u", SCAN)
    watched.remove(over, upper)


@row("fuse", needs_fuse)
def fuse():
    """FUSE, and a bind mount of it: by scans."""
    watched = Watched()
    shown = Troubled(watched.bench, "fuse")
    watched.expect("scan", "fuse", shown.place, shown.folder, SCAN)
    bound = watched.folder("bound")
    mount("--bind", shown.place, bound)
    watched.expect("scan", "fuse-bind", bound, shown.folder, SCAN)
    subprocess.run(["umount", "--lazy", bound], check=False)
    shown.remove()
    watched.remove()


def lacks(kernel, *programs):
    def needs():
        with open("/proc/filesystems") as file:
            names = file.read().split()
        missing = [name for name in kernel if name not in names]
        if missing:
            return f"this kernel has no {' and no '.join(missing)}"
        missing = [name for name in programs if not shutil.which(name)]
        return f"it needs {', '.join(missing)}" if missing else None
    return needs


def own_network():
    """A loopback of this script alone, so that no server on it is seen by anyone."""
    check(ctypes.CDLL(None, use_errno=True).unshare(0x40000000) == 0, "no network namespace of its own")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def await_port(number):
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", number), 1).close()
        except OSError:
            check(time.monotonic() < deadline, f"no server at port {number}")
            time.sleep(0.1)


class Samba:
    """A server with one share, `in`."""

    def __init__(self, watched):
        own_network()
        self.folder = watched.folder("served")
        state = watched.folder("samba")
        with open(f"{state}/smb.conf", "w") as file:
            file.write(f"""[global]
interfaces = lo
bind interfaces only = yes
map to guest = Bad User
guest account = root
log level = 0
smb ports = 445
""" + "".join(f"{name} = {state}\n" for name in ["lock directory", "state directory", "cache directory", "private dir",
                                                 "pid directory", "ncalrpc dir"]) + f"""[in]
path = {self.folder}
guest ok = yes
read only = no
""")
        self.process = subprocess.Popen(["smbd", "--foreground", "--configfile", f"{state}/smb.conf"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await_port(445)

    def remove(self):
        self.process.terminate()
        self.process.wait()


@row("smb", lacks(["cifs"], "smbd", "mount.cifs"))
def smb():
    """A share of a Samba server, by the kernel: by scans."""
    watched = Watched()
    samba = Samba(watched)
    place = watched.folder("share")
    mount("-t", "cifs", "-o", "guest", "//127.0.0.1/in", place)
    watched.expect("scan", "smb", place, samba.folder, SCAN)
    watched.remove(place)
    samba.remove()


@row("smb-fuse", lacks(["fuse"], "smbd", "smbnetfs"))
def smb_fuse():
    """A share of a Samba server, by a program: by scans."""
    watched = Watched()
    samba = Samba(watched)
    place, home = watched.folder("network"), watched.folder("home")
    os.makedirs(f"{home}/.smb")
    for name, text in [("smb.conf", "[global]\nclient min protocol = SMB2\n"), ("smbnetfs.auth", ""),
                       ("smbnetfs.host", "host 127.0.0.1 visible=true\n"),
                       ("smbnetfs.conf", 'include "smbnetfs.auth"\ninclude "smbnetfs.host"\nauth "guest" ""\n')]:
        with open(f"{home}/.smb/{name}", "w") as file:
            file.write(text)
        os.chmod(f"{home}/.smb/{name}", 0o600)
    made = subprocess.Popen(["smbnetfs", "-f", "-o", "nonempty", place], env=dict(os.environ, HOME=home),
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    share = f"{place}/127.0.0.1/in"
    deadline = time.monotonic() + 30
    while not os.path.isdir(share):
        check(time.monotonic() < deadline and made.poll() is None, "smbnetfs shows no share")
        time.sleep(0.1)
    watched.expect("scan", "smb-fuse", share, samba.folder, SCAN)
    watched.remove(place)
    made.terminate()
    made.wait()
    samba.remove()


@row("nfs", lacks(["nfs4", "nfsd"], "exportfs", "rpc.nfsd", "rpc.mountd", "mount.nfs"))
def nfs():
    """A share of an NFS server: by scans."""
    watched = Watched()
    own_network()
    served, place = watched.folder("served"), watched.folder("share")
    # What is exported lies on a file system of its own, and the server's state is this script's.
    mount("-t", "tmpfs", "tmpfs", served)
    for folder in ["/var/lib/nfs", "/run"]:
        mount("-t", "tmpfs", "tmpfs", folder)
    os.makedirs("/var/lib/nfs/v4recovery")
    open("/var/lib/nfs/etab", "w").close()
    subprocess.run(["mount", "-t", "nfsd", "nfsd", "/proc/fs/nfsd"], check=False)
    subprocess.run(["exportfs", "-o", "rw,no_root_squash,fsid=0,insecure", f"127.0.0.1:{served}"], check=True)
    subprocess.run(["rpc.nfsd", "--no-nfs-version", "3", "--nfs-version", "4", "1"], check=True)
    daemon = subprocess.Popen(["rpc.mountd", "--foreground", "--no-nfs-version", "3"])
    await_port(2049)
    mount("-t", "nfs4", "127.0.0.1:/", place)
    watched.expect("scan", "nfs", place, served, SCAN)
    subprocess.run(["umount", place], check=True)
    subprocess.run(["rpc.nfsd", "0"], check=True)
    daemon.terminate()
    daemon.wait()
    watched.remove(served)


main(run_rows)
