import Digests
import Foundation
import Glibc
import ImageFiles
import Jobs
import Watching

/// What can go wrong with a capture's file.
public enum SourceError: Error, Sendable, Equatable {
    /// There is no such file, or no regular one, any more.
    case gone(String)
    /// It may be there, and may be had later: the system's error.
    case trouble(code: Int32, operation: String)
    /// Larger than is read.
    case tooLarge
}

/// A watched root's files, to be looked at and read, and never written. Calls block.
public protocol CaptureSource: Sendable {
    /// Opens a capture, to be passed on to another process; throws ``SourceError``.
    func open(_ path: CapturePath) throws -> ReadOnlyFile
    /// What the file looks like now; throws ``SourceError``.
    func stamp(of path: CapturePath) throws -> FileStamp
    /// Why the file cannot be whole yet, by what its format says; nil if it is whole, or of a format that is not known.
    func incompleteness(of path: CapturePath, budget: ReadBudget) throws -> String?
    /// What the image's header claims; throws `ImageFileError` if it is none.
    func header(of path: CapturePath) throws -> ImageHeader
    /// All bytes, with what the file looked like before the first and after the last was read.
    func read(_ path: CapturePath, limit: Int) throws -> (bytes: [UInt8], before: FileStamp, after: FileStamp)
}

extension CaptureSource {
    /// Whether a capture is known to be gone from a root: not where the root itself cannot be looked at, which says of all
    /// its files that they are gone.
    ///
    /// - Parameter root: the root's directory.
    public func isGone(_ path: CapturePath, root: String) -> Bool {
        do {
            _ = try stamp(of: path)
            return false
        } catch SourceError.gone {
            return FileManager.default.fileExists(atPath: root)
        } catch {
            return false
        }
    }

    /// The digest of a capture's file, which is read in pieces.
    func digest(of path: CapturePath) throws -> String {
        let file = try open(path)
        let digest = SHA256()
        var offset: Int64 = 0
        while case let bytes = try file.read(at: offset, count: 1 << 20), !bytes.isEmpty {
            digest.update(bytes)
            offset += Int64(bytes.count)
        }
        return FileDigest.text(digest.finalize())
    }
}

/// The files below a directory, opened for reading beneath it without following links, or only those that stay within.
public struct DirectorySource: CaptureSource {
    let root: String
    private let followsLinks: Bool

    public init(root: String, followingLinks: Bool = false) {
        self.root = root
        followsLinks = followingLinks
    }

    /// The path by which the file is opened.
    private func place(of path: CapturePath) -> CapturePath {
        let path = path.file
        guard followsLinks, case .target(let target) = LinkState.resolve(root: root, path: path) else { return path }
        return target
    }

    public func stamp(of path: CapturePath) throws -> FileStamp {
        do {
            guard let stamp = try ReadOnlyFile.stamp(root: root, path: place(of: path)) else {
                throw SourceError.gone("the file is gone, or is no regular file any more")
            }
            return stamp
        } catch let error as FileError {
            throw SourceError(error)
        }
    }

    public func open(_ path: CapturePath) throws -> ReadOnlyFile {
        do { return try ReadOnlyFile(root: root, path: place(of: path)) } catch { throw SourceError(error) }
    }

    public func incompleteness(of path: CapturePath, budget: ReadBudget) throws -> String? {
        try open(path).incompleteness(budget: budget)
    }

    public func header(of path: CapturePath) throws -> ImageHeader { try open(path).header(name: "\(root)/\(path)") }

    public func read(_ path: CapturePath, limit: Int) throws -> (bytes: [UInt8], before: FileStamp, after: FileStamp) {
        let file = try open(path)
        do {
            return (try file.readAll(limit: limit), file.stamp, try file.currentStamp())
        } catch {
            throw SourceError(error)
        }
    }
}

/// What is asked of a capture's file once it is open, in whichever process.
extension ReadOnlyFile {
    func incompleteness(budget: ReadBudget) throws(SourceError) -> String? {
        do {
            switch try Completeness.check(self, budget: budget) {
            case .whole, .unknownFormat: return nil
            case .incomplete(let reason), .undecided(let reason): return reason
            }
        } catch {
            throw SourceError(error)
        }
    }

    /// - Parameter name: stands in the errors.
    func header(name: String) throws -> ImageHeader {
        do {
            return try ImageHeader.read(fileSize: Int(clamping: stamp.size), path: name) {
                try read(at: Int64(clamping: $0), count: $1)
            }
        } catch let error as FileError {
            throw SourceError(error)
        }
    }
}

extension SourceError {
    init(_ error: FileError) {
        switch error.code {
        case _ where error.isGone: self = .gone("the file is gone")
        case ELOOP: self = .gone("a symbolic link took its place")
        case EINVAL: self = .gone("it is no regular file any more")
        case EFBIG: self = .tooLarge
        default: self = .trouble(code: error.code, operation: error.attempt)
        }
    }
}
