import CheckedArithmetic

/// What a look at a file may cost. A file of any size and any content is through within it.
public struct ReadBudget: Sendable {
    /// Bytes to read in all.
    public var bytes: Int64
    /// Calls of the system.
    public var reads: Int
    public var duration: Duration
    /// Asked before each read; true ends the look.
    public var isCancelled: @Sendable () -> Bool

    public init(
        bytes: Int64 = 16 << 20, reads: Int = 20_000, duration: Duration = .seconds(5),
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        self.bytes = bytes
        self.reads = reads
        self.duration = duration
        self.isCancelled = isCancelled
    }

    /// For a person.
    var text: String { "\(bytes >> 20) MiB and \(duration.components.seconds) s" }
}

/// A file's bytes by offset, out of bounds being nil or short, within a budget.
///
/// Once the budget is spent every answer is as beyond the file's end, and ``isSpent`` says so.
final class ByteSource {
    /// Bytes that are read beside what is asked for, so that many small looks cost few calls.
    private static let readAhead = 512

    private let file: ReadOnlyFile
    let size: Int64
    private var budget: ReadBudget
    private let end: ContinuousClock.Instant
    private(set) var isSpent = false
    private var window: [UInt8] = []
    private var windowStart: Int64 = 0

    init(_ file: ReadOnlyFile, budget: ReadBudget) throws(FileError) {
        self.file = file
        self.budget = budget
        end = ContinuousClock.now.advanced(by: budget.duration)
        size = max(0, try file.currentStamp().size)
    }

    /// What the budget was, for a person.
    var budgetText: String { budget.text }

    /// Up to `count` bytes from an offset; fewer only at the file's end.
    func bytes(at offset: Int64, count: Int) throws(FileError) -> [UInt8] {
        guard offset >= 0, offset < size, let rest = size -? offset, count > 0 else { return [] }
        let wanted = Int(clamping: min(Int64(clamping: count), rest))
        if let found = inWindow(offset, wanted) { return found }
        guard spend(wanted) else { return [] }
        let taken = Int(clamping: min(Int64(clamping: max(wanted, Self.readAhead)), rest))
        let found = try file.read(at: offset, count: taken)
        (window, windowStart) = (found, offset)
        return Array(found.prefix(wanted))
    }

    private func inWindow(_ offset: Int64, _ count: Int) -> [UInt8]? {
        guard let start = (offset -? windowStart).flatMap({ Int(exactly: $0) }), start >= 0,
            let end = start +? count, end <= window.count
        else { return nil }
        return Array(window[start..<end])
    }

    private func spend(_ count: Int) -> Bool {
        let left = budget.bytes -? Int64(clamping: max(count, Self.readAhead))
        guard !isSpent, let left, left >= 0, budget.reads > 0, !budget.isCancelled(), ContinuousClock.now < end else {
            isSpent = true
            return false
        }
        budget.bytes = left
        budget.reads &-= 1
        return true
    }

    func integer(at offset: Int64?, size: Int, bigEndian: Bool) throws(FileError) -> UInt64? {
        guard let offset else { return nil }
        let found = try bytes(at: offset, count: size)
        guard found.count == size else { return nil }
        return found.integer(at: 0, size: size, bigEndian: bigEndian)
    }
}

extension [UInt8] {
    /// The number of up to eight bytes at an offset. The caller has checked the bounds.
    func integer(at offset: Int, size: Int, bigEndian: Bool) -> UInt64 {
        (0..<size).reduce(UInt64(0)) { value, index in
            value << 8 | UInt64(clamping: self[offset &+ (bigEndian ? index : size &- 1 &- index)])
        }
    }
}
