import Config
import Daemon
import Foundation
import ImageFiles
import Jobs
import NCTEngine
import SmearPhantom
import TestSupport
import Testing
import Watching

/// A pool of real workers, and a profile for them.
struct WorkerBench {
    let space: Workspace
    let events = Events()
    let profile: Profile
    let pool: WorkerPool
    let limits = ImageLimits()

    init(program: String = Subprocess.nctd, stepLimit: Duration = .seconds(240)) throws {
        let space = try Workspace()
        self.space = space
        let profile = try Self.profile(in: space)
        self.profile = profile
        var configuration = DaemonConfiguration(
            path: "", stateDirectory: space("state"), profilesDirectory: space.path, workers: 2,
            output: OutputSettings(directory: space("out"), quarantineDirectory: space("quarantine")), watches: [],
            profiles: ["lab-a": profile])
        configuration.stepLimit = stepLimit
        pool = WorkerPool(
            LiveConfiguration(configuration), memory: MemoryBudget(bytes: 2 << 30), log: events.log, program: program)
    }

    /// A profile whose reference is a drawn smear.
    static func profile(in space: Workspace) throws -> Profile {
        try space.write(try picture(90, .labA, 160), to: "reference.png")
        try space.write(
            "name = \"lab-a\"\nreferences = [\"reference.png\"]\nlevels = [1]\nenhancement = \"none\"\n",
            to: "lab-a.toml")
        return try Profile.read(path: space("lab-a.toml"))
    }

    static func picture(_ seed: UInt64, _ stain: Stain = .labB, _ width: Int = 160) throws -> [UInt8] {
        let image = SmearScene(seed: seed, width: width, height: width * 3 / 4).render(in: stain, noiseSeed: seed)
        return try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .png, bitDepth: 8))
    }

    /// Reads, decodes and normalizes a file of the bench at a desk.
    func render(_ name: String, at desk: any CaptureDesk) async throws -> RenderedCapture {
        let (source, path) = (DirectorySource(root: space.path), CapturePath(name)!)
        #expect(try await desk.incompleteness(of: path, in: source, budget: ReadBudget()) == nil)
        _ = try await desk.header(of: path, in: source)
        _ = try await desk.read(path, in: source, limit: 1 << 30)
        _ = try await desk.decode(name: space(name), options: ReadingOptions(limits: limits))
        return try await desk.render(
            RenderOrder(
                source: space(name), format: .png,
                targets: [.delivered: "/out/x.png", .flagged: "/out/x.png", .held: "/held/x.png"]))
    }

    func workers() async -> [pid_t] { await pool.processes }
}
