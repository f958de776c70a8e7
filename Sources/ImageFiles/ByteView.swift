import CheckedArithmetic

/// Bounds-checked reading of numbers from bytes in either order: out of bounds is nil, never a trap.
///
/// The bytes may be a part of a file; offsets are the file's all the same.
struct ByteView {
    let bytes: [UInt8]
    /// Where in the file the bytes begin.
    var base: Int
    /// Bytes of the file.
    var count: Int
    var bigEndian: Bool

    init(bytes: [UInt8], base: Int = 0, total: Int? = nil, bigEndian: Bool = false) {
        self.bytes = bytes
        self.base = base
        self.count = total ?? bytes.count
        self.bigEndian = bigEndian
    }

    /// The bytes from an offset on; nil where they are not all here.
    func slice(at offset: Int, count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, let start = offset -? base, start >= 0, let end = start +? count, end <= bytes.count else {
            return nil
        }
        return bytes[start..<end]
    }

    func integer(at offset: Int, size: Int) -> UInt64? {
        guard let found = slice(at: offset, count: size) else { return nil }
        var value: UInt64 = 0
        for i in 0..<size {
            value = value << 8 | UInt64(clamping: found[found.startIndex &+ (bigEndian ? i : size &- 1 &- i)])
        }
        return value
    }

    func u16(at offset: Int) -> Int? { integer(at: offset, size: 2).flatMap { Int(exactly: $0) } }
    func u32(at offset: Int) -> Int? { integer(at: offset, size: 4).flatMap { Int(exactly: $0) } }
    func i32(at offset: Int) -> Int? {
        integer(at: offset, size: 4).map { Int(clamping: Int32(truncatingIfNeeded: $0)) }
    }
    func u64(at offset: Int) -> Int? { integer(at: offset, size: 8).flatMap { Int(exactly: $0) } }

    func starts(with prefix: [UInt8], at offset: Int = 0) -> Bool {
        slice(at: offset, count: prefix.count)?.elementsEqual(prefix) ?? false
    }
}
