import CheckedArithmetic
import Foundation
import ImageFiles
import Jobs
import NCTEngine
import Synchronization
import Watching

/// A desk in a worker. What it answers is not trusted: what cannot be ends the worker, and the attempt.
package final class WorkerDesk: CaptureDesk {
    private let worker: WorkerPool.Worker
    private let limit: Duration
    private let giveBack: @Sendable (_ isSound: Bool) async -> Void
    private let state = Mutex((isSound: true, read: ReadCapture?.none, pixels: 0))

    package init(
        _ worker: WorkerPool.Worker, limit: Duration, giveBack: @escaping @Sendable (_ isSound: Bool) async -> Void
    ) {
        self.worker = worker
        self.limit = limit
        self.giveBack = giveBack
    }

    package var identity: EngineIdentity { worker.identity }

    package func incompleteness(
        of path: CapturePath, in source: any CaptureSource, budget: ReadBudget
    ) async throws -> String? {
        let request = WorkerRequest.look(
            path: path.bytes, bytes: budget.bytes, reads: budget.reads, seconds: budget.duration / .seconds(1))
        guard case .looked(let reason) = try await ask(request, with: { try source.open(path) }).reply else {
            throw rejection("another answer than to a look")
        }
        return reason
    }

    package func header(of path: CapturePath, in source: any CaptureSource) async throws -> ImageHeader {
        let request = WorkerRequest.header(name: path.description)
        guard case .header(let header) = try await ask(request, with: { try source.open(path) }).reply,
            (0...1 << 32).contains(header.width), (0...1 << 32).contains(header.height),
            (0...64).contains(header.decodingBytesPerPixel)
        else { throw rejection("no header that can be") }
        return header
    }

    package func read(_ path: CapturePath, in source: any CaptureSource, limit: Int) async throws -> ReadCapture {
        let (reply, _, file) = try await ask(.read(limit: limit), with: { try source.open(path) })
        guard case .read(let count, let digest) = reply, let file, count == Int(clamping: file.stamp.size),
            digest.utf8.count == 64, digest.allSatisfy({ $0.isHexDigit && !$0.isUppercase })
        else { throw rejection("no digest of the file") }
        let after: FileStamp
        do { after = try file.currentStamp() } catch { throw SourceError(error) }
        let read = ReadCapture(count: count, digest: digest, before: file.stamp, after: after)
        state.withLock { $0.read = read }
        return read
    }

    package func readNotes(_ path: CapturePath, in source: any CaptureSource) async throws -> Bool {
        let request = WorkerRequest.readNotes(limit: CompanionNotes.mostBytes)
        guard case .notes(let isTaken) = try await ask(request, with: { try source.open(path) }).reply else {
            throw rejection("another answer than to notes")
        }
        return isTaken
    }

    package func decode(name: String, options: ReadingOptions) async throws -> DecodedCapture {
        guard case .decoded(let decoded) = try await ask(.decode(name: name, options: options)).reply else {
            throw rejection("another answer than to decoding")
        }
        state.withLock { $0.pixels = options.limits.maximumPixels }
        return decoded
    }

    package func render(_ order: RenderOrder) async throws -> RenderedCapture {
        // Four channels of two bytes, and what a format puts around them.
        let pixels = state.withLock(\.pixels)
        let (reply, image, _) = try await ask(.render(order), bodyLimit: pixels *? 8 +? 64 << 20 ?? .max)
        guard case .rendered(let text) = reply, let read = state.withLock(\.read),
            var sidecar = try? Sidecar(json: [UInt8](text)),
            let target = order.targets[sidecar.verdict.delivery]
        else { throw rejection("no sidecar") }
        guard sidecar.output.bytes == image.count, sidecar.output.sha256 == FileDigest.sha256(image) else {
            throw rejection("a sidecar of another image")
        }
        // What the daemon knows better.
        sidecar.source.path = order.source
        sidecar.source.bytes = read.count
        sidecar.source.sha256 = read.digest
        sidecar.output.path = PreparedEngine.absolute(target)
        return RenderedCapture(image: image, sidecar: sidecar)
    }

    package func picture() async throws -> RGBImage {
        let pixels = state.withLock(\.pixels)
        let (reply, body, _) = try await ask(.picture, bodyLimit: pixels *? 12 ?? .max)
        guard case .picture(let width, let height) = reply, width > 0, height > 0,
            let samples = width *? height *? 3, samples *? 4 == body.count
        else { throw rejection("no picture") }
        let floats = [Float](unsafeUninitializedCapacity: samples) { buffer, filled in
            body.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
            filled = samples
        }
        return RGBImage(width: width, height: height, samples: floats)
    }

    package func leave() async {
        if state.withLock(\.isSound) {
            let reply = try? await ask(.leave).reply
            if reply != .left { state.withLock { $0.isSound = false } }
        }
        await giveBack(state.withLock(\.isSound))
    }

    // MARK: Asking

    private func ask(
        _ request: WorkerRequest, bodyLimit: Int = 0, with open: (@Sendable () throws -> ReadOnlyFile)? = nil
    ) async throws -> (reply: WorkerReply, body: [UInt8], file: ReadOnlyFile?) {
        let (process, limit) = (worker.process, limit)
        do {
            let answer = try await Blocking.run {
                let file = try open?()
                let (reply, body) =
                    try file?.withDescriptor {
                        try process.ask(request, descriptor: $0, bodyLimit: bodyLimit, within: limit)
                    } ?? process.ask(request, bodyLimit: bodyLimit, within: limit)
                return (reply, body, file)
            }
            if case .failed(let failure) = answer.0 { throw failure.error }
            return answer
        } catch let loss as WorkerLoss {
            state.withLock { $0.isSound = false }
            throw loss
        }
    }

    private func rejection(_ what: String) -> WorkerLoss {
        state.withLock { $0.isSound = false }
        return worker.process.reject(what)
    }
}
