/// How a lab treats the findings about its results: which count, and for how much.
public struct VerdictRules: Sendable, Equatable, Codable {
    /// What the lab's captures show. It says which findings mean something there; a finding that is set for itself comes
    /// first.
    public enum Fields: String, Sendable, Codable, CaseIterable {
        /// Whatever is on a smear.
        case any
        /// Fields that are taken for their white cells: one without is a finding, whatever red cells it shows.
        case whiteCells = "white-cells"
        /// Fields that are taken for their red cells: that no white cell is seen is none, and what is taken for one is a
        /// platelet or of no concern, so that its colors and texture are noted alone.
        case redCells = "red-cells"

        fileprivate var effects: [QualityReport.Finding.Kind: Effect] {
            switch self {
            case .any, .whiteCells: [:]
            case .redCells:
                [
                    .noWhiteCells: .ignore, .nucleusColor: .note, .cytoplasmColor: .note, .nucleusTexture: .note,
                    .oversizedCell: .note,
                ]
            }
        }
    }

    /// What a finding does to the verdict.
    public enum Effect: String, Sendable, Codable, CaseIterable {
        /// It is not even reported.
        case ignore
        /// It is reported, and has no effect on the verdict.
        case note
        /// Doubtful at least, however far the figure is from what is ideal.
        case doubtful
        case bad
        /// What its kind and its figure say.
        case measured
    }

    /// What kind of fields the lab looks at.
    public let fields: Fields
    /// Those that are not as measured.
    public let effects: [QualityReport.Finding.Kind: Effect]

    /// - Parameters:
    ///   - fields: what kind of fields the lab looks at.
    ///   - own: findings that are set for themselves.
    public init(fields: Fields = .any, own: [QualityReport.Finding.Kind: Effect] = [:]) {
        self.fields = fields
        effects = fields.effects.merging(own) { $1 }.filter { $0.value != .measured }
    }

    public subscript(kind: QualityReport.Finding.Kind) -> Effect { effects[kind] ?? .measured }
}

extension QualityReport.Finding.Kind {
    /// As profiles and sidecars write it: `noWhiteCells` as `no_white_cells`.
    public var name: String {
        rawValue.reduce("") { $0 + ($1.isUppercase ? "_" + $1.lowercased() : String($1)) }
    }
}

/// A verdict that is being reached, finding after finding.
struct Judgement {
    let rules: VerdictRules
    private(set) var verdict = QualityReport.Verdict.good
    private(set) var findings: [QualityReport.Finding] = []
    private(set) var notes: [QualityReport.Finding] = []

    init(_ rules: VerdictRules) { self.rules = rules }

    /// Continues from the verdict of a report.
    init(_ rules: VerdictRules, of report: QualityReport) {
        self.rules = rules
        (verdict, findings, notes) = (report.verdict, report.findings, report.notes)
    }

    /// - Parameter measured: what the finding makes of the verdict unless the rules say another thing.
    mutating func add(_ finding: QualityReport.Finding, _ measured: QualityReport.Verdict) {
        switch rules[finding.kind] {
        case .ignore: return
        case .note: notes.append(finding)
        case .doubtful: count(finding, .doubtful)
        case .bad: count(finding, .bad)
        case .measured: count(finding, measured)
        }
    }

    /// A figure that is bad if it is more than twice as far from what is ideal as its threshold is; the factor is by eye.
    mutating func hold(
        _ kind: QualityReport.Finding.Kind, _ value: Float, _ threshold: Float, ideal: Float
    ) {
        let (distance, allowed) = (abs(value - ideal), abs(threshold - ideal))
        guard distance > allowed else { return }
        add(.init(kind: kind, value: value, threshold: threshold), distance > 2 * allowed ? .bad : .doubtful)
    }

    private mutating func count(_ finding: QualityReport.Finding, _ effect: QualityReport.Verdict) {
        findings.append(finding)
        if verdict != .bad { verdict = effect }
    }
}
