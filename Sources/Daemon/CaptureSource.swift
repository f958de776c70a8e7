import Foundation
import Watching

/// What can go wrong with a capture's file.
public enum SourceError: Error, Sendable, Equatable {
    /// There is no such file, or no regular one, any more.
    case gone(String)
    /// It may be there, and may be had later: the system's error.
    case trouble(code: Int32, operation: String)
    /// Larger than is read.
    case tooLarge(Int64)
}

/// A watched root's files, to be looked at and read, and never written. Calls block.
public protocol CaptureSource: Sendable {
    /// What the file looks like now; throws ``SourceError``.
    func stamp(of path: CapturePath) throws -> FileStamp
    /// Why the file cannot be whole yet, by what its format says; nil if it is whole, or of a format that is not known.
    func incompleteness(of path: CapturePath) throws -> String?
    /// All bytes, with what the file looked like before the first and after the last was read.
    func read(_ path: CapturePath, limit: Int) throws -> (bytes: [UInt8], before: FileStamp, after: FileStamp)
}
