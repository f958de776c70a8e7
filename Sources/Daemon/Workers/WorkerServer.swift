import Config
import Files
import Foundation
import Glibc
import ImageFiles
import Jobs
import NCTEngine
import Watching

/// What a worker process does: prepares one profile's engine, gives up what it needs no more, and answers what it is
/// asked until the daemon is gone.
public struct WorkerServer {
    private let socket: WorkerSocket
    private let processor: any CaptureProcessor
    private var inHand: CaptureInHand?

    /// Serves standard input, and returns when its other end is closed.
    public static func serve(parent: pid_t) {
        WorkerConfinement.dieWith(parent: parent)
        // A service manager that stops the daemon signals all its processes; captures in work are finished first.
        for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
        // The kernel is to choose this process, not the daemon, where memory runs out.
        if let file = FileHandle(forWritingAtPath: "/proc/self/oom_score_adj") { file.write(Data("500".utf8)) }
        // A thread with the stack that the daemon's have.
        let end = DispatchSemaphore(value: 0)
        let thread = Thread {
            run(WorkerSocket(number: STDIN_FILENO))
            end.signal()
        }
        thread.stackSize = 8 << 20
        thread.start()
        end.wait()
    }

    private static func run(_ socket: WorkerSocket) {
        do {
            let message = try socket.receive(bodyLimit: 0)
            let start = try JSONDecoder().decode(WorkerStart.self, from: message.text)
            let engine: (processor: any CaptureProcessor, ready: WorkerReply)
            do {
                engine = try prepare(start)
            } catch {
                let failure = JobFailure(error, file: start.path)
                return try socket.send(JSONEncoder().encode(WorkerReply.unusable(failure)))
            }
            try socket.send(JSONEncoder().encode(engine.ready))
            var server = WorkerServer(socket: socket, processor: engine.processor, inHand: nil)
            while true { try server.answer(try socket.receive(bodyLimit: 0)) }
        } catch {
            // The daemon is gone, or speaks of what this one does not know: there is nobody to tell.
        }
    }

    /// - Returns: the engine as captures need it, and what is said of it, without what was learned.
    private static func prepare(_ start: WorkerStart) throws -> (any CaptureProcessor, WorkerReply) {
        let profile = try Profile.read(text: start.profile, path: start.path)
        let workers = Workers(threads: start.threads)
        let unadapted: any CaptureProcessor
        var (extractor, notices) = (String?.none, [String]())
        if let standIn = CopyingShelf(environment: ProcessInfo.processInfo.environment) {
            unadapted = try standIn.processor(profile)
        } else {
            let features =
                profile.method.usesFeatures
                ? try FeatureSource.load(
                    profile.features, configured: profile.weights ?? start.weights,
                    upToLevel: profile.parameters.deepestLevel) : nil
            let engine = try PreparedEngine(
                profile: profile, workers: workers, cache: CacheDirectory(path: start.cache),
                features: features)
            (unadapted, extractor, notices) = (engine, engine.features?.extractor, engine.notices)
        }
        let processor = unadapted.adapted(to: try start.learned.colors(workers: workers))
        limitMemory(to: start.memory)
        // What sidecars say of time and place is read from files, once.
        _ = (Timestamp.text(Date()), Host.name)
        let code = WorkerConfinement.confine()
        guard code == 0 else {
            throw JobFailure(
                file: start.path,
                cause: "its process could not give up its system calls (\(SystemTrouble.text(code)))",
                remedy: "use a kernel with seccomp filters, or set isolation = \"threads\" in [daemon]")
        }
        return (processor, .ready(identity: unadapted.identity, extractor: extractor, notices: notices))
    }

    /// A capture that takes more than all captures may ends this process, not others: its address space may grow by that,
    /// and a little for threads and the heap's own use.
    private static func limitMemory(to bytes: Int) {
        guard let statistics = KernelFile.lines("/proc/self/statm")?.first,
            let pages = Int(statistics.prefix { $0 != " " })
        else { return }
        let size = UInt64(clamping: pages) * UInt64(getpagesize())
        let (most, overflow) = size.addingReportingOverflow(UInt64(clamping: bytes) + 512 << 20)
        guard !overflow else { return }
        var limit = rlimit(rlim_cur: rlim_t(clamping: most), rlim_max: rlim_t(clamping: most))
        setrlimit(.init(RLIMIT_AS.rawValue), &limit)
    }

    // MARK: Answers

    private mutating func answer(_ message: WorkerSocket.Message) throws {
        let request = try JSONDecoder().decode(WorkerRequest.self, from: message.text)
        var body: [UInt8] = []
        let reply: WorkerReply
        do {
            reply = try self.reply(to: request, message.descriptor, &body)
        } catch {
            reply = .failed(WorkerFailure(error))
        }
        FailPoint.workerAnswering.pass()
        try socket.send(JSONEncoder().encode(reply), body: body)
    }

    private mutating func reply(
        to request: WorkerRequest, _ descriptor: Int32?, _ body: inout [UInt8]
    ) throws -> WorkerReply {
        switch request {
        case .look(let path, let bytes, let reads, let seconds):
            let path = CapturePath(bytes: path) ?? Self.unnamed
            let file = try self.file(descriptor, path)
            Poison.check(path)
            FailPoint.workerLooking.pass()
            return .looked(
                incompleteness: try file.incompleteness(
                    budget: ReadBudget(bytes: bytes, reads: reads, duration: .seconds(seconds))))
        case .header(let name): return .header(try file(descriptor).header(name: name))
        case .read(let limit):
            let file = try file(descriptor)
            inHand = CaptureInHand(try file.readAll(limit: limit))
            FailPoint.workerReading.pass()
            return .read(count: inHand?.count ?? 0, digest: inHand?.digest ?? "")
        case .readNotes(let limit):
            let text = try file(descriptor).readAll(limit: limit)
            guard let isTaken = inHand?.take(notes: text) else { throw DeskError.outOfOrder }
            return .notes(isTaken: isTaken)
        case .decode(let name, let options):
            guard let decoded = try inHand?.decode(name: name, options: options) else { throw DeskError.outOfOrder }
            FailPoint.workerDecoding.pass()
            return .decoded(decoded)
        case .render(let order):
            guard let rendered = try inHand?.render(order, on: processor) else { throw DeskError.outOfOrder }
            FailPoint.workerNormalizing.pass()
            body = rendered.image
            return .rendered(sidecar: Data(try rendered.sidecar.json()))
        case .picture:
            guard let image = try inHand?.picture() else { throw DeskError.outOfOrder }
            body = image.samples.withUnsafeBytes { Array($0) }
            return .picture(width: image.width, height: image.height)
        case .leave:
            inHand = nil
            return .left
        }
    }

    private static let unnamed = CapturePath("capture")!

    /// The file that came with a request.
    private func file(_ descriptor: Int32?, _ path: CapturePath = unnamed) throws -> ReadOnlyFile {
        guard let descriptor else { throw DeskError.outOfOrder }
        return try ReadOnlyFile(adopting: descriptor, path: path)
    }
}

extension WorkerStart.Learned {
    /// Reads the files. Throws ``JobFailure`` for one that is another one by now.
    func colors(workers: Workers) throws -> LearnedColors {
        func check(_ sha256: String, _ file: File) throws {
            guard sha256 != file.sha256 else { return }
            throw JobFailure(file: file.path, cause: "it changed", remedy: "it is learned anew")
        }
        let palette = try palette.map { file in
            let (palette, sha256) = try PaletteFile.read(path: file.path)
            try check(sha256, file)
            return LearnedPalette(palette: palette, path: file.path, sha256: sha256)
        }
        let lights = try lights.map { file in
            let light = try KnownLight(learnedAt: file.path, workers: workers)
            try check(light.sha256, file)
            return light
        }
        return LearnedColors(palette: palette, lights: lights)
    }
}
