/// Why an image file was not read or not written: what failed, where, and what to do about it.
public struct ImageFileError: Error, Sendable, Equatable, Codable, CustomStringConvertible {
    /// The kinds of what went wrong.
    public enum Code: String, Sendable, Codable, CaseIterable {
        /// There is no such file, or no such directory to write to.
        case notFound
        /// The path cannot be read: permissions, a directory, a pipe, an input error.
        case unreadable
        /// The content is none of the known formats.
        case notAnImage
        /// The file ends before its image does.
        case truncated
        /// The content breaks its format's rules or fails a checksum.
        case corrupt
        /// A sound file of a kind that is not supported, or a request that its format cannot hold.
        case unsupported
        /// The image or the file is larger than the limits allow.
        case tooLarge
        /// The file has no bytes.
        case empty
        /// The path cannot be written to.
        case cannotWrite
        /// The file is there already and was not to be replaced.
        case exists
        /// The disk, the quota or the file size limit is used up.
        case noSpace
        /// Memory ran out.
        case outOfMemory
    }

    /// What kind of thing went wrong.
    public let code: Code
    /// What failed and why, one sentence, no trailing period.
    public let message: String
    /// The file concerned, or the name that was given to its bytes.
    public let path: String
    /// What the user can do.
    public let remedy: String

    /// An error with all that is said of it.
    public init(_ code: Code, _ message: String, path: String, remedy: String) {
        self.code = code
        self.message = message
        self.path = path
        self.remedy = remedy
    }

    /// All of it in one line.
    public var description: String { "\(path): \(message); \(remedy)" }
}
