#!/usr/bin/env python3
"""A file system that shows a folder and makes trouble on demand: `troubled_fs.py FOLDER MOUNTPOINT CONTROL`.

CONTROL is a JSON file, read anew whenever it changes:
  errors   {"read": 5, …}: these calls fail with that error number; "*" is every call but the first look at the root
  hang     true: no call is answered until it is false again
  inodes   true: another inode number at every look
  rules    "portable": names and calls as on a share of another system: no : ? * and their like, no case, no links
Needs Debian's python3-fuse.
"""
import errno
import itertools
import json
import os
import sys
import time

import fuse

fuse.fuse_python_api = (0, 2)
numbers = itertools.count(1 << 20)


class Control:
    def __init__(self, path):
        self.path, self.stamp, self.values = path, None, {}

    def __call__(self, call):
        while True:
            try:
                status = os.stat(self.path)
                stamp = (status.st_mtime_ns, status.st_ino)
                if stamp != self.stamp:
                    with open(self.path) as file:
                        self.values = json.load(file)
                    self.stamp = stamp
            except (OSError, ValueError):
                pass
            if not self.values.get("hang"):
                break
            time.sleep(0.05)
        code = self.values.get("errors", {}).get(call) or self.values.get("errors", {}).get("*")
        if code:
            raise OSError(code, os.strerror(code))


class Stat(fuse.Stat):
    def __init__(self, status, inode=None):
        for name in ["st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size", "st_atime", "st_mtime",
                     "st_ctime"]:
            setattr(self, name, getattr(status, name))
        if inode:
            self.st_ino = inode


def portable(path):
    if any(byte in path for byte in ':?*"<>|\\') or any(part.endswith((".", " ")) for part in path.split("/")):
        raise OSError(errno.EINVAL, "not a name here")


class Troubled(fuse.Fuse):
    def at(self, path, call):
        control(call)
        if control.values.get("rules") == "portable":
            portable(path)
            # No case: the name that is there stands for all that differ in case alone.
            place = folder
            for part in filter(None, path.split("/")):
                try:
                    names = os.listdir(place)
                except OSError:
                    names = []
                found = [name for name in names if name.casefold() == part.casefold()]
                place = os.path.join(place, found[0] if found else part)
            return place
        return folder + path

    def getattr(self, path):
        status = os.lstat(self.at(path, "getattr"))
        return Stat(status, next(numbers) if control.values.get("inodes") and path != "/" else None)

    def readdir(self, path, offset):
        names = [".", ".."] + os.listdir(self.at(path, "readdir"))
        return (fuse.Direntry(name, ino=next(numbers)) for name in names)

    def readlink(self, path): return os.readlink(self.at(path, "readlink"))
    def unlink(self, path): os.unlink(self.at(path, "unlink"))
    def rmdir(self, path): os.rmdir(self.at(path, "rmdir"))
    def mkdir(self, path, mode): os.mkdir(self.at(path, "mkdir"), mode)
    def rename(self, old, new): os.rename(self.at(old, "rename"), self.at(new, "rename"))
    def chmod(self, path, mode): os.chmod(self.at(path, "chmod"), mode)
    def chown(self, path, user, group): os.chown(self.at(path, "chown"), user, group)
    def truncate(self, path, size): os.truncate(self.at(path, "truncate"), size)
    def utime(self, path, times): os.utime(self.at(path, "utime"), times)

    def symlink(self, target, path):
        if control.values.get("rules") == "portable":
            raise OSError(errno.EPERM, "no links here")
        os.symlink(target, self.at(path, "symlink"))

    def link(self, old, new):
        if control.values.get("rules") == "portable":
            raise OSError(errno.EPERM, "no links here")
        os.link(self.at(old, "link"), self.at(new, "link"))

    def access(self, path, mode):
        if not os.access(self.at(path, "access"), mode):
            raise OSError(errno.EACCES, "no access")

    def statfs(self):
        control("statfs")
        return os.statvfs(folder)

    class File:
        def __init__(self, path, flags, *mode):
            self.descriptor = os.open(server.at(path, "create" if flags & os.O_CREAT else "open"), flags, *mode)
            self.direct_io, self.keep_cache = False, False

        def read(self, length, offset):
            control("read")
            return os.pread(self.descriptor, length, offset)

        def write(self, data, offset):
            control("write")
            return os.pwrite(self.descriptor, data, offset)

        def release(self, flags): os.close(self.descriptor)
        def flush(self): control("flush")

        def fsync(self, only_data):
            control("fsync")
            os.fsync(self.descriptor)

        def fgetattr(self):
            control("getattr")
            return Stat(os.fstat(self.descriptor), next(numbers) if control.values.get("inodes") else None)

        def ftruncate(self, size):
            control("truncate")
            os.ftruncate(self.descriptor, size)


folder, mount, control = os.path.abspath(sys.argv[1]), sys.argv[2], Control(os.path.abspath(sys.argv[3]))
server = Troubled(dash_s_do="setsingle")
server.file_class = Troubled.File
options = "fsname=troubled,attr_timeout=0,entry_timeout=0,negative_timeout=0,ac_attr_timeout=0,nonempty,use_ino"
server.parse([mount, "-f", "-o", options], errex=1)
server.multithreaded = True
server.main()
