import Config
import Foundation
import GRDB

/// The names that are reserved for results, as a transaction sees them.
struct ReservedNames {
    private let database: Database
    private let isCaseless: Bool
    /// The names as they are compared.
    private let column: String

    private static let slash = UInt8(ascii: "/")
    /// Upper and lower case of ASCII; other letters of two cases are not in names where this counts.
    private static let folded = "CAST(lower(output) AS BLOB)"

    /// - Parameter caseless: names that differ in case alone are the same.
    init(_ database: Database, caseless: Bool) throws {
        (self.database, isCaseless) = (database, caseless)
        column = caseless ? Self.folded : "output"
        guard caseless else { return }
        // Only for those who have such trees.
        try database.execute(
            sql: """
                CREATE INDEX IF NOT EXISTS captures_by_folded_output ON captures (\(Self.folded))
                    WHERE output IS NOT NULL;
                CREATE INDEX IF NOT EXISTS results_by_folded_output ON results (\(Self.folded))
                    WHERE version IS NULL;
                """)
    }

    private func key(_ name: Data) -> Data {
        let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
        return isCaseless ? Data(name.map { capitals.contains($0) ? $0 | 0x20 : $0 }) : name
    }

    /// Whether no other capture has a name, has one of its folders as a name, or has it as a folder.
    ///
    /// - Parameters:
    ///   - capture: that it would be for.
    ///   - former: a capture that gives up its name.
    func isFree(_ output: Data, for capture: Int64, besides former: Int64? = nil) throws -> Bool {
        // A result keeps its name until the next one is there, whatever name that is to have.
        let result = try Int64.fetchOne(
            database,
            sql: """
                SELECT capture FROM results WHERE version IS NULL AND \(column) = ? AND capture NOT IN (?, ?) LIMIT 1
                """, arguments: [key(output), capture, former ?? capture])
        guard result == nil else { return false }
        let holder = try Int64.fetchOne(
            database,
            sql: """
                SELECT id FROM captures WHERE output IS NOT NULL AND \(column) = ? AND NOT (id IS ? AND output = ?) LIMIT 1
                """, arguments: [key(output), former, output])
        guard holder == nil, try !hold(foldersOf: output), try !isCaseless || !differInCase(foldersOf: output) else {
            return false
        }
        // Between NAME/ and NAME0, the byte after the slash, lies all that is in a folder of that name; and no folder may
        // have a name that a sidecar or a version will have.
        for name in [output, SidecarName.of(output)] where try first(in: name) != nil { return false }
        let (first, last) = (output + Data(".v".utf8), output + Data(".w".utf8))
        let versions = try Data.fetchAll(
            database,
            sql: "SELECT output FROM captures WHERE output IS NOT NULL AND \(column) > ? AND \(column) < ? LIMIT 100",
            arguments: [key(first), key(last)])
        return !versions.contains { $0.dropFirst(output.count).contains(Self.slash) }
    }

    /// The first name in a folder.
    private func first(in folder: Data) throws -> Data? {
        let (first, last) = (folder + Data([Self.slash]), folder + Data([Self.slash + 1]))
        return try Data.fetchOne(
            database,
            sql: """
                SELECT output FROM captures WHERE output IS NOT NULL AND \(column) > ? AND \(column) < ?
                ORDER BY \(column) LIMIT 1
                """, arguments: [key(first), key(last)])
    }

    private func folders(of output: Data) -> [Data] {
        output.indices.filter { output[$0] == Self.slash }.map { Data(output[..<$0]) }
    }

    /// Whether a folder of other results has the name of one of these folders but for case. All results of a folder write
    /// it alike, so that one of them tells.
    private func differInCase(foldersOf output: Data) throws -> Bool {
        try folders(of: output).contains { folder in
            try first(in: folder).map { !$0.starts(with: folder) } ?? false
        }
    }

    /// Whether one of a name's folders is the name of a capture's result, or that of its sidecar or of a version of either.
    func hold(foldersOf output: Data) throws -> Bool {
        try folders(of: output).contains { folder in
            let folder = key(folder)
            let image = SidecarName.image(of: folder) ?? folder
            let names: Set<Data> = [folder, image, Self.unversioned(image)]
            return try names.contains { name in
                try Int64.fetchOne(
                    database, sql: "SELECT id FROM captures WHERE output IS NOT NULL AND \(column) = ? LIMIT 1",
                    arguments: [name]) != nil
            }
        }
    }

    /// The name without `.vN` behind it.
    private static func unversioned(_ name: Data) -> Data {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return name }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let number = name[(dot + 1)...].dropFirst()
        let isVersion =
            name[(dot + 1)...].first == UInt8(ascii: "v") && !number.isEmpty && number.allSatisfy(digits.contains)
        return isVersion ? Data(name[..<dot]) : name
    }
}
