import CheckedArithmetic

extension Completeness {
    /// Has the rows that its header tells of; the last may lack its padding. Run lengths lead to their end.
    @Sendable static func bmp(_ source: ByteSource) throws(FileError) -> Verdict {
        func number(_ at: Int64, _ size: Int) throws(FileError) -> Int64? {
            try source.integer(at: at, size: size, bigEndian: false).flatMap { Int64(exactly: $0) }
        }
        let cut = Verdict.incomplete("the BMP's header is cut off")
        guard let pixels = try number(10, 4), let header = try number(14, 4) else { return cut }
        guard [12, 40, 52, 56, 64, 108, 124].contains(header) else { return .unknownFormat }
        let isCore = header == 12
        let (places, size) = (isCore ? [18, 20, 24] as [Int64] : [18, 22, 28], isCore ? 2 : 4)
        guard let width = try number(places[0], size), let height = try number(places[1], size),
            let bits = try number(places[2], 2), let compression = isCore ? 0 : try number(30, 4)
        else { return cut }
        let rows = isCore ? height : Int64(clamping: Int32(truncatingIfNeeded: height).magnitude)
        if compression == 1 || compression == 2 {
            // Which are ends of lines without number.
            if try source.zeros(before: source.size, atMost: 16) >= 16 {
                return .incomplete("the BMP's run lengths end in zeros, as if not written yet")
            }
            var runs = RunLengthEnd(source, from: pixels, width: width, rows: rows, bits: bits)
            return try runs.check()
        }
        let used = (width *? bits)?.dividedRoundingUp(by: 8)
        let stride = (width *? bits)?.dividedRoundingUp(by: 32) *? 4
        guard let area = pixels +? stride *? max(0, rows &- 1) +? used else {
            return .incomplete("the BMP's header tells of more bytes than any file can have")
        }
        guard source.size >= area else {
            return .incomplete("the BMP has \(source.size) bytes of the \(area) that its header tells")
        }
        if try source.endsUnwritten(from: pixels, to: area, row: stride) {
            return .incomplete("the BMP's rows end in zeros, as if not written yet")
        }
        // An embedded profile, "MBED", lies behind the pixels and tells what the colors mean.
        guard header == 124, try number(70, 4) == 0x4D42_4544, let place = try number(126, 4),
            let length = try number(130, 4), length > 0, let end = 14 +? place +? length, source.size < end
        else { return .whole }
        return .incomplete("the BMP's ICC profile is cut off")
    }
}

/// Follows the run lengths of a BMP to their end, as they are decoded.
private struct RunLengthEnd {
    private var stream: ByteStream
    private let width: Int64
    private let rows: Int64
    private let pixelsPerByte: Int64

    init(_ source: ByteSource, from start: Int64, width: Int64, rows: Int64, bits: Int64) {
        stream = ByteStream(source, at: start)
        self.width = width
        self.rows = rows
        pixelsPerByte = bits == 4 ? 2 : 1
    }

    // bounded: all that is added is 256 at the most a byte that was read, and no file has 2^55 bytes
    mutating func check() throws(FileError) -> Completeness.Verdict {
        var (x, y) = (Int64(0), Int64(0))
        codes: while true {
            // The mark that says so may be missing after the last row.
            if stream.offset >= stream.source.size, y >= rows || (y == rows - 1 && x >= width) { return .whole }
            guard let count = try stream.next(), let value = try stream.next() else { break codes }
            // What leaves the image is for the decoder to refuse.
            guard y < rows || (count == 0 && value <= 1) else { return .whole }
            if count > 0 {
                x += Int64(count)
                continue
            }
            switch value {
            case 0: (x, y) = (0, y + 1)
            case 1: return .whole
            case 2:
                guard let right = try stream.next(), let up = try stream.next() else { break codes }
                (x, y) = (x + Int64(right), y + Int64(up))
            default:
                let bytes = (Int64(value) + pixelsPerByte - 1) / pixelsPerByte
                x += Int64(value)
                stream.skip(to: stream.offset + bytes + bytes % 2)
                guard stream.offset <= stream.source.size else { break codes }
            }
        }
        return .incomplete("the BMP's run lengths are cut off")
    }
}
