import Crypto
import Foundation
import ImageFiles
import Jobs
import NCTEngine

/// The files of what was learned of one lab, by one watched tree and profile: `STATE/learned/LAB-PROFILE-DIGEST/`, where
/// `learned.json` names the palette in force and `palette-DIGEST.json` are palettes, each whole or not there at all.
package struct LearningFolder: Sendable {
    package let path: String
    private let lab: String
    private let profile: String

    /// Earlier palettes that are kept.
    package static let mostEarlier = 3
    private static let recordName = "learned.json"
    /// A record or palette has some thousand bytes.
    private static let limits = ImageLimits(maximumBytes: 1 << 20)

    package init(stateDirectory: String, lab: String, profile: String) {
        path = Self.directory(of: stateDirectory) + "/" + Self.name(lab: lab, profile: profile)
        (self.lab, self.profile) = (lab, profile)
    }

    private static func directory(of stateDirectory: String) -> String { stateDirectory + "/learned" }

    /// A name that any two names of a lab and a profile, whatever their characters, have to themselves.
    private static func name(lab: String, profile: String) -> String {
        let isPlain: (Character) -> Bool = { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        let readable = "\(lab)-\(profile)".map { isPlain($0) ? String($0) : "_" }.joined().prefix(60)
        let digest = FileDigest.sha256(Array("\(lab.utf8.count):\(lab)\(profile)".utf8)).prefix(8)
        return "\(readable)-\(digest)"
    }

    package func palettePath(_ sha256: String) -> String { "\(path)/palette-\(sha256.prefix(16)).json" }

    /// What the files hold.
    package struct Content: Sendable {
        package var record: LearningRecord
        package var palette: LearnedPalette?
        package var earlier: [LearnedPalette] = []
        /// What should be there and is not, or is damaged, with the reason.
        package var damage: (path: String, reason: String)?
    }

    /// Reads the files; what cannot be read counts as not there.
    package func read() -> Content {
        var content = Content(record: LearningRecord(lab: lab, profile: profile))
        let recordPath = path + "/" + Self.recordName
        guard FileManager.default.fileExists(atPath: recordPath) else { return content }
        do {
            content.record = try Self.record(at: recordPath)
        } catch {
            content.damage = (recordPath, Self.reason(error))
            return content
        }
        content.earlier = content.record.earlier.compactMap { try? palette($0) }
        if let known = content.record.palette {
            do {
                content.palette = try palette(known.sha256)
            } catch {
                content.damage = (palettePath(known.sha256), Self.reason(error))
            }
        }
        return content
    }

    private static func record(at path: String) throws -> LearningRecord {
        let bytes = try RegularFile.read(path: path, limits: limits)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let record = try? decoder.decode(LearningRecord.self, from: Data(bytes)),
            record.version == LearningRecord.currentVersion, record.triedAt.isFinite, record.since.isFinite,
            (0...1000).contains(record.deaths)
        else {
            throw JobFailure(file: path, cause: "it is damaged, or of another version", remedy: "it is made anew")
        }
        return record
    }

    private func palette(_ sha256: String) throws -> LearnedPalette {
        let path = palettePath(sha256)
        let (palette, digest) = try PaletteFile.read(path: path)
        guard digest == sha256 else {
            throw JobFailure(file: path, cause: "it is not what was written", remedy: "it is learned anew")
        }
        return LearnedPalette(palette: palette, path: path, sha256: digest)
    }

    private static func reason(_ error: any Error) -> String { JobFailure(error, file: "").cause }

    /// Writes a palette; it is not in force before a record names it.
    package func write(_ palette: LabPalette) throws -> LearnedPalette {
        let bytes = try palette.encoded()
        let digest = FileDigest.sha256(bytes)
        try make()
        try AtomicFile.write(bytes, to: palettePath(digest), overwrite: true)
        return LearnedPalette(palette: palette, path: palettePath(digest), sha256: digest)
    }

    package func write(_ record: LearningRecord) throws {
        try make()
        try AtomicFile.write(
            Array(try JSONText.encode(record)) + [UInt8(ascii: "\n")], to: path + "/" + Self.recordName,
            overwrite: true)
    }

    private func make() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Removes palettes that a record does not name, and what a process that died left half written.
    package func prune(_ record: LearningRecord) {
        let kept = Set(
            ([record.palette?.sha256].compactMap { $0 } + record.earlier).map {
                (palettePath($0) as NSString).lastPathComponent
            })
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names where name.hasPrefix("palette-") && !kept.contains(name) {
            try? FileManager.default.removeItem(atPath: path + "/" + name)
        }
        TreeFiles.removeTemporaries(in: Array(path.utf8))
    }

    /// Whether the palette's file is what it was when the mark was made: a look at it costs a system call.
    package func mark(_ sha256: String) -> [Int64] {
        var status = stat()
        guard stat(palettePath(sha256), &status) == 0 else { return [] }
        return [
            Int64(bitPattern: UInt64(status.st_ino)), Int64(status.st_size), Int64(status.st_mtim.tv_sec),
            Int64(status.st_mtim.tv_nsec),
        ]
    }

    /// Everything that was ever learned below a state directory and is in force, by lab and profile.
    package static func records(stateDirectory: String) -> [(record: LearningRecord, folder: LearningFolder)] {
        let directory = directory(of: stateDirectory)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.compactMap { name in
            let path = directory + "/" + name + "/" + recordName
            guard let record = try? record(at: path) else { return nil }
            return (
                record, LearningFolder(stateDirectory: stateDirectory, lab: record.lab, profile: record.profile)
            )
        }.sorted { ($0.record.lab, $0.record.profile) < ($1.record.lab, $1.record.profile) }
    }
}
