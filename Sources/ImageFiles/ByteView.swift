/// Bounds-checked reading of numbers from bytes in either order: out of bounds is nil, never a trap.
struct ByteView {
    let bytes: [UInt8]
    var bigEndian = false

    var count: Int { bytes.count }

    func integer(at offset: Int, size: Int) -> UInt64? {
        guard offset >= 0, offset <= bytes.count - size else { return nil }
        var value: UInt64 = 0
        for i in 0..<size {
            value = value << 8 | UInt64(bytes[offset + (bigEndian ? i : size - 1 - i)])
        }
        return value
    }

    func u16(at offset: Int) -> Int? { integer(at: offset, size: 2).map { Int($0) } }
    func u32(at offset: Int) -> Int? { integer(at: offset, size: 4).map { Int($0) } }
    func i32(at offset: Int) -> Int? { integer(at: offset, size: 4).map { Int(Int32(truncatingIfNeeded: $0)) } }
    func u64(at offset: Int) -> Int? { integer(at: offset, size: 8).flatMap { Int(exactly: $0) } }

    func starts(with prefix: [UInt8], at offset: Int = 0) -> Bool {
        offset >= 0 && prefix.count <= bytes.count - offset
            && bytes[offset..<offset + prefix.count].elementsEqual(prefix)
    }
}
