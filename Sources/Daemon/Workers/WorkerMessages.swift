import Foundation
import ImageFiles
import Jobs
import NCTEngine
import Watching

/// What a worker is told at its start: one profile's engine.
struct WorkerStart: Sendable, Equatable, Codable {
    /// The profile's text and the file that names in it are relative to.
    var profile: String
    var path: String
    var learned: Learned
    /// For a profile that names none.
    var weights: String?
    var threads: Int
    /// Where prepared references are kept.
    var cache: String
    /// What the captures in work may take together, bytes.
    var memory: Int

    /// What was learned of the captures' lab, by its files.
    struct Learned: Sendable, Hashable, Codable {
        struct File: Sendable, Hashable, Codable {
            var path: String
            var sha256: String
        }

        var palette: File?
        var lights: [File]

        init(_ colors: LearnedColors) {
            palette = colors.palette.map { File(path: $0.path, sha256: $0.sha256) }
            lights = colors.lights.map { File(path: $0.path ?? "", sha256: $0.sha256) }
        }
    }
}

/// What a worker is asked for, one thing at a time.
enum WorkerRequest: Sendable, Equatable, Codable {
    /// Comes with the file, as do the next three. `name` stands in errors.
    case look(path: [UInt8], bytes: Int64, reads: Int, seconds: Double)
    case header(name: String)
    case read(limit: Int)
    /// What stands beside the capture that was read.
    case readNotes(limit: Int)
    case decode(name: String, options: ReadingOptions)
    case render(RenderOrder)
    case picture
    /// The capture is done with.
    case leave
}

/// What a worker answers; an image's bytes follow apart.
enum WorkerReply: Sendable, Equatable, Codable {
    /// The engine is prepared, and the process confined.
    case ready(identity: EngineIdentity, extractor: String?, notices: [String])
    /// The engine cannot be prepared.
    case unusable(JobFailure)
    case looked(incompleteness: String?)
    case header(ImageHeader)
    case read(count: Int, digest: String)
    /// Whether they say something.
    case notes(isTaken: Bool)
    case decoded(DecodedCapture)
    /// The image follows.
    case rendered(sidecar: Data)
    /// The samples follow, as floats of this machine.
    case picture(width: Int, height: Int)
    case left
    case failed(WorkerFailure)
}

/// The errors of reading, decoding and normalizing, as they travel.
enum WorkerFailure: Sendable, Equatable, Codable {
    case system(code: Int32, operation: String)
    case gone(String)
    case tooLarge
    case image(ImageFileError)
    case engine(EngineError)
    case other(String)

    init(_ error: any Error) {
        switch error {
        case SourceError.trouble(let code, let operation): self = .system(code: code, operation: operation)
        case SourceError.gone(let reason): self = .gone(reason)
        case SourceError.tooLarge: self = .tooLarge
        case let error as FileError: self.init(SourceError(error))
        case let error as ImageFileError: self = .image(error)
        case let error as EngineError: self = .engine(error)
        default: self = .other("\(error)")
        }
    }

    /// As it was thrown there.
    var error: any Error {
        switch self {
        case .system(let code, let operation): SourceError.trouble(code: code, operation: operation)
        case .gone(let reason): SourceError.gone(reason)
        case .tooLarge: SourceError.tooLarge
        case .image(let error): error
        case .engine(let error): error
        case .other(let text): UnexpectedFailure(description: text)
        }
    }
}

/// An error that has no kind of its own.
struct UnexpectedFailure: Error, CustomStringConvertible { let description: String }

/// Why a worker is of no more use.
public enum WorkerLoss: Error, Sendable, Equatable {
    case died(signal: Int32)
    case ended(status: Int32)
    /// It took longer than it had, and was ended.
    case late(seconds: Int)
    /// What it answered makes no sense, and it was ended.
    case garbled(String)
    /// It could not be had: nothing is known.
    case unavailable(String)
}
