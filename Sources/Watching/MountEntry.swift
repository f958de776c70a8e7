import Files

/// The mount that a directory lies on.
struct MountEntry: Equatable {
    /// Where it is mounted, bytes as the kernel shows them (`\040` for a blank).
    var point: String
    /// Such as `ext4`, `nfs4`, `fuse.sshfs`.
    var type: String

    /// Nil where `/proc` cannot tell.
    static func of(_ descriptor: Int32) -> MountEntry? {
        guard let info = KernelFile.lines("/proc/self/fdinfo/\(descriptor)"),
            let line = info.first(where: { $0.hasPrefix("mnt_id:") }),
            let id = line.split(whereSeparator: { $0 == ":" || $0 == "\t" || $0 == " " }).last
        else { return nil }
        return MountTable.shared.entry(String(id))
    }

    /// The one with an id in the table's text.
    init?(id: String, in mounts: [UInt8]) {
        let start = Array(id.utf8) + [UInt8(ascii: " ")]
        guard let mount = mounts.split(separator: UInt8(ascii: "\n")).first(where: { $0.starts(with: start) }) else {
            return nil
        }
        // ID parent device root point options … - type source options
        let fields = mount.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard fields.count > 5, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { return nil }
        (point, type) = (fields[4], fields[dash + 1])
    }
}
