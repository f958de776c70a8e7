/// What the engine refuses, with what was wrong, why, where, and what to do about it.
public struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of what is refused.
    public enum Code: String, Sendable, Codable {
        /// The image is too small for the requested feature level.
        case imageTooSmall
        /// A weights file cannot be used: bad header, missing tensor, wrong shape or type.
        case invalidWeights
        /// A reference cannot serve (blank, or too small).
        case unusableReference
        /// A parameter lies outside its range.
        case invalidParameter
        /// A cache of prepared references does not belong to these inputs or is damaged.
        case invalidCache
        /// A lab's palette cannot be used or learned.
        case invalidPalette
        /// A microscope's light cannot be what a file says.
        case invalidFlatField
        /// A sample of an image is not a finite number, or far out of 0…1 (``RGBImage/isSound``).
        case invalidSamples
    }

    /// What kind of thing was refused.
    public let code: Code
    /// What failed and why, one sentence, no trailing period.
    public let message: String
    /// The input concerned (a tensor's name, a parameter, "reference 2"), if any.
    public let place: String?
    /// What the user can do.
    public let remedy: String

    /// An error with all that is said of it.
    public init(_ code: Code, _ message: String, place: String? = nil, remedy: String) {
        self.code = code
        self.message = message
        self.place = place
        self.remedy = remedy
    }

    /// All of it in one line.
    public var description: String {
        (place.map { "\($0): " } ?? "") + message + "; " + remedy
    }
}
