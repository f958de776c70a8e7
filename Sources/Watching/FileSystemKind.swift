import Config
import Files

/// What kind of file system a root lies on, and so whether events can be relied upon there.
public struct FileSystemKind: Sendable, Equatable {
    public enum Reach: String, Sendable, CaseIterable {
        /// Every change passes this machine's kernel.
        case local
        /// Other machines write as well, and bring no events here.
        case network
        /// Made of other file systems, that may be written to without a word here.
        case layered
        /// A program serves it; it may or may not tell of changes.
        case fuse
    }

    /// As the system calls it, such as `ext4`, `nfs4`, `fuse.sshfs`.
    public let name: String
    public let reach: Reach

    public init(name: String, reach: Reach) {
        self.name = name
        self.reach = reach
    }

    /// Looks at a directory. Throws ``FileError`` if it cannot be opened.
    public init(path: String) throws(FileError) {
        let descriptor = try Descriptor.root(path)
        self.init(name: MountEntry.of(descriptor.number)?.type ?? "unknown")
    }

    /// By the name of the file system's type. One that is not known here is taken for local: should it bring no
    /// events after all, the reconciling scan still finds every file.
    public init(name: String) {
        let family = name.prefix { $0 != "." }
        let reach: Reach =
            Self.network.contains(String(family))
            ? .network : family.hasPrefix("fuse") ? .fuse : Self.layered.contains(String(family)) ? .layered : .local
        self.init(name: name, reach: reach)
    }

    /// Names as in `/proc/filesystems`.
    private static let network: Set<String> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "ncpfs", "coda", "gfs2", "ocfs2", "vboxsf",
        "lustre",
        "beegfs", "gpfs", "virtiofs", "prl_fs", "vmhgfs", "davfs", "glusterfs",
    ]

    private static let layered: Set<String> = ["overlay", "overlayfs", "aufs", "unionfs", "ecryptfs"]

    /// Where a file's number may be another one at the next look, by what is known of the kind alone.
    public var mayRenumber: Bool { reach != .local || ["vfat", "msdos", "exfat"].contains(name) }

    /// How a root here is watched: what is asked for, or for `auto` events where they tell of all that is written here, and
    /// scans elsewhere. What is layered is scanned at the same interval besides.
    public func mode(asked: WatchSettings.Mode) -> WatchSettings.Mode {
        guard asked == .auto else { return asked }
        return reach == .local || reach == .layered ? .inotify : .scan
    }
}
