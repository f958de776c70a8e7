/// Finds what may be a part of a file that its writer has not come to: a hole, or a long run of zeros, which no compressed
/// image has. Asked of files that could not be decoded.
public enum UnwrittenRun {
    /// Fewer zeros may stand in a header.
    private static let shortest = 1024
    private static let piece = 1 << 20

    /// Where the first begins; nil if there is none. Throws ``FileError``.
    public static func find(in file: ReadOnlyFile) throws(FileError) -> Int64? {
        if let hole = file.firstHole { return hole }
        var (offset, run) = (Int64(0), 0)
        while true {
            let bytes = try file.read(at: offset, count: piece)
            if bytes.isEmpty { return nil }
            for (index, byte) in bytes.enumerated() {
                run = byte == 0 ? run &+ 1 : 0
                if run == shortest { return offset &+ Int64(clamping: index &+ 1 &- shortest) }
            }
            offset &+= Int64(clamping: bytes.count)
        }
    }
}
