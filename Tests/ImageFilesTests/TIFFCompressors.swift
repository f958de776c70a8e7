/// The plainest compressors whose output is valid. Source: TIFF 6.0, sections 9 and 13; RFC 1950 and 1951.
enum TIFFCompressors {
    /// Runs of two and more as runs, the rest as it is.
    static func packBits(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var at = 0
        func run(at start: Int) -> Int { bytes[start...].prefix(128).prefix { $0 == bytes[start] }.count }
        while at < bytes.count {
            let length = run(at: at)
            if length >= 2 {
                out += [UInt8(257 - length), bytes[at]]
                at += length
                continue
            }
            var end = at + 1
            while end < bytes.count, end - at < 128, run(at: end) < 2 { end += 1 }
            out.append(UInt8(end - at - 1))
            out += bytes[at..<end]
            at = end
        }
        return out
    }

    /// A zlib stream of stored blocks.
    static func deflate(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: max(bytes.count, 1), by: 65535) {
            let block = bytes[start..<min(start + 65535, bytes.count)]
            let (low, high) = (UInt8(block.count & 255), UInt8(block.count >> 8))
            out += [block.endIndex == bytes.count ? 1 : 0, low, high, ~low, ~high]
            out += block
        }
        let sums = bytes.reduce((a: 1, b: 0)) { sums, byte in
            let a = (sums.a + Int(byte)) % 65521
            return (a, (sums.b + a) % 65521)
        }
        let check = sums.b << 16 | sums.a
        return out + (0..<4).map { UInt8(truncatingIfNeeded: check >> (24 - 8 * $0)) }
    }

    /// Codes from 9 to 12 bits, high bit first, growing one code early, as TIFF has it.
    static func lzw(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var (buffer, filled, codeBits) = (0, 0, 9)
        func emit(_ code: Int) {
            buffer = buffer << codeBits | code
            filled += codeBits
            while filled >= 8 {
                out.append(UInt8(truncatingIfNeeded: buffer >> (filled - 8)))
                filled -= 8
            }
            buffer &= 1 << filled - 1
        }
        var table: [[UInt8]: Int] = [:]
        var next = 258
        func clear() {
            emit(256)
            table = Dictionary(uniqueKeysWithValues: (0...255).map { ([UInt8($0)], $0) })
            (next, codeBits) = (258, 9)
        }
        clear()
        var current: [UInt8] = []
        for byte in bytes {
            if table[current + [byte]] != nil {
                current.append(byte)
                continue
            }
            emit(table[current]!)
            table[current + [byte]] = next
            next += 1
            if next == 512 || next == 1024 || next == 2048 { codeBits += 1 }
            if next == 4095 { clear() }
            current = [byte]
        }
        if !current.isEmpty { emit(table[current]!) }
        // The decoder has added one more code by now.
        next += 1
        if next == 512 || next == 1024 || next == 2048 { codeBits += 1 }
        emit(257)
        if filled > 0 { emit(0) }
        return out
    }
}
