/// One parameter of a method, declared once: how a profile, the command line and a sidecar read and write it, its range and
/// its help follow from this.
public struct Parameter<Owner: DeclaredParameters>: Sendable {
    /// Its name in profiles and sidecars, in snake_case.
    public let key: String
    /// Its name on the command line, after the hyphens.
    public let option: String
    public let kind: ParameterKind
    /// One sentence that says what it is, without its range.
    let summary: String
    /// What else is to be known, with where it comes from; may be empty.
    public let details: String
    /// The methods that have it.
    public private(set) var methods: Set<NormalizationMethod> = [.colorTransfer]
    public let get: @Sendable (Owner) -> ParameterValue
    /// Leaves alone what it is given a value of another kind for.
    public let set: @Sendable (inout Owner, ParameterValue) -> Void

    private init(
        _ key: String, _ option: String?, _ kind: ParameterKind, _ summary: String, _ details: String,
        get: @escaping @Sendable (Owner) -> ParameterValue,
        set: @escaping @Sendable (inout Owner, ParameterValue) -> Void
    ) {
        self.key = key
        self.option = option ?? key.replacing("_", with: "-")
        self.kind = kind
        self.summary = summary
        self.details = details
        self.get = get
        self.set = set
    }

    /// The summary with range and default: `Principal components kept for the search (1 to 64; default: 16).`
    public var help: String {
        let range = kind == .flag ? "" : kind.range + "; "
        return "\(summary.dropLast()) (\(range)default: \(get(Owner()).text))."
    }

    /// The same parameter of other methods than color transfer.
    func of(_ methods: NormalizationMethod...) -> Self {
        var result = self
        result.methods = Set(methods)
        return result
    }
}

/// The parameters of one or several methods, each of which is declared.
public protocol DeclaredParameters: Sendable, Equatable {
    /// The defaults.
    init()

    /// In the order in which help and pages have them.
    static var declarations: [Parameter<Self>] { get }

    /// Throws ``EngineError/Code/invalidParameter`` for the first value out of its range, by its key.
    func validate() throws
}

extension DeclaredParameters {
    /// The same by the declarations alone.
    func validateRanges() throws {
        for declaration in Self.declarations where !declaration.kind.takes(declaration.get(self)) {
            throw EngineError(
                .invalidParameter, "value out of range", subject: .parameter(declaration.key),
                remedy: "use \(declaration.kind.range)")
        }
    }
}

extension Parameter {
    typealias Path<Value> = WritableKeyPath<Owner, Value> & Sendable

    static func flag(_ key: String, _ path: Path<Bool>, _ summary: String, _ details: String = "") -> Self {
        Self(key, nil, .flag, summary, details, get: { .flag($0[keyPath: path]) }) {
            if case .flag(let value) = $1 { $0[keyPath: path] = value }
        }
    }

    static func integer(
        _ key: String, option: String? = nil, _ path: Path<Int>, _ range: ClosedRange<Int>, _ summary: String,
        _ details: String = ""
    ) -> Self {
        Self(key, option, .integer(range), summary, details, get: { .integer($0[keyPath: path]) }) {
            if case .integer(let value) = $1 { $0[keyPath: path] = value }
        }
    }

    static func number(
        _ key: String, _ path: Path<Float>, _ range: ClosedRange<Double>, _ summary: String, _ details: String = ""
    ) -> Self {
        Self(key, nil, .number(range), summary, details, get: { .number($0[keyPath: path]) }) {
            if case .number(let value) = $1 { $0[keyPath: path] = value }
        }
    }

    static func word<Word: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ key: String, _ path: Path<Word>, _ summary: String, _ details: String = ""
    ) -> Self {
        let words = Word.allCases.map(\.rawValue)
        return Self(key, nil, .word(words), summary, details, get: { .word($0[keyPath: path].rawValue) }) {
            if case .word(let value) = $1, let word = Word(rawValue: value) { $0[keyPath: path] = word }
        }
    }

    static func levels(
        _ key: String, option: String, _ path: Path<[Int]>, _ range: ClosedRange<Int>, _ summary: String,
        _ details: String = ""
    ) -> Self {
        Self(key, option, .levels(range), summary, details, get: { .levels($0[keyPath: path]) }) {
            if case .levels(let value) = $1 { $0[keyPath: path] = value }
        }
    }
}
