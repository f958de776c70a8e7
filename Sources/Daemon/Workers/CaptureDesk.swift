import Config
import ImageFiles
import Jobs
import NCTEngine
import Watching

/// A place where one capture at a time is looked at, read, decoded, normalized and encoded, in this order, with one
/// profile's engine. All that depends on a capture's bytes happens at a desk; what becomes of it, elsewhere.
public protocol CaptureDesk: Sendable {
    /// Of the engine, without what was learned.
    var identity: EngineIdentity { get }
    /// Why the file cannot be whole yet, by what its format says; nil if it is whole, or of a format that is not known.
    func incompleteness(
        of path: CapturePath, in source: any CaptureSource, budget: ReadBudget
    ) async throws -> String?
    /// What the image's header claims; throws `ImageFileError` if it is none.
    func header(of path: CapturePath, in source: any CaptureSource) async throws -> ImageHeader
    /// Reads all, and keeps it for what follows.
    func read(_ path: CapturePath, in source: any CaptureSource, limit: Int) async throws -> ReadCapture
    /// Reads what the microscope's program wrote beside the capture that was read; false where that says nothing. Throws
    /// ``SourceError`` where it cannot be had.
    func readNotes(_ path: CapturePath, in source: any CaptureSource) async throws -> Bool
    /// Decodes what was read, and keeps that, with what stands beside it.
    ///
    /// - Parameters:
    ///   - name: stands in the errors.
    ///   - options: how the capture's profile has files read.
    func decode(name: String, options: ReadingOptions) async throws -> DecodedCapture
    /// Normalizes, judges and encodes what was decoded.
    func render(_ order: RenderOrder) async throws -> RenderedCapture
    /// What was decoded, as it was seen.
    func picture() async throws -> RGBImage
    /// Ends the capture; the desk is another one's.
    func leave() async
}

/// A capture that was read.
public struct ReadCapture: Sendable, Equatable, Codable {
    var count: Int
    /// SHA-256 of its bytes.
    package var digest: String
    /// What the file looked like before the first and after the last byte was read.
    var before: FileStamp
    var after: FileStamp
}

/// What rules ask of a decoded capture.
public struct DecodedCapture: Sendable, Equatable, Codable {
    var format: ImageFormat
    var make: String?
    var model: String?
    var software: String?
    var objective: String?
    var pageCount: Int

    init(_ metadata: ImageMetadata) {
        (format, make, model, software) = (metadata.format, metadata.make, metadata.model, metadata.software)
        (objective, pageCount) = (metadata.objective, metadata.pageCount)
    }

    var metadata: ImageMetadata {
        var metadata = ImageMetadata(format: format, make: make, model: model, software: software)
        (metadata.objective, metadata.pageCount) = (objective, pageCount)
        return metadata
    }
}

/// What a result is to be.
public struct RenderOrder: Sendable, Equatable, Codable {
    /// The capture, as its sidecar says it.
    var source: String
    var format: ImageFormat
    /// The image's path, as the sidecar is to say it, for what the profile makes of the verdict.
    var targets: [Sidecar.Delivery: String]

    package init(source: String, format: ImageFormat, targets: [Sidecar.Delivery: String]) {
        (self.source, self.format, self.targets) = (source, format, targets)
    }
}

/// Gives desks.
public protocol DeskSource: Sendable {
    /// A desk with a profile's engine, prepared if it is not yet; throws ``JobFailure`` if that cannot be.
    func desk(for profile: Profile, learned: LearnedColors) async throws -> any CaptureDesk
    /// Forgets what is prepared: profiles, references or weights may be others now. What is in work keeps its engine.
    func forget() async
    /// Ends whatever is left.
    func close() async
}

/// A capture at a desk: its file, and what was decoded of it.
struct CaptureInHand {
    private var file: CaptureFile
    private var decoded: CaptureFile.Decoded?

    init(_ bytes: [UInt8]) { file = CaptureFile(bytes) }

    var count: Int { file.count }
    var digest: String { file.digest }

    mutating func decode(name: String, options: ReadingOptions) throws -> DecodedCapture {
        Poison.check(digest)
        let decoded = try file.decoded(name: name, options: options)
        self.decoded = decoded
        return DecodedCapture(decoded.file.metadata)
    }

    /// Takes what stands beside it; false where that says nothing.
    mutating func take(notes text: [UInt8]) -> Bool { file.take(notes: text) }

    func render(_ order: RenderOrder, on processor: any CaptureProcessor) throws -> RenderedCapture {
        guard let decoded else { throw DeskError.outOfOrder }
        return try processor.render(
            decoded.file, source: decoded.source(path: order.source), format: order.format,
            stopwatch: decoded.stopwatch, target: { order.targets[$0] ?? "" })
    }

    func picture() throws -> RGBImage {
        guard let decoded else { throw DeskError.outOfOrder }
        return decoded.file.image
    }
}

enum DeskError: Error { case outOfOrder }
