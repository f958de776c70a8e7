import Config
import Ledger

/// When a failure that can pass is tried again.
public struct RetryPolicy: Sendable {
    public var settings: RetrySettings
    private let seed: UInt64

    /// - Parameter seed: spreads the waits; the same seed gives the same waits.
    public init(_ settings: RetrySettings, seed: UInt64 = .random(in: 0 ... .max)) {
        self.settings = settings
        self.seed = seed
    }

    /// Milliseconds to wait after so many attempts (1 and up) of a capture; nil if that was the last one.
    ///
    /// The wait doubles with each attempt up to the maximum, and is spread by ±20 % so that captures that failed
    /// together do not come back together.
    public func delay(afterAttempt attempt: Int, of capture: Int64) -> Int64? {
        guard attempt < settings.attempts else { return nil }
        let doubled = Double(settings.initialDelay.milliseconds) * Double(1 << min(max(attempt - 1, 0), 40))
        let base = min(doubled, Double(settings.maximumDelay.milliseconds))
        return Int64((base * (0.8 + 0.4 * unit(capture, attempt))).rounded())
    }

    /// A number in 0..<1 that depends on the seed, the capture and the attempt alone (SplitMix64).
    private func unit(_ capture: Int64, _ attempt: Int) -> Double {
        var state = seed &+ UInt64(bitPattern: capture) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(attempt)
        state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((state ^ (state >> 31)) >> 11) / Double(1 << 53)
    }
}
