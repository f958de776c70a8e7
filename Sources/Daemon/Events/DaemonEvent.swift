import Logging

/// What the daemon says of its work.
///
/// An event is declared once, by the function that makes it: its kind, how much it matters, its words, and its fields in the
/// journal. `DaemonEventKind.swift` has its name and id, `systemd/nctd.catalog` what to do about it.
public struct DaemonEvent: Sendable, Equatable {
    /// The fields of journal entries, without those that every entry has.
    public enum Field: String, Sendable, CaseIterable {
        case lab = "NCT_LAB"
        case root = "NCT_ROOT"
        case profile = "NCT_PROFILE"
        case file = "NCT_FILE"
        case formerFile = "NCT_FORMER_FILE"
        case sha256 = "NCT_SHA256"
        case state = "NCT_STATE"
        case verdict = "NCT_VERDICT"
        case output = "NCT_OUTPUT"
        case version = "NCT_VERSION"
        case place = "NCT_PLACE"
        case error = "NCT_ERROR"
        case reason = "NCT_REASON"
        case remedy = "NCT_REMEDY"
        case attempt = "NCT_ATTEMPT"
        case durationMilliseconds = "NCT_DURATION_MS"

        /// Its value is printable text of a name that may have any bytes.
        var isName: Bool { [.file, .formerFile, .output].contains(self) }
    }

    public let kind: Kind
    public let level: Logger.Level
    /// One line.
    public let message: String
    private let values: [Field: String]

    /// - Parameter fields: those that are nil are left out.
    init(
        _ kind: Kind, at level: Logger.Level = .info, _ message: String, _ fields: KeyValuePairs<Field, String?> = [:]
    ) {
        self.kind = kind
        self.level = level
        self.message = message
        values = Dictionary(uniqueKeysWithValues: fields.compactMap { name, value in value.map { (name, $0) } })
    }

    public subscript(field: Field) -> String? { values[field] }

    /// Those that it has, in the order of their declaration.
    public var fields: [(field: Field, value: String)] {
        Field.allCases.compactMap { field in values[field].map { (field, $0) } }
    }
}
