/// What tells one content of a file from another without reading it.
public struct FileStamp: Sendable, Hashable, Codable {
    public var device: UInt64
    public var inode: UInt64
    /// Bytes.
    public var size: Int64
    /// Nanoseconds since 1970, as the file system says; never compared with this machine's clock.
    public var modifiedNanoseconds: Int64
    /// The same of the last change of the file or of what is known of it, which nobody can set; 0 where it is not known.
    public var changedNanoseconds: Int64

    public init(
        device: UInt64, inode: UInt64, size: Int64, modifiedNanoseconds: Int64, changedNanoseconds: Int64 = 0
    ) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modifiedNanoseconds = modifiedNanoseconds
        self.changedNanoseconds = changedNanoseconds
    }

    /// The same without what means nothing where files have another number at every look.
    public var withoutInode: FileStamp {
        var stamp = self
        stamp.inode = 0
        return stamp
    }

    /// Whether the content is taken to be the same. The device's number is left out: it may change with every mount. A
    /// number or a time of change that is not known tells nothing.
    public func isSameContent(as other: FileStamp) -> Bool {
        size == other.size && modifiedNanoseconds == other.modifiedNanoseconds
            && (inode == 0 || other.inode == 0 || inode == other.inode)
            && (changedNanoseconds == 0 || other.changedNanoseconds == 0
                || changedNanoseconds == other.changedNanoseconds)
    }
}
