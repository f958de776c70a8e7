import Foundation
import ImageFiles

/// What Leica's LAS X writes beside its exports: `MetaData/NAME.xml` and `MetaData/NAME_Properties.xml`. The one place that
/// knows their names and reads them, for the commands and for the daemon.
package enum CompanionNotes {
    /// Larger ones are left alone.
    package static let mostBytes = 16 << 20

    /// The names that a capture's may have, best first: by its name as it is, and without what a channel, plane or time of
    /// it adds. Relative to what the capture's name is relative to.
    package static func names(of capture: [UInt8]) -> [[UInt8]] {
        let begin = capture.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        var stem = capture[begin...]
        if let dot = stem.lastIndex(of: UInt8(ascii: ".")), dot > begin { stem = stem[..<dot] }
        var names: [[UInt8]] = []
        for _ in 0..<4 {
            names += [".xml", "_Properties.xml"].map {
                capture[..<begin] + Array("MetaData/".utf8) + stem + Array($0.utf8)
            }
            guard let line = stem.lastIndex(of: UInt8(ascii: "_")), line > begin, isPart(stem[(line + 1)...]) else {
                break
            }
            stem = stem[..<line]
        }
        return names
    }

    /// What such a file says; nil where that is nothing.
    package static func read(_ bytes: [UInt8]) -> InstrumentNotes? {
        let notes = InstrumentNotes(text(bytes))
        return notes == InstrumentNotes("") ? nil : notes
    }

    /// What stands beside a capture; nil without such a file.
    static func beside(_ capture: [UInt8]) -> InstrumentNotes? {
        names(of: capture).lazy.compactMap { name in
            let limits = ImageLimits(maximumBytes: mostBytes)
            let text = String(decoding: name, as: UTF8.self)
            return (try? InputFile.read(bytes: name, path: text, limits: limits)).flatMap(read)
        }.first
    }

    /// `ch00`, `z3`, `t012`, `s1`, `RAW`: what an export adds for a part of an image.
    private static func isPart(_ word: ArraySlice<UInt8>) -> Bool {
        if word.elementsEqual("RAW".utf8) { return true }
        let digits = word.reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
        let letters = String(decoding: word.dropLast(digits), as: UTF8.self).lowercased()
        return digits > 0 && ["ch", "z", "t", "s", "m"].contains(letters)
    }

    /// LAS X writes UTF-16 as well as UTF-8.
    private static func text(_ bytes: [UInt8]) -> String {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return String(data: Data(bytes), encoding: .utf16) ?? ""
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
