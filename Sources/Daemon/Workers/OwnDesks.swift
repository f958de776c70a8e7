import Config
import ImageFiles
import Jobs
import NCTEngine
import Synchronization
import Watching

/// Desks in this process: a capture that ends the process that works on it ends this one.
package struct OwnDesks: DeskSource {
    let processors: any ProcessorSource

    package init(processors: any ProcessorSource) { self.processors = processors }

    package func desk(for profile: Profile, learned: LearnedColors) async throws -> any CaptureDesk {
        OwnDesk(try await processors.processor(for: profile), learned: learned)
    }

    package func forget() async { await processors.forget() }
    package func close() async {}
}

private final class OwnDesk: CaptureDesk {
    let identity: EngineIdentity
    private let processor: any CaptureProcessor
    private let inHand = Mutex<CaptureInHand?>(nil)

    init(_ processor: any CaptureProcessor, learned: LearnedColors) {
        identity = processor.identity
        self.processor = processor.adapted(to: learned)
    }

    func incompleteness(
        of path: CapturePath, in source: any CaptureSource, budget: ReadBudget
    ) async throws -> String? {
        try await Blocking.run {
            Poison.check(path)
            return try source.incompleteness(of: path, budget: budget)
        }
    }

    func header(of path: CapturePath, in source: any CaptureSource) async throws -> ImageHeader {
        try await Blocking.run { try source.header(of: path) }
    }

    func read(_ path: CapturePath, in source: any CaptureSource, limit: Int) async throws -> ReadCapture {
        try await Blocking.run {
            let read = try source.read(path, limit: limit)
            let capture = CaptureInHand(read.bytes)
            self.inHand.withLock { $0 = capture }
            return ReadCapture(
                count: capture.count, digest: capture.digest, before: read.before, after: read.after)
        }
    }

    func readNotes(_ path: CapturePath, in source: any CaptureSource) async throws -> Bool {
        try await Blocking.run {
            let text = try source.read(path, limit: CompanionNotes.mostBytes).bytes
            var capture = try self.capture()
            let isTaken = capture.take(notes: text)
            let kept = capture
            self.inHand.withLock { $0 = kept }
            return isTaken
        }
    }

    func decode(name: String, options: ReadingOptions) async throws -> DecodedCapture {
        try await Blocking.run {
            var capture = try self.capture()
            let decoded = try capture.decode(name: name, options: options)
            let kept = capture
            self.inHand.withLock { $0 = kept }
            return decoded
        }
    }

    func render(_ order: RenderOrder) async throws -> RenderedCapture {
        try await Blocking.run { try self.capture().render(order, on: self.processor) }
    }

    func picture() async throws -> RGBImage { try capture().picture() }

    func leave() async { inHand.withLock { $0 = nil } }

    private func capture() throws -> CaptureInHand {
        guard let capture = inHand.withLock({ $0 }) else { throw DeskError.outOfOrder }
        return capture
    }
}
