import ArgumentParser
import Foundation
import NCTEngine

/// How many threads a command computes with; results are the same bytes with any number.
struct ThreadsOption: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Threads to use (default: one per core). The results do not depend on it.", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is out of range; use 1 to 1024")
        }
    }

    var workers: Workers { threads.map { Workers(threads: $0) } ?? Self.allCores }

    /// For commands that let nobody choose.
    static var allCores: Workers { Workers(threads: ProcessInfo.processInfo.activeProcessorCount) }
}
