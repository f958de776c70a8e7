import NCTEngine

/// A lab's profile: which references to normalize to, how, and what to do with a result that falls short.
public struct Profile: Sendable, Equatable {
    /// How the colors are changed.
    public typealias Method = NormalizationMethod

    /// What happens to a result whose verdict is not good.
    public enum BelowThreshold: String, Sendable, Codable, CaseIterable {
        /// It is written like any other; its sidecar tells.
        case deliver
        /// It is written like any other, with a warning.
        case flag
        /// It is written into a tree of its own, where no detector looks.
        case hold
    }

    public var name: String
    /// The profile's file as it was named, nil for one that was put together from options.
    public var path: String?
    /// The file's text, for its digest.
    public var text: String
    /// One to three images; absolute, or relative to the current directory if the profile was named so.
    public var references: [String]
    public var method: Method = .colorTransfer
    /// Of color transfer; the baselines take the seed from it.
    public var parameters = NormalizationParameters()
    public var baselineParameters = BaselineParameters()
    public var thresholds = QualityThresholds()
    /// The network whose features are compared.
    public var features: FeatureKind = .automatic
    /// The VGG-19 weights to use; nil searches the usual places.
    public var weights: String?
    /// Where the light comes from that captures are corrected by.
    public var flatField: FlatFieldChoice = .automatic
    public var belowThreshold: BelowThreshold = .flag
    /// The training lab's palette; nil: what the references show.
    public var palette: String?
    /// The palette of the lab that captures come from; nil: learned from the captures at hand.
    public var capturePalette: String?
    /// After so many captures the daemon learns their lab's colors from them, and looks at these again after as many
    /// more; 0: never.
    public var learnAfter = Profile.defaultLearnAfter
    /// Light takes 20 captures of the same proportions, and some of them may be gone or tell nothing.
    public static let defaultLearnAfter = 25

    /// How many of 16 bits count in captures that do not say it; nil goes by the greatest sample.
    public var sampleBits: Int?
    /// What becomes of a capture of several pages; nil is `first`, but for three gray ones that may be red, green and blue.
    public var pages: Pages?
    /// Which page of captures that have several, from 1 on; it comes before `pages`.
    public var page: Int?

    public enum Pages: String, Sendable, Codable, CaseIterable {
        case first, all, error
    }

    public init(name: String, path: String? = nil, text: String = "", references: [String]) {
        self.name = name
        self.path = path
        self.text = text
        self.references = references
    }
}
