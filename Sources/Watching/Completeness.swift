import CheckedArithmetic

/// Whether an image file is all there, as far as its format says: a writer that pauses leaves a quiet file that is half
/// written. Asks for no more than the decoder reads. Reads ends and headers, a few kilobytes of most files, and never
/// more than a budget; the content itself is not judged.
///
/// Sources: ITU-T T.81 (JPEG), PNG 1.2 (W3C), TIFF 6.0 and BigTIFF, Microsoft's "Bitmap Header Types".
public enum Completeness {
    public enum Verdict: Sendable, Equatable {
        case whole
        /// What is missing, such as "the JPEG's end marker is missing".
        case incomplete(String)
        /// The budget was spent before the answer was found; what was being looked for.
        case undecided(String)
        /// The content is none of the formats that are known here.
        case unknownFormat
    }

    /// Looks at a file by its content, whatever its name. Throws ``FileError`` if it cannot be read.
    public static func check(_ file: ReadOnlyFile, budget: ReadBudget = ReadBudget()) throws(FileError) -> Verdict {
        let source = try ByteSource(file, budget: budget)
        let verdict = try check(source)
        if verdict == .whole, let hole = file.firstHole {
            return .incomplete("the file has room from byte \(hole) on that is not written yet")
        }
        guard source.isSpent, verdict != .whole else { return verdict }
        return .undecided("its end was not found within \(source.budgetText)")
    }

    private static func check(_ source: ByteSource) throws(FileError) -> Verdict {
        guard source.size > 0 else { return .incomplete("the file is empty") }
        let head = try source.bytes(at: 0, count: 32)
        if head.allSatisfy({ $0 == 0 }) { return .incomplete("the file begins with zeros, as if not written yet") }
        for (magic, check) in formats where head.prefix(magic.count).elementsEqual(magic.prefix(head.count)) {
            if head.count < magic.count { return .incomplete("the file has \(source.size) bytes, less than a header") }
            return try check(source)
        }
        return .unknownFormat
    }

    private static let formats: [(magic: [UInt8], check: @Sendable (ByteSource) throws(FileError) -> Verdict)] = [
        ([0xFF, 0xD8, 0xFF], jpeg),
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png),
        ([0x49, 0x49, 42, 0], { source throws(FileError) in try TIFFLayout(source, isBigEndian: false).check() }),
        ([0x49, 0x49, 43, 0], { source throws(FileError) in try TIFFLayout(source, isBigEndian: false).check() }),
        ([0x4D, 0x4D, 0, 42], { source throws(FileError) in try TIFFLayout(source, isBigEndian: true).check() }),
        ([0x4D, 0x4D, 0, 43], { source throws(FileError) in try TIFFLayout(source, isBigEndian: true).check() }),
        ([0x42, 0x4D], bmp),
    ]

    // MARK: PNG

    @Sendable private static func png(_ source: ByteSource) throws(FileError) -> Verdict {
        let end: [UInt8] = [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82]
        let hasEnd = try source.bytes(at: max(8, source.size &- 12), count: 12) == end
        // Something may follow the end; the chunks tell.
        var at: Int64 = 8
        while let length = try source.integer(at: at, size: 4, bigEndian: true), let typeAt = at +? 4 {
            let type = try source.bytes(at: typeAt, count: 4)
            guard type.count == 4 else { break }
            guard type.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) }) else {
                return .incomplete("the PNG has no chunk at byte \(at), where one should be")
            }
            guard let next = at +? 12 +? Int64(exactly: length), next <= source.size else { break }
            if type.elementsEqual("IEND".utf8) { return .whole }
            at = next
        }
        // Of one with more chunks than the budget allows to look at, the end tells.
        if hasEnd, source.isSpent { return .whole }
        return .incomplete("the PNG's last chunk (IEND) is missing")
    }
}
