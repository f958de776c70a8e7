import ArgumentParser
import Config
import Daemon
import Foundation
import ImageFiles
import Jobs
import NCTEngine

/// `nctd probe-capture`: what the daemon runs to see whether a capture ends the process that works on it.
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe-capture", abstract: "Decode and normalize standard input, writing nothing.",
        shouldDisplay: false)

    @Option var profile: String
    @Option var weights: String?

    func run() async throws {
        let bytes = [UInt8](FileHandle.standardInput.readDataToEndOfFile())
        Poison.check(FileDigest.sha256(bytes))
        var profile = try Profile.read(path: profile)
        profile.weights = profile.weights ?? weights
        let file = try ImageReader.decode(bytes, name: "standard input")
        let engine = try PreparedEngine(profile: profile, workers: Workers(threads: 1), cache: nil)
        _ = try engine.normalizer.normalize(file.image)
    }
}
