import Config
import ImageFiles
import NCTEngine

/// Why something could not be done: what it is about, the cause, and what to do about it.
public struct JobFailure: Error, Sendable, Equatable, Codable, CustomStringConvertible {
    /// What something may be wrong with.
    public enum Subject: Sendable, Hashable, Codable, CustomStringConvertible {
        /// A file or a directory, or several, as they were named.
        case file(String)
        /// A setting of a profile or an option, by its key, and its value.
        case setting(String, String)
        /// The settings as a whole, where they come from no file.
        case settings

        /// As messages name it, on one line.
        public var description: String {
            switch self {
            case .file(let path): PrintableName.text(path)
            case .setting(let key, let value): "\(key) = \"\(value)\""
            case .settings: "settings"
            }
        }
    }

    public let subject: Subject
    /// What failed and why, no trailing period.
    public let cause: String
    public let remedy: String

    public init(_ subject: Subject, cause: String, remedy: String) {
        self.subject = subject
        self.cause = cause
        self.remedy = remedy
    }

    public init(file: String, cause: String, remedy: String) {
        self.init(.file(file), cause: cause, remedy: remedy)
    }

    /// What any error means for a file: the image readers' and the engine's own words, or the system's.
    public init(_ error: any Error, file: String) { self.init(error, about: .file(file)) }

    /// What any error means for what was to be done.
    public init(_ error: any Error, about subject: Subject) {
        switch error {
        case let failure as JobFailure:
            self = failure
        case let error as ImageFileError:
            self.init(file: error.path, cause: error.message, remedy: error.remedy)
        case let error as EngineError:
            self.init(subject, cause: error.cause, remedy: error.remedy)
        default:
            self.init(
                subject, cause: SystemError.text(error),
                remedy: "see that the place is there, has room, and may be used by whoever runs this")
        }
    }

    /// The file, if it is about one.
    public var file: String? { if case .file(let path) = subject { path } else { nil } }

    /// The file as it was named, or what else it is about.
    public var name: String { file ?? subject.description }

    /// `SUBJECT: cause; remedy`, on one line.
    public var description: String { "\(subject): \(cause); \(remedy)" }

    /// The same for someone who gave a file to be worked on, which is named where it is not what the failure is about.
    public func description(of file: String) -> String {
        subject == .file(file) ? description : "\(PrintableName.text(file)): \(self)"
    }
}

extension Profile {
    /// What is named where something is wrong with the profile as a whole.
    public var subject: JobFailure.Subject { path.map { .file($0) } ?? .settings }
}
