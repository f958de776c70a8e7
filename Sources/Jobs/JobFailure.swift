import Config
import ImageFiles
import NCTEngine

/// Why one file could not be done: the file, the cause, and what to do about it.
public struct JobFailure: Error, Sendable, Equatable, CustomStringConvertible {
    public let file: String
    /// What failed and why, no trailing period.
    public let cause: String
    public let remedy: String

    public init(file: String, cause: String, remedy: String) {
        self.file = file
        self.cause = cause
        self.remedy = remedy
    }

    /// What any error means for a file: the image readers' and the engine's own words, or the system's.
    public init(_ error: any Error, file: String) {
        switch error {
        case let failure as JobFailure:
            self = failure
        case let error as ImageFileError:
            self.init(file: error.path, cause: error.message, remedy: error.remedy)
        case let error as EngineError:
            self.init(
                file: file, cause: (error.place.map { "\($0): " } ?? "") + error.message, remedy: error.remedy)
        default:
            self.init(
                file: file, cause: SystemError.text(error),
                remedy: "see that the place is there, has room, and may be used by whoever runs this")
        }
    }

    /// `FILE: cause; remedy`, on one line.
    public var description: String { "\(PrintableName.text(file)): \(cause); \(remedy)" }
}
