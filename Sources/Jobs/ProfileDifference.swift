import Config
import Foundation
import ImageFiles
import NCTEngine

/// How two profiles differ once defaults are filled in, and what that means for results.
public struct ProfileDifference: Sendable, Equatable, Codable {
    /// What a difference changes, from nothing to everything.
    public enum Effect: String, Sendable, Codable, CaseIterable {
        /// What stands in the files differs and says the same.
        case nothing
        /// The name that results are counted under.
        case name
        /// When the daemon learns the colors of a lab.
        case learning
        /// Where results go, and what is said of them.
        case delivery
        /// What results are taken for; not their pixels.
        case verdicts
        /// How the captures that it concerns are read, and so their results' pixels.
        case reading
        /// The pixels of results.
        case pixels

        /// For a person.
        public var text: String {
            switch self {
            case .nothing: "results are the same"
            case .name: "results are counted under another name"
            case .learning: "the daemon learns a lab's colors sooner or later, or not at all"
            case .delivery: "the same pixels and verdicts, put elsewhere or said otherwise"
            case .verdicts: "the same pixels, judged otherwise"
            case .reading: "captures that it concerns are read otherwise, and their results have other pixels"
            case .pixels: "results have other pixels"
            }
        }
    }

    public struct Setting: Sendable, Equatable, Codable {
        /// As a profile has it.
        public var key: String
        /// As a profile writes it; nil where it is left out and has no default.
        public var first: String?
        public var second: String?
        public var effect: Effect
    }

    /// The references by what is in them, wherever they lie.
    public struct References: Sendable, Equatable, Codable {
        public var onlyInFirst: [String] = []
        public var onlyInSecond: [String] = []
        /// The same images in another order, which the seed and ties go by.
        public var areReordered = false

        public var isSame: Bool { onlyInFirst.isEmpty && onlyInSecond.isEmpty && !areReordered }
    }

    /// The palettes of the training lab.
    public struct Palettes: Sendable, Equatable, Codable {
        /// Where each comes from, in words.
        public var first: String
        public var second: String
        /// How far the mean color of each class lies from the other's, ΔE*ab, the farthest first.
        public var distances: [Distance]

        public struct Distance: Sendable, Equatable, Codable {
            public var part: String
            public var distance: Float
        }
    }

    public var settings: [Setting]
    public var references: References
    /// Nil where the palettes are the same, or a method goes by none.
    public var palettes: Palettes?
    /// All that the differences change; `nothing` alone where only comments or the like differ; empty for equal files.
    public var effects: [Effect]

    /// - Parameter weights: that a profile which names none goes by.
    ///
    /// Throws ``JobFailure`` for a file that a profile names and that cannot be read.
    public init(_ first: Profile, _ second: Profile, weights: String? = nil, workers: Workers) throws {
        let (before, after) = (
            try ProfileSettings(first, weights: weights), try ProfileSettings(second, weights: weights)
        )
        settings = Set(before.values.keys).union(after.values.keys).sorted().compactMap { key in
            let (one, other) = (before.values[key], after.values[key])
            // What only one of two methods has is said by the method.
            guard one != other, first.method == second.method || (one != nil && other != nil) else { return nil }
            return Setting(key: key, first: one, second: other, effect: ProfileSettings.effect(of: key))
        }
        references = References()
        let (images, others) = (before.references, after.references)
        references.onlyInFirst = images.filter { image in !others.contains { $0.sha256 == image.sha256 } }.map(\.path)
        references.onlyInSecond = others.filter { image in !images.contains { $0.sha256 == image.sha256 } }.map(\.path)
        let areOthers = !references.isSame
        references.areReordered = !areOthers && images.map(\.sha256) != others.map(\.sha256)
        palettes = try Self.palettes(first, second, areOthers: areOthers, workers: workers)
        var effects = Set(settings.map(\.effect))
        if !references.isSame || palettes != nil { effects.insert(.pixels) }
        if effects.isEmpty, first.text != second.text { effects = [.nothing] }
        self.effects = Effect.allCases.filter(effects.contains)
    }

    private static func palettes(
        _ first: Profile, _ second: Profile, areOthers: Bool, workers: Workers
    ) throws -> Palettes? {
        guard first.goesByPalette || second.goesByPalette else { return nil }
        func named(_ profile: Profile) throws -> (palette: LabPalette, sha256: String)? {
            try profile.palette.map { try PaletteFile.read(path: $0) }
        }
        let (one, other) = (try named(first), try named(second))
        if one == nil, other == nil, !areOthers { return nil }
        if let one, let other, one.sha256 == other.sha256 { return nil }
        let distances = PaletteDrift.moves(
            from: try one?.palette ?? shown(by: first, workers), to: try other?.palette ?? shown(by: second, workers),
            atLeast: 1)
        func words(_ profile: Profile) -> String { profile.palette ?? "what the references show" }
        return Palettes(
            first: words(first), second: words(second),
            distances: distances.map { .init(part: $0.part, distance: $0.distance) })
    }

    /// The palette that the references stand for.
    private static func shown(by profile: Profile, _ workers: Workers) throws -> LabPalette {
        var survey = PaletteSurvey(workers: workers)
        for path in profile.references {
            survey.look(at: path) { try AdmittedFile.image(ofFileAt: Array(path.utf8), name: path) }
        }
        if let failure = survey.failures.first { throw failure }
        return (try? survey.palette()) ?? .general
    }
}

extension Profile {
    /// Whether captures are brought from lab to lab.
    fileprivate var goesByPalette: Bool { method.usesPalettes && (parameters.aligns || method != .colorTransfer) }
}
