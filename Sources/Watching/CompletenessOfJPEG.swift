import CheckedArithmetic

extension Completeness {
    /// The segments lead to a scan, and the file ends with EOI; or, where something follows it (cameras append previews),
    /// they lead to an EOI.
    @Sendable static func jpeg(_ source: ByteSource) throws(FileError) -> Verdict {
        let tail = try source.bytes(at: max(2, source.size &- 4096), count: 4096)
        let hasEnd = tail.reversed().drop(while: { $0 == 0 }).reversed().suffix(2).elementsEqual([0xFF, 0xD9])
        let missing = Verdict.incomplete("the JPEG's end marker (EOI) is missing")
        var reader = ByteStream(source, at: 2)
        while let marker = try reader.nextMarker() {
            switch marker {
            case 0xD9: return .whole
            case 0x01, 0xD0...0xD7: continue
            case 0xD8: return .incomplete("a second JPEG begins at byte \(reader.offset &- 2)")
            default:
                guard let length = try source.integer(at: reader.offset, size: 2, bigEndian: true), length >= 2,
                    let next = reader.offset +? Int64(exactly: length)
                else { return missing }
                // The entropy-coded data after a scan's header has no markers of its own but RST and stuffed zeros.
                reader.skip(to: next)
                if marker == 0xDA, hasEnd { return .whole }
            }
        }
        return missing
    }
}

extension ByteStream {
    /// Passes to the end of the next marker.
    fileprivate mutating func nextMarker() throws(FileError) -> UInt8? {
        var isAfterFF = false
        while let byte = try next() {
            if isAfterFF, byte != 0, byte != 0xFF { return byte }
            isAfterFF = byte == 0xFF
        }
        return nil
    }
}
