import Files
import Testing

@Suite struct ByteReaderTests {
    private static let bytes: [UInt8] = [0x01, 0x02, 0x03, 0x04, 0xFF, 0xFE, 0xFD, 0xFC, 0x09]

    @Test("Numbers in both orders")
    func orders() {
        let little = ByteReader(bytes: Self.bytes)
        let big = ByteReader(bytes: Self.bytes, bigEndian: true)
        #expect(little.u16(at: 0) == 0x0201 && big.u16(at: 0) == 0x0102)
        #expect(little.u32(at: 0) == 0x0403_0201 && big.u32(at: 0) == 0x0102_0304)
        #expect(little.i32(at: 4) == -0x0302_0101 && big.i32(at: 4) == -0x0001_0204)
        #expect(little.integer(at: 0, size: 8) == 0xFCFD_FEFF_0403_0201)
        #expect(big.integer(at: 0, size: 8) == 0x0102_0304_FFFE_FDFC)
        #expect(little.u64(at: 0) == nil && big.u64(at: 0) == 0x0102_0304_FFFE_FDFC)
        #expect(little.integer(at: 3, size: 0) == 0)
    }

    @Test("What is not all there is nil, whatever the offset")
    func bounds() {
        let reader = ByteReader(bytes: Self.bytes)
        for offset in [-1, 8, 9, .max - 1, .max, .min] { #expect(reader.u16(at: offset) == nil, "\(offset)") }
        #expect(reader.u16(at: 7) == 0x09FC)
        #expect(reader.slice(at: 9, count: 0)?.isEmpty == true)
        #expect(reader.slice(at: 0, count: -1) == nil && reader.slice(at: 1, count: .max) == nil)
        #expect(reader.starts(with: [0xFD, 0xFC, 0x09], at: 6) && !reader.starts(with: [0xFC, 0x09, 0], at: 7))
    }

    @Test("A part of a file is read by the file's offsets")
    func window() {
        let reader = ByteReader(bytes: Self.bytes, base: 100, total: 1000, bigEndian: true)
        #expect(reader.count == 1000)
        #expect(reader.u16(at: 100) == 0x0102 && reader.u16(at: 107) == 0xFC09)
        for offset in [0, 99, 108, 998, .min] { #expect(reader.u16(at: offset) == nil, "\(offset)") }
    }
}
