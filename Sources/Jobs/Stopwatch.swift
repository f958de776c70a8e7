import Foundation

/// Takes the times of stages that follow each other; a stage that comes again adds to its time.
public struct Stopwatch: Sendable {
    private let clock = ContinuousClock()
    private var last: ContinuousClock.Instant
    /// By the stage's name, to a thousandth.
    public private(set) var milliseconds: [String: Double] = [:]

    public init() { last = clock.now }

    /// Ends a stage.
    public mutating func lap(_ name: String) {
        let now = clock.now
        let elapsed = last.duration(to: now) / .milliseconds(1)
        milliseconds[name] = (((milliseconds[name] ?? 0) + elapsed) * 1000).rounded() / 1000
        last = now
    }

    /// Lets time pass that belongs to no stage.
    mutating func skip() { last = clock.now }
}
