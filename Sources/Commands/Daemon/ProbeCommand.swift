import ArgumentParser
import Config
import Daemon
import Foundation
import ImageFiles
import Jobs
import NCTEngine
import Watching

/// `nctd probe-capture`: what the daemon runs to see whether a capture ends the process that works on it.
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe-capture", abstract: "Decode and normalize a capture, writing nothing.",
        shouldDisplay: false)

    @Option var root: String
    /// Below the root, in hexadecimal, for names are bytes.
    @Option var path: String
    /// Links within the root are followed.
    @Flag var followLinks = false
    @Option var profile: String
    @Option var capturePalette: String?
    @Option var learnedLight: [String] = []
    @Option var weights: String?
    @Option var maximumPixels: Int
    /// What the capture may allocate, bytes.
    @Option var memory: Int

    func run() async throws {
        guard let path = CapturePath(text: "", hexadecimal: path) else {
            throw UsageError("--path is no path in hexadecimal", remedy: "let the daemon run this command")
        }
        let limits = ImageLimits(maximumPixels: maximumPixels)
        let source = DirectorySource(root: root, followingLinks: followLinks)
        // What is shared by all captures comes first: it does not count as this one's.
        var profile = try Profile.read(path: profile)
        profile.weights = profile.weights ?? weights
        // One that is gone meanwhile is no reason to blame the capture.
        if profile.capturePalette == nil, let capturePalette, (try? PaletteFile.read(path: capturePalette)) != nil {
            profile.capturePalette = capturePalette
        }
        let workers = Workers(threads: 1)
        let lights = learnedLight.compactMap { try? KnownLight(learnedAt: $0, workers: workers) }
        let engine = try PreparedEngine(profile: profile, workers: workers, cache: nil).with(
            LearnedColors(lights: lights))
        limitMemory(to: memory)
        Poison.check(path)
        _ = try source.incompleteness(of: path, budget: ReadBudget())
        _ = try source.header(of: path)
        let bytes = try source.read(path, limit: limits.maximumBytes).bytes
        Poison.check(FileDigest.sha256(bytes))
        let file = try ImageReader.decode(bytes, name: "capture", limits: limits)
        _ = try CaptureRendering(
            file, of: Sidecar.Source(file, path: "capture", bytes: bytes.count, sha256: ""), on: engine, format: .png,
            stopwatch: Stopwatch(), target: { _ in "result" })
    }

    /// So that a capture that takes more than it should ends this process, not others: its address space may grow by
    /// what the capture may take, and a little for threads and the heap's own use.
    private func limitMemory(to bytes: Int) {
        guard let statistics = FileManager.default.contents(atPath: "/proc/self/statm"),
            let pages = Int(String(decoding: statistics, as: UTF8.self).prefix { $0 != " " })
        else { return }
        let size = UInt64(clamping: pages) * UInt64(getpagesize())
        let (most, overflow) = size.addingReportingOverflow(UInt64(clamping: bytes) + 512 << 20)
        guard !overflow else { return }
        var limit = rlimit(rlim_cur: rlim_t(clamping: most), rlim_max: rlim_t(clamping: most))
        setrlimit(.init(RLIMIT_AS.rawValue), &limit)
    }
}
