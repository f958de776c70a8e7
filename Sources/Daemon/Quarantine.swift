import Files
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
    /// Which page of the file failed, from 2 on; nil for the file, or its first page.
    public var page: Int?
    public var bytes: Int64
    /// Of the file; nil where it could not be read, or where a further page failed.
    public var sha256: String?
    public var attempts: Int
    public var failure: CaptureFailure
}

extension QuarantineRecord {
    /// Reads one; nil for what is none.
    init?(json: [UInt8]) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let record = try? decoder.decode(Self.self, from: Data(json)) else { return nil }
        self = record
    }
}

/// The tree of quarantine records.
public struct Quarantine: Sendable {
    private let tree: OpenTree
    private let rules: NameRules

    /// - Parameter rules: what the tree makes of names.
    public init(_ tree: OpenTree, rules: NameRules) { (self.tree, self.rules) = (tree, rules) }

    private func path(lab: String, _ capture: CapturePath) -> [UInt8] {
        tree.path(OutputNames.quarantine(lab: lab, path: capture, rules: rules))
    }

    /// Writes a record, whole or not at all, in place of an older one. Throws ``TreeError``.
    public func put(_ record: QuarantineRecord, lab: String, path capture: CapturePath) throws {
        let target = path(lab: lab, capture)
        let folder = DurableDirectory.holding(target)
        let json = try JSONText.encode(record)
        do throws(TreeError) {
            try TreeFiles.makeDirectories(folder, below: tree.place)
            try TreeFiles.replace(target, with: Array(json) + [UInt8(ascii: "\n")])
        } catch {
            throw tree.named(error)
        }
    }

    /// Takes a record away: the capture was done after all.
    public func release(lab: String, path capture: CapturePath) { TreeFiles.remove(path(lab: lab, capture)) }
}

extension CapturePath {
    /// The file's bytes in hexadecimal where its description does not say them all; nil where it does.
    var hexadecimalUnlessPlain: String? {
        let file = file
        return file.isPlain
            ? nil : file.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
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
