/// What the engine refuses, with what was wrong, why, where, and what to do about it.
public struct EngineError: Error, Sendable, Equatable, Codable, CustomStringConvertible {
    /// The kinds of what is refused.
    public enum Code: String, Sendable, Codable {
        /// The image is too small for the requested feature level.
        case imageTooSmall
        /// A weights file cannot be used: bad header, missing tensor, wrong shape or type.
        case invalidWeights
        /// A reference cannot serve: it is too small, or shows no stained smear.
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

    /// The inputs that something may be wrong with.
    public enum Subject: Sendable, Hashable, Codable, CustomStringConvertible {
        /// A reference, by its index in the order in which they were given.
        case reference(Int)
        /// The references together.
        case references
        /// The capture to be normalized.
        case capture
        /// An image of any kind.
        case image
        /// A parameter, by its key in profiles.
        case parameter(String)
        /// A tensor of a weights file, by its name.
        case tensor(String)

        /// As messages name it; references are counted from 1.
        public var description: String {
            switch self {
            case .reference(let index): "reference \(index + 1)"
            case .references: "references"
            case .capture: "capture"
            case .image: "image"
            case .parameter(let name), .tensor(let name): name
            }
        }
    }

    /// What kind of thing was refused.
    public let code: Code
    /// What failed and why, one sentence, no trailing period.
    public let message: String
    /// The input concerned, if it is one of several.
    public let subject: Subject?
    /// What the user can do.
    public let remedy: String

    /// An error with all that is said of it.
    public init(_ code: Code, _ message: String, subject: Subject? = nil, remedy: String) {
        self.code = code
        self.message = message
        self.subject = subject
        self.remedy = remedy
    }

    /// The same, as what is wrong with one of the references.
    func ofReference(_ index: Int) -> EngineError {
        EngineError(.unusableReference, message, subject: .reference(index), remedy: remedy)
    }

    /// The subject, and what failed and why.
    public var cause: String { (subject.map { "\($0): " } ?? "") + message }

    /// All of it in one line.
    public var description: String { "\(cause); \(remedy)" }
}
