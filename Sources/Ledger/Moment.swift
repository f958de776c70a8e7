import Foundation

/// One instant on both clocks.
///
/// What is waited for is measured on the first, which no one can set; what people read stands on the second.
public struct Moment: Sendable, Hashable {
    /// Milliseconds since the machine started, sleep included; grows across restarts of the daemon, not of the machine.
    public var milliseconds: Int64
    /// Seconds since 1970.
    public var wall: Double

    public init(milliseconds: Int64, wall: Double) {
        self.milliseconds = milliseconds
        self.wall = wall
    }

    public var date: Date { Date(timeIntervalSince1970: wall) }
}

extension Duration {
    /// Rounded to the nearest.
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + Int64((Double(attoseconds) / 1e15).rounded())
    }
}
