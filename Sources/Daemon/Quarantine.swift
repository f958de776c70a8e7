import Foundation
import Jobs
import Ledger
import Watching

/// Why a capture could not be done, beside the tree of results; the capture itself stays where it is.
public struct QuarantineRecord: Sendable, Equatable, Codable {
    public var schemaVersion = 1
    public var createdAt: String
    public var lab: String
    public var root: String
    /// Below the root; what is no printable UTF-8 stands as `\xNN`.
    public var path: String
    /// The path's bytes in hexadecimal, only where `path` has something escaped.
    public var pathBytes: String?
    public var bytes: Int64
    public var sha256: String?
    public var attempts: Int
    public var failure: CaptureFailure
}

/// The tree of quarantine records.
public struct Quarantine: Sendable {
    let directory: [UInt8]

    public init(directory: String) { self.directory = Array(directory.utf8) }

    private func path(lab: String, _ capture: CapturePath) -> [UInt8] {
        directory + [UInt8(ascii: "/")] + OutputNames.quarantine(lab: lab, path: capture)
    }

    /// Writes a record, whole or not at all, in place of an older one.
    public func put(_ record: QuarantineRecord, lab: String, path capture: CapturePath) throws {
        let target = path(lab: lab, capture)
        let folder = TreeFiles.directory(of: target)
        let temporary = TreeFiles.temporaryName(in: folder)
        let json = try JSONText.encode(record)
        try TreeFiles.makeDirectories(folder, below: directory)
        try TreeFiles.writeNew(Array(json) + [UInt8(ascii: "\n")], to: temporary)
        do {
            try TreeFiles.rename(temporary, to: target)
        } catch {
            TreeFiles.remove(temporary)
            throw error
        }
        try TreeFiles.syncDirectory(folder)
    }

    /// Takes a record away: the capture was done after all.
    public func release(lab: String, path capture: CapturePath) { TreeFiles.remove(path(lab: lab, capture)) }
}

extension CapturePath {
    /// The bytes in hexadecimal where the description does not say them all; nil where it does.
    var hexadecimalUnlessPlain: String? {
        isPlain ? nil : bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// From what a sidecar or a record has: the text, and the bytes where the text is not all.
    public init?(text: String, hexadecimal: String?) {
        guard let hexadecimal else {
            self.init(text)
            return
        }
        let digits = hexadecimal.compactMap(\.hexDigitValue)
        guard digits.count == hexadecimal.count, digits.count.isMultiple(of: 2) else { return nil }
        self.init(bytes: stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }
}
