import CheckedArithmetic

/// Bounds-checked reading of numbers from bytes in either order: out of bounds is nil, never a trap.
///
/// The bytes may be a part of a file; offsets are the file's all the same.
public struct ByteReader: Sendable {
    public let bytes: [UInt8]
    /// Where in the file the bytes begin.
    private let base: Int
    /// Bytes of the file.
    public let count: Int
    public var bigEndian: Bool

    public init(bytes: [UInt8], base: Int = 0, total: Int? = nil, bigEndian: Bool = false) {
        self.bytes = bytes
        self.base = base
        self.count = total ?? bytes.count
        self.bigEndian = bigEndian
    }

    /// The bytes from an offset on; nil where they are not all here.
    public func slice(at offset: Int, count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, let start = offset -? base, start >= 0, let end = start +? count, end <= bytes.count else {
            return nil
        }
        return bytes[start..<end]
    }

    /// The number of up to eight bytes at an offset.
    public func integer(at offset: Int, size: Int) -> UInt64? {
        slice(at: offset, count: size).map { UInt64(bytes: $0, bigEndian: bigEndian) }
    }

    public func u16(at offset: Int) -> Int? { integer(at: offset, size: 2).flatMap { Int(exactly: $0) } }
    public func u32(at offset: Int) -> Int? { integer(at: offset, size: 4).flatMap { Int(exactly: $0) } }
    public func i32(at offset: Int) -> Int? {
        integer(at: offset, size: 4).map { Int(clamping: Int32(truncatingIfNeeded: $0)) }
    }
    public func u64(at offset: Int) -> Int? { integer(at: offset, size: 8).flatMap { Int(exactly: $0) } }

    public func starts(with prefix: [UInt8], at offset: Int = 0) -> Bool {
        slice(at: offset, count: prefix.count)?.elementsEqual(prefix) ?? false
    }
}
