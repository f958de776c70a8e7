import Foundation
import ImageFiles
import Jobs
import NCTEngine

/// The files of what was learned of one lab, by one watched tree and profile: `STATE/learned/LAB-PROFILE-DIGEST/`, where
/// `learned.json` names what is in force; `palette-DIGEST.json` and `flat-field-DIGEST.json` are palettes and lights. Each is
/// whole or not there at all.
package struct LearningFolder: Sendable {
    package let path: String
    private let base: String
    private let lab: String
    private let profile: String

    /// Earlier palettes that are kept.
    package static let mostEarlier = 3
    private static let recordName = "learned.json"
    /// A record or palette has some thousand bytes.
    private static let limits = ImageLimits(maximumBytes: 1 << 20)

    package init(stateDirectory: String, lab: String, profile: String) {
        base = stateDirectory
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
    package func lightPath(_ sha256: String) -> String { "\(path)/flat-field-\(sha256.prefix(16)).json" }

    /// What the files hold.
    package struct Content: Sendable {
        package var record: LearningRecord
        package var colors = LearnedColors()
        package var earlier: [LearnedColors] = []
        /// What should be there and is not, or is damaged, with the reason.
        package var damage: (path: String, reason: String)?
        /// What the files looked like before they were read.
        package var mark: [Int64] = []
    }

    /// Reads the files; what cannot be read counts as not there.
    package func read() -> Content {
        var content = Content(record: LearningRecord(lab: lab, profile: profile))
        content.mark = Self.mark(recordPath)
        do {
            if FileManager.default.fileExists(atPath: recordPath) {
                content.record = try Self.record(at: recordPath)
            } else if !learned().isEmpty {
                throw JobFailure(file: recordPath, cause: "it is missing", remedy: "it is made anew")
            }
        } catch {
            content.damage = (recordPath, JobFailure(error, file: recordPath).cause)
            return content
        }
        content.mark += marks(content.record.names)
        content.earlier = content.record.earlier.compactMap { try? colors($0) }
        do {
            content.colors = try colors(content.record.names)
        } catch {
            content.damage = (error.name, error.cause)
        }
        return content
    }

    /// Whether the files look as they did before they were read. Costs a system call a file.
    package func isUnchanged(since content: Content) -> Bool {
        content.mark == Self.mark(recordPath) + marks(content.record.names)
    }

    private var recordPath: String { path + "/" + Self.recordName }

    /// Numbers that say which file a path leads to, and that it was not written since.
    private static func mark(_ path: String) -> [Int64] {
        var status = stat()
        guard stat(path, &status) == 0 else { return [-1] }
        return [
            Int64(bitPattern: UInt64(status.st_ino)), Int64(status.st_size), Int64(status.st_mtim.tv_sec),
            Int64(status.st_mtim.tv_nsec), Int64(status.st_ctim.tv_sec), Int64(status.st_ctim.tv_nsec),
        ]
    }

    private func marks(_ names: LearningRecord.Names) -> [Int64] {
        ((names.palette.map { [palettePath($0)] } ?? []) + names.lights.map(lightPath)).flatMap(Self.mark)
    }

    private static func record(at path: String) throws -> LearningRecord {
        let bytes = try InputFile.read(path: path, limits: limits)
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

    /// All that was in force together; it is taken whole or not at all, for a palette belongs to its light.
    private func colors(_ names: LearningRecord.Names) throws(JobFailure) -> LearnedColors {
        var colors = LearnedColors()
        if let name = names.palette {
            let path = palettePath(name)
            colors.palette = try Self.checked(path, name) {
                let (palette, digest) = try PaletteFile.read(path: path)
                return (LearnedPalette(palette: palette, path: path, sha256: digest), digest)
            }
        }
        for name in names.lights {
            let path = lightPath(name)
            let light = try Self.checked(path, name) {
                let light = try KnownLight(learnedAt: path, workers: Workers(threads: 1))
                return (light, light.sha256)
            }
            colors.lights.append(light)
        }
        return colors
    }

    private static func checked<Value>(
        _ path: String, _ sha256: String, _ read: () throws -> (Value, digest: String)
    ) throws(JobFailure) -> Value {
        let value: Value
        let digest: String
        do {
            (value, digest) = try read()
        } catch {
            throw JobFailure(error, file: path)
        }
        guard digest == sha256 else {
            throw JobFailure(file: path, cause: "it is not what was written", remedy: "it is learned anew")
        }
        return value
    }

    /// Writes a palette; it is not in force before a record names it.
    package func write(_ palette: LabPalette) throws -> LearnedPalette {
        let bytes = try palette.encoded()
        let digest = FileDigest.sha256(bytes)
        try make()
        try OutputFile.write(bytes, to: palettePath(digest), overwrite: true)
        return LearnedPalette(palette: palette, path: palettePath(digest), sha256: digest)
    }

    /// Writes a light, likewise, and returns it as it is read again.
    package func write(_ field: FlatField) throws -> KnownLight {
        let bytes = try KnownLight.bytes(of: field)
        let path = lightPath(FileDigest.sha256(bytes))
        try make()
        try OutputFile.write(bytes, to: path, overwrite: true)
        return try KnownLight(learnedAt: path, workers: Workers(threads: 1))
    }

    package func write(_ record: LearningRecord) throws {
        try make()
        try OutputFile.write(
            Array(try JSONText.encode(record)) + [UInt8(ascii: "\n")], to: recordPath, overwrite: true)
    }

    private func make() throws {
        do {
            try TreeFiles.makeDirectories(Array(path.utf8), below: Array(base.utf8))
        } catch {
            throw JobFailure(
                file: path, cause: error.message, remedy: "check the state directory's permissions and free space")
        }
    }

    /// Removes palettes and lights that a record does not name, and what a process that died left half written.
    package func prune(_ record: LearningRecord) {
        let kept = Set(
            ([record.names] + record.earlier).flatMap { names in
                (names.palette.map { [palettePath($0)] } ?? []) + names.lights.map(lightPath)
            }.map { ($0 as NSString).lastPathComponent })
        for name in learned() where !kept.contains(name) {
            try? FileManager.default.removeItem(atPath: path + "/" + name)
        }
        TreeFiles.removeTemporaries(in: Array(path.utf8))
    }

    /// The names of all palettes and lights that are there.
    private func learned() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.hasPrefix("palette-") || $0.hasPrefix("flat-field-") }
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
