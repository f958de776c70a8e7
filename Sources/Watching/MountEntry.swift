import Files

/// The mount that a directory lies on, as every process of this machine sees it.
public struct MountEntry: Equatable, Sendable {
    /// Where it is mounted, bytes as the kernel shows them (`\040` for a blank).
    public private(set) var point: String
    /// Such as `ext4`, `nfs4`, `fuse.sshfs`.
    public private(set) var type: String

    /// Nil where `/proc` cannot tell.
    static func of(_ descriptor: Int32) -> MountEntry? {
        guard let info = KernelFile.lines("/proc/self/fdinfo/\(descriptor)"),
            let line = info.first(where: { $0.hasPrefix("mnt_id:") }),
            let id = line.split(whereSeparator: { $0 == ":" || $0 == "\t" || $0 == " " }).last
        else { return nil }
        return MountTable.shared.entry(String(id))
    }

    /// The one with an id in the table's text.
    ///
    /// What shows no more than would be there without it does not count as a mount of its own: systemd mounts so, within a
    /// service, over each directory that the service may write to, and no other process sees that.
    public init?(id: String, in mounts: [UInt8]) {
        guard var line = MountLine(id: id, in: mounts) else { return nil }
        type = line.type
        while let below = MountLine(id: line.parent, in: mounts), below.id != line.id, line.repeats(below) {
            line = below
        }
        point = line.point
    }
}

/// A line of `/proc/PID/mountinfo`: ID parent device root point options … - type source options.
private struct MountLine {
    var id: String
    var parent: String
    var device: String
    /// Which directory of the file system is mounted, in that file system.
    var root: String
    var point: String
    var type: String

    init?(id: String, in mounts: [UInt8]) {
        let start = Array(id.utf8) + [UInt8(ascii: " ")]
        guard let mount = mounts.split(separator: UInt8(ascii: "\n")).first(where: { $0.starts(with: start) }) else {
            return nil
        }
        let fields = mount.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard fields.count > 5, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { return nil }
        (self.id, parent, device, root) = (id, fields[1], fields[2], fields[3])
        (point, type) = (fields[4], fields[dash + 1])
    }

    /// Whether the mount below shows the same directory at this one's point.
    func repeats(_ below: MountLine) -> Bool {
        guard device == below.device, let inside = point.below(below.point) else { return false }
        return root.below(below.root) == inside
    }
}

extension String {
    /// What follows a directory in a path that lies in it, from the slash on; nil where it does not.
    func below(_ directory: String) -> String? {
        guard directory != "/" else { return self == "/" ? "" : self }
        return self == directory ? "" : hasPrefix(directory + "/") ? String(dropFirst(directory.count)) : nil
    }
}
