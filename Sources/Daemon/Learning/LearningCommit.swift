import Jobs
import NCTEngine

/// Puts what a learning came to into its lab's files; the record, which names the others, comes last.
struct LearningCommit: Sendable {
    let folder: LearningFolder
    let lab: String
    let profile: String
    let learnsPalette: Bool
    /// What was known when the learning began.
    let known: LearningFolder.Content
    /// RFC 3339.
    let now: String

    /// Writes it, and returns the record that is in force from then on with what is to be said.
    ///
    /// - Parameter begun: the record of the learning that is under way.
    func write(
        _ outcome: LearningRun.Outcome, begun: LearningRecord
    ) throws -> (record: LearningRecord, events: [DaemonEvent]) {
        var record = begun
        record.deaths = 0
        if known.damage != nil { (record.palette, record.lights) = (nil, []) }
        var colors = known.colors
        var events: [DaemonEvent] = []
        if let fields = outcome.lights {
            colors.lights = try fields.map(folder.write)
            record.lights = colors.lights.map { light in
                LearningRecord.Light(
                    sha256: light.sha256, captures: light.field.captures, isUneven: light.field.isUneven, learnedAt: now
                )
            }
            events += colors.lights.map { .learned(.init(lab, profile, $0, change: outcome.lightChange)) }
        }
        switch outcome.palette {
        case nil where outcome.lights == nil && (learnsPalette || colors.isEmpty):
            events.append(
                failure(
                    learnsPalette
                        ? "of the captures that it would be learned from, only \(outcome.captures) are still there "
                            + "and show it"
                        : "of the captures that light would be learned from, only \(outcome.captures) of one size are "
                            + "still there and show it"))
        case nil:
            if outcome.lights == nil { events.append(stands(outcome.captures, nil)) }
        case (let palette, .kept(let largest))?:
            record.palette?.confirmedAt = now
            events.append(stands(palette.images, largest))
        case (let palette, let decision)?:
            let learned = try folder.write(palette)
            colors.palette = learned
            record.palette = LearningRecord.Palette(
                sha256: learned.sha256, images: palette.images, whiteCells: palette.whiteCells, learnedAt: now)
            var change: String?
            if case .replaced(let drift) = decision { change = Self.text(drift) }
            events.append(.learned(.init(lab, profile, learned, change: change)))
        }
        let isChanged = colors != known.colors
        if isChanged {
            FailPoint.afterLearnedWritten.pass()
            let earlier = (known.colors.isEmpty ? [] : [known.colors]) + known.earlier
            record.earlier = earlier.filter { $0 != colors }.prefix(LearningFolder.mostEarlier)
                .map(LearningRecord.Names.init)
            if outcome.isNew { record.since = known.record.triedAt }
        }
        try folder.write(record)
        if isChanged { FailPoint.afterLearned.pass() }
        return (record, events)
    }

    func failure(_ reason: String) -> DaemonEvent { .learningFailed(lab: lab, profile: profile, reason: reason) }

    private func stands(_ captures: Int, _ change: PaletteDrift?) -> DaemonEvent {
        .learnedStands(lab: lab, profile: profile, captures: captures, change: change.map(Self.text))
    }

    private static func text(_ drift: PaletteDrift) -> String {
        "\(drift.part) by \((Double(drift.distance) * 10).rounded() / 10) ΔE*ab"
    }
}

extension LearningRecord.Names {
    init(_ colors: LearnedColors) {
        self.init(palette: colors.palette?.sha256, lights: colors.lights.map(\.sha256))
    }
}

extension DaemonEvent.Learned {
    init(_ lab: String, _ profile: String, _ learned: LearnedPalette, change: String?) {
        self.init(
            lab: lab, profile: profile, what: .palette, path: learned.path, sha256: learned.sha256,
            captures: learned.palette.images, details: "\(learned.palette.whiteCells) white cells", change: change)
    }

    init(_ lab: String, _ profile: String, _ light: KnownLight, change: Float?) {
        let ratio = "brightest over darkest \(KnownLight.words(ratio: light.field.ratio))"
        self.init(
            lab: lab, profile: profile, what: .light, path: light.path ?? "", sha256: light.sha256,
            captures: light.field.captures,
            details: light.field.isUneven ? ratio : "it is even (\(ratio)) and changes nothing",
            change: change.map { $0.isFinite ? "by \((Double($0) * 1000).rounded() / 10) %" : "altogether" })
    }
}
