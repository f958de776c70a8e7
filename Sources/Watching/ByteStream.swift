import CheckedArithmetic

/// A file's bytes one after the other, read 64 KiB at a time.
struct ByteStream {
    let source: ByteSource
    /// Of the byte that comes next.
    private(set) var offset: Int64
    private var chunk: [UInt8] = []
    private var chunkStart: Int64 = 0

    private static let chunkSize = 1 << 16

    init(_ source: ByteSource, at offset: Int64) {
        self.source = source
        self.offset = offset
    }

    mutating func skip(to offset: Int64) { self.offset = offset }

    /// Nil at the file's end.
    mutating func next() throws(FileError) -> UInt8? {
        var index = offset &- chunkStart
        if index < 0 || index >= chunk.count {
            chunk = try source.bytes(at: offset, count: Self.chunkSize)
            chunkStart = offset
            index = 0
        }
        guard index < chunk.count else { return nil }
        defer { offset &+= 1 }
        return chunk[Int(clamping: index)]
    }
}
